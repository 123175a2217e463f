; What TypeScript files define beyond JavaScript: types, and declarations without code.
(export_statement
  declaration: (abstract_class_declaration name: (_) @name body: (_) @body)) @definition.class
(export_statement declaration: (interface_declaration name: (_) @name body: (_) @body)) @definition.interface
(export_statement declaration: (enum_declaration name: (_) @name body: (_) @body)) @definition.enum
(export_statement
  declaration: (type_alias_declaration name: (_) @name value: (object_type) @body)) @definition.type
(export_statement declaration: (type_alias_declaration name: (_) @name)) @definition.type
(export_statement declaration: (internal_module name: (identifier) @name body: (_) @body)) @definition.namespace
(export_statement declaration: (function_signature name: (_) @name)) @definition.function
(abstract_class_declaration name: (_) @name body: (_) @body) @definition.class
(interface_declaration name: (_) @name body: (_) @body) @definition.interface
(enum_declaration name: (_) @name body: (_) @body) @definition.enum
(type_alias_declaration name: (_) @name value: (object_type) @body) @definition.type
(type_alias_declaration name: (_) @name) @definition.type
(internal_module name: (identifier) @name body: (_) @body) @definition.namespace
(internal_module name: (nested_identifier property: (_) @name) body: (_) @body) @definition.namespace
(module name: (identifier) @name body: (_)? @body) @definition.namespace
(module name: (string (string_fragment) @name) body: (_)? @body) @definition.module
(function_signature name: (_) @name) @definition.function
(ambient_declaration
  (lexical_declaration kind: "const" (variable_declarator name: (identifier) @name))) @definition.constant
(ambient_declaration (_ (variable_declarator name: (identifier) @name))) @definition.variable
; Members. A parameter of a constructor that says who sees it is a field.
(enum_body (property_identifier) @name @definition.variant)
(enum_body (enum_assignment name: (_) @name value: (_) @body) @definition.variant)
(method_signature name: (property_identifier) @name (#eq? @name "constructor")) @definition.constructor
(method_signature name: (_) @name) @definition.method
(abstract_method_signature name: (_) @name) @definition.method
(property_signature name: (_) @name) @definition.field
(public_field_definition
  name: (_) @name
  value: [(arrow_function body: (_) @body) (function_expression body: (_) @body)]) @definition.method
(public_field_definition name: (_) @name value: (_)? @body) @definition.field
(required_parameter [(accessibility_modifier) "readonly"] pattern: (identifier) @name) @definition.field
(optional_parameter [(accessibility_modifier) "readonly"] pattern: (identifier) @name) @definition.field
