; What C++ files define beyond C. Templates bring their parameters along, so they stand first.
(template_declaration
  (class_specifier
    name: [(type_identifier) @name (template_type name: (type_identifier) @name)]
    body: (_) @body)) @definition.class
(template_declaration
  (struct_specifier
    name: [(type_identifier) @name (template_type name: (type_identifier) @name)]
    body: (_) @body)) @definition.struct
(template_declaration
  (function_definition
    type: (_)
    declarator: [
      (function_declarator declarator: [(identifier) (operator_name)] @name)
      (_ (function_declarator declarator: [(identifier) (operator_name)] @name))
    ]
    body: (_)? @body)) @definition.function
(template_declaration
  (function_definition
    type: (_)
    declarator: [
      (function_declarator
        declarator: (qualified_identifier
          name: [
            (identifier) @name
            (operator_name) @name
            (template_function name: (identifier) @name)
            (qualified_identifier name: [(identifier) (operator_name)] @name)
          ]))
      (_
        (function_declarator
          declarator: (qualified_identifier
            name: [
              (identifier) @name
              (operator_name) @name
              (template_function name: (identifier) @name)
              (qualified_identifier name: [(identifier) (operator_name)] @name)
            ])))
    ]
    body: (_)? @body)) @definition.method
(template_declaration
  (declaration
    type: (_)
    declarator: [
      (function_declarator declarator: [(identifier) (operator_name)] @name)
      (_ (function_declarator declarator: [(identifier) (operator_name)] @name))
    ])) @definition.function
(template_declaration
  (declaration declarator: (init_declarator declarator: (identifier) @name value: (_) @body))) @definition.constant
(template_declaration (alias_declaration name: (type_identifier) @name)) @definition.type
(template_declaration (concept_definition name: (identifier) @name)) @definition.interface
(namespace_definition name: (_) @name body: (_) @body) @definition.namespace
(namespace_alias_definition name: (namespace_identifier) @name) @definition.namespace
(class_specifier
  name: [(type_identifier) @name (template_type name: (type_identifier) @name)]
  body: (_) @body) @definition.class
(class_specifier name: (qualified_identifier name: (type_identifier) @name) body: (_) @body) @definition.class
(struct_specifier name: (template_type name: (type_identifier) @name) body: (_) @body) @definition.struct
(struct_specifier name: (qualified_identifier name: (type_identifier) @name) body: (_) @body) @definition.struct
(alias_declaration name: (type_identifier) @name) @definition.type
(concept_definition name: (identifier) @name) @definition.interface
; What returns nothing, not even `void`, is a constructor, or a macro with a body such as those of test frameworks. The
; body of a constructor begins with what it initializes.
(function_definition
  !type
  declarator: (function_declarator
    declarator: [
      (identifier) @name
      (qualified_identifier name: (identifier) @name)
      (qualified_identifier name: (qualified_identifier name: (identifier) @name))
    ])
  [(field_initializer_list) (try_statement)] @body) @definition.constructor
((function_definition !type declarator: (function_declarator declarator: (identifier) @name) body: (_) @body)
  @definition.function
  (#match? @name "^[A-Z][A-Z0-9_]+$"))
(function_definition
  !type
  declarator: (function_declarator
    declarator: [
      (identifier) @name
      (qualified_identifier name: (identifier) @name)
      (qualified_identifier name: (qualified_identifier name: (identifier) @name))
    ])
  body: (_)? @body) @definition.constructor
(declaration !type declarator: (function_declarator declarator: (identifier) @name)) @definition.constructor
; Members, in a class and out of it.
(function_definition
  declarator: [
    (function_declarator declarator: [(field_identifier) (operator_name) (destructor_name)] @name)
    (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name))
    (_ (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name)))
  ]
  body: (_)? @body) @definition.function
(function_definition
  declarator: [
    (function_declarator
      declarator: (qualified_identifier
        name: [
          (identifier) @name
          (operator_name) @name
          (destructor_name) @name
          (template_function name: (identifier) @name)
          (qualified_identifier name: [(identifier) (operator_name) (destructor_name)] @name)
          (qualified_identifier name: (qualified_identifier name: [(identifier) (operator_name)] @name))
        ]))
    (_
      (function_declarator
        declarator: (qualified_identifier
          name: [
            (identifier) @name
            (operator_name) @name
            (template_function name: (identifier) @name)
            (qualified_identifier name: [(identifier) (operator_name)] @name)
            (qualified_identifier name: (qualified_identifier name: [(identifier) (operator_name)] @name))
          ])))
  ]
  body: (_)? @body) @definition.method
(function_definition
  declarator: [
    (operator_cast) @name
    (qualified_identifier name: (operator_cast) @name)
  ]
  body: (_)? @body) @definition.method
(declaration declarator: (operator_cast) @name) @definition.method
(declaration declarator: (function_declarator declarator: (destructor_name) @name)) @definition.method
(field_declaration
  declarator: [
    (function_declarator declarator: [(field_identifier) (operator_name)] @name)
    (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name))
    (_ (_ (function_declarator declarator: [(field_identifier) (operator_name)] @name)))
  ]) @definition.method
(field_declaration
  (type_qualifier "constexpr")
  declarator: (field_identifier) @name
  default_value: (_)? @body) @definition.constant
(field_declaration
  (storage_class_specifier "static")
  (type_qualifier "const")
  declarator: (field_identifier) @name
  default_value: (_)? @body) @definition.constant
(field_declaration declarator: (reference_declarator (field_identifier) @name)) @definition.field
; Static members that get their value out of the class.
(declaration
  declarator: (init_declarator
    declarator: [
      (qualified_identifier name: (identifier) @name)
      (_ declarator: (qualified_identifier name: (identifier) @name))
    ]
    value: (_) @body)) @definition.field
(declaration declarator: (qualified_identifier name: (identifier) @name)) @definition.field
; Operators out of a class that are only declared, and references.
(declaration
  declarator: [
    (function_declarator declarator: (operator_name) @name)
    (_ (function_declarator declarator: (operator_name) @name))
  ]) @definition.function
(declaration
  declarator: (init_declarator
    declarator: (reference_declarator (identifier) @name)
    value: (_) @body)) @definition.variable
(lambda_expression) @locals
