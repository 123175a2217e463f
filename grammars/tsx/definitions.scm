; What TSX files define beyond TypeScript: variables of the module that hold an element.
(program
  (lexical_declaration
    kind: "const"
    (variable_declarator
      name: (identifier) @name
      value: [(jsx_element) (jsx_self_closing_element)] @body)) @definition.constant)
