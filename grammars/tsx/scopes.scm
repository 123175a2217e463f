; Scopes that TSX has beyond TypeScript: an element holds its children.
(jsx_element) @scope
