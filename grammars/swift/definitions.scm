; What Swift files define. A computed property is code with local variables, so it counts as a function. One that
; belongs to the type is a field in enums too; any other `let` and `var` is a variable until its surroundings make it a
; field or a local one.
(class_declaration declaration_kind: "class" name: (type_identifier) @name body: (_) @body) @definition.class
(class_declaration declaration_kind: "actor" name: (type_identifier) @name body: (_) @body) @definition.class
(class_declaration declaration_kind: "struct" name: (type_identifier) @name body: (_) @body) @definition.struct
(class_declaration declaration_kind: "enum" name: (type_identifier) @name body: (_) @body) @definition.enum
(class_declaration
  declaration_kind: "extension"
  name: (user_type (type_identifier) @name .)
  body: (_) @body) @definition.extension
(class_declaration
  declaration_kind: "extension"
  name: (user_type (type_identifier) @name . (type_arguments) .)
  body: (_) @body) @definition.extension
(enum_entry name: (simple_identifier) @name) @definition.variant
(protocol_declaration name: (type_identifier) @name body: (_) @body) @definition.interface
(typealias_declaration name: (type_identifier) @name) @definition.type
(associatedtype_declaration name: (type_identifier) @name) @definition.type
(function_declaration "func" . name: _ @name body: (_) @body) @definition.function
(protocol_function_declaration "func" . name: _ @name) @definition.method
(init_declaration name: "init" @name body: (_)? @body) @definition.constructor
(deinit_declaration "deinit" @name body: (_) @body) @definition.method
(subscript_declaration "subscript" @name (computed_property)? @body) @definition.method
(macro_declaration (simple_identifier) @name definition: (_)? @body) @definition.macro
(protocol_property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  (protocol_property_requirements) @body) @definition.field
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  computed_value: (_) @body) @definition.function
(property_declaration
  (modifiers (property_modifier "static"))
  (value_binding_pattern mutability: "let")
  name: (pattern bound_identifier: (simple_identifier) @name)
  . (type_annotation)? . "=" . value: (_) @body) @definition.constant
(property_declaration
  (modifiers (property_modifier "static"))
  name: (pattern bound_identifier: (simple_identifier) @name)
  . (type_annotation)? . "=" . value: (_) @body) @definition.field
(property_declaration
  (modifiers (property_modifier "static"))
  name: (pattern bound_identifier: (simple_identifier) @name)) @definition.field
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  . (type_annotation)? . "=" . value: (_) @body) @definition.variable
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @name)
  (willset_didset_block) @body) @definition.variable
(property_declaration name: (pattern bound_identifier: (simple_identifier) @name)) @definition.variable
(property_declaration name: (pattern (pattern (simple_identifier) @name))) @definition.variable
(lambda_literal) @locals
