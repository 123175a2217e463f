; What C files define; C++ inherits it.
(function_definition
  declarator: [
    (function_declarator declarator: (identifier) @name)
    (_ (function_declarator declarator: (identifier) @name))
    (_ (_ (function_declarator declarator: (identifier) @name)))
    (_ (parenthesized_declarator (_ (function_declarator declarator: (identifier) @name))))
  ]
  body: (_) @body) @definition.function
(struct_specifier name: (type_identifier) @name body: (_) @body) @definition.struct
(union_specifier name: (type_identifier) @name body: (_) @body) @definition.struct
(enum_specifier name: (type_identifier) @name body: (_) @body) @definition.enum
(enumerator name: (identifier) @name) @definition.variant
(field_declaration
  declarator: [
    (field_identifier) @name
    (_ declarator: (field_identifier) @name)
    (_ declarator: (_ declarator: (field_identifier) @name))
    (_ declarator: (parenthesized_declarator (_ declarator: (field_identifier) @name)))
    (_ declarator: (parenthesized_declarator (_ declarator: (_ declarator: (field_identifier) @name))))
  ]) @definition.field
; A type without a name of its own is called what the typedef says; beside one with a name stands another name.
(type_definition type: (struct_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (union_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.struct
(type_definition type: (enum_specifier !name body: (_) @body) declarator: (type_identifier) @name) @definition.enum
(type_definition type: (_ name: (_) body: (_)) declarator: (type_identifier) @name @definition.type)
(type_definition type: (_ name: (_) body: (_)) declarator: (_ declarator: (type_identifier) @name) @definition.type)
(type_definition
  declarator: [
    (type_identifier) @name
    (_ declarator: (type_identifier) @name)
    (_ declarator: (_ declarator: (type_identifier) @name))
    (_ declarator: (parenthesized_declarator (_ declarator: (type_identifier) @name)))
  ]) @definition.type
; The guard of a header is no macro that anybody uses.
((preproc_def name: (identifier) @name !value) @definition.macro (#not-match? @name "_(H|HH|HPP|HXX|INC|INL)_*$"))
(preproc_def name: (identifier) @name value: (_) @body) @definition.macro
(preproc_function_def name: (identifier) @name value: (_)? @body) @definition.macro
; Prototypes. Inside of functions the same nodes are variables of C++ whose constructor takes arguments, so prototypes
; are sought from what stands around them, with one `#if` in between, or two where the outer one guards a header.
; `!parameters` leaves out templates.
(translation_unit
  (declaration
    declarator: [
      (function_declarator declarator: (identifier) @name)
      (_ (function_declarator declarator: (identifier) @name))
      (_ (_ (function_declarator declarator: (identifier) @name)))
    ]) @definition.function)
(translation_unit
  (_ !parameters
    (declaration
      declarator: [
        (function_declarator declarator: (identifier) @name)
        (_ (function_declarator declarator: (identifier) @name))
        (_ (_ (function_declarator declarator: (identifier) @name)))
      ]) @definition.function))
(translation_unit
  (preproc_ifdef
    (_ !parameters
      (declaration
        declarator: [
          (function_declarator declarator: (identifier) @name)
          (_ (function_declarator declarator: (identifier) @name))
          (_ (_ (function_declarator declarator: (identifier) @name)))
        ]) @definition.function)))
(declaration_list
  (declaration
    declarator: [
      (function_declarator declarator: (identifier) @name)
      (_ (function_declarator declarator: (identifier) @name))
      (_ (_ (function_declarator declarator: (identifier) @name)))
    ]) @definition.function)
(declaration_list
  (_ !parameters
    (declaration
      declarator: [
        (function_declarator declarator: (identifier) @name)
        (_ (function_declarator declarator: (identifier) @name))
        (_ (_ (function_declarator declarator: (identifier) @name)))
      ]) @definition.function))
; Constants and variables. A keyword is what remains of `API struct a *f();`.
(declaration
  (type_qualifier ["const" "constexpr"])
  declarator: (init_declarator
    declarator: [
      (identifier) @name
      (array_declarator declarator: (identifier) @name)
      (pointer_declarator (type_qualifier "const") declarator: (identifier) @name)
      (pointer_declarator (type_qualifier "const") declarator: (_ declarator: (identifier) @name))
    ]
    value: (_) @body)) @definition.constant
((declaration
  declarator: [
    (identifier) @name
    (pointer_declarator declarator: (identifier) @name)
    (array_declarator declarator: (identifier) @name)
    (_ declarator: (array_declarator declarator: (identifier) @name))
    (function_declarator declarator: (parenthesized_declarator (_ declarator: (identifier) @name)))
    (init_declarator
      declarator: [
        (identifier) @name
        (_ declarator: (identifier) @name)
        (_ declarator: (_ declarator: (identifier) @name))
        (_ declarator: (parenthesized_declarator (_ declarator: (identifier) @name)))
        (_ declarator: (parenthesized_declarator (_ declarator: (_ declarator: (identifier) @name))))
      ]
      value: (_) @body)
  ]) @definition.variable
  (#not-any-of? @name "char" "class" "double" "enum" "int" "long" "struct" "union" "unsigned" "void"))
