; What JavaScript files define; TypeScript and TSX inherit it, so no pattern may name a node that only JavaScript has:
; `_` stands for those. What is exported counts from its `export`.
(export_statement
  declaration: [
    (function_declaration name: (_) @name body: (_) @body)
    (generator_function_declaration name: (_) @name body: (_) @body)
    (lexical_declaration
      (variable_declarator
        name: (identifier) @name
        value: [
          (arrow_function body: (_) @body)
          (function_expression body: (_) @body)
          (generator_function body: (_) @body)
        ]))
  ]) @definition.function
(export_statement
  declaration: [
    (class_declaration name: (_) @name body: (_) @body)
    (lexical_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body)))
  ]) @definition.class
(export_statement
  declaration: (lexical_declaration
    kind: "const"
    (variable_declarator name: (identifier) @name value: (_)? @body))) @definition.constant
(export_statement
  declaration: [
    (lexical_declaration kind: "let" (variable_declarator name: (identifier) @name value: (_)? @body))
    (variable_declaration (variable_declarator name: (identifier) @name value: (_)? @body))
  ]) @definition.variable
(export_statement
  declaration: (lexical_declaration
    kind: "const"
    (variable_declarator
      name: (_ [
        (shorthand_property_identifier_pattern) @name
        (identifier) @name
        (pair_pattern value: (identifier) @name)
      ])
      value: (_) @body))) @definition.constant
; Functions and classes, wherever they stand, also those that a variable or a member holds.
[
  (function_declaration name: (_) @name body: (_) @body)
  (generator_function_declaration name: (_) @name body: (_) @body)
  (lexical_declaration
    (variable_declarator
      name: (identifier) @name
      value: [
        (arrow_function body: (_) @body)
        (function_expression body: (_) @body)
        (generator_function body: (_) @body)
      ]))
  (variable_declaration
    (variable_declarator
      name: (identifier) @name
      value: [
        (arrow_function body: (_) @body)
        (function_expression body: (_) @body)
        (generator_function body: (_) @body)
      ]))
] @definition.function
[
  (class_declaration name: (_) @name body: (_) @body)
  (lexical_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body)))
  (variable_declaration (variable_declarator name: (identifier) @name value: (class body: (_) @body)))
  (assignment_expression
    left: (member_expression property: (property_identifier) @name)
    right: (class body: (_) @body))
] @definition.class
((assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method
  (#match? @definition.method "^[\\w$.]+\\.prototype\\."))
((assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.function
  (#not-match? @name "^on[a-z]+$"))
((assignment_expression
  left: (member_expression property: (property_identifier) @name)
  right: (_) @body) @definition.variable
  (#match? @definition.variable "^(module\\.)?exports\\.[\\w$]+\\s*=")
  (#not-match? @body "^([A-Za-z_$][\\w$.]*$|require\\s*\\()"))
; Members. Fields are found from the class's body: their own node has another name in TypeScript.
(method_definition name: (property_identifier) @name body: (_) @body (#eq? @name "constructor")) @definition.constructor
(method_definition name: (_) @name body: (_) @body) @definition.method
(pair
  key: (property_identifier) @name
  value: [
    (arrow_function body: (_) @body)
    (function_expression body: (_) @body)
    (generator_function body: (_) @body)
  ]) @definition.method
(class_body
  (_
    property: [(property_identifier) (private_property_identifier)] @name
    value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method)
(class_body
  (_ property: [(property_identifier) (private_property_identifier)] @name value: (_)? @body) @definition.field)
; Members set in a constructor; TypeScript declares them.
((assignment_expression
  left: (member_expression object: (this) property: (property_identifier) @name)
  right: (_) @body) @definition.field)
; Variables of the module; in a function they are local.
((lexical_declaration kind: "const" (variable_declarator name: (identifier) @name value: (_)? @body)) @definition.constant
  (#not-match? @body "^require\\s*\\("))
((lexical_declaration kind: "let" (variable_declarator name: (identifier) @name value: (_)? @body)) @definition.variable
  (#not-match? @body "^require\\s*\\("))
((variable_declaration (variable_declarator name: (identifier) @name value: (_)? @body)) @definition.variable
  (#not-match? @body "^require\\s*\\("))
((lexical_declaration
  (variable_declarator
    name: (_ [
      (shorthand_property_identifier_pattern) @name
      (identifier) @name
      (pair_pattern value: (identifier) @name)
    ])
    value: (_) @body)) @definition.constant
  (#not-match? @body "^require\\s*\\("))
((variable_declaration
  (variable_declarator
    name: (_ [
      (shorthand_property_identifier_pattern) @name
      (identifier) @name
      (pair_pattern value: (identifier) @name)
    ])
    value: (_) @body)) @definition.variable
  (#not-match? @body "^require\\s*\\("))
[(arrow_function) (function_expression) (generator_function)] @locals
