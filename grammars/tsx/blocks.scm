; Brackets that TSX has beyond TypeScript: `{expression}` between tags or as an attribute's value.
(jsx_expression) @list
