; What Go files define. A type that stands alone in its declaration brings the keyword along.
(function_declaration name: (identifier) @name body: (_)? @body) @definition.function
(method_declaration name: (field_identifier) @name body: (_)? @body) @definition.method
(method_elem name: (field_identifier) @name) @definition.method
(type_declaration
  .
  (type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body))
  .) @definition.struct
(type_declaration . (type_spec name: (type_identifier) @name type: (interface_type "{" @body)) .) @definition.interface
(type_declaration . (type_spec name: (type_identifier) @name) .) @definition.type
(type_declaration . (type_alias name: (type_identifier) @name) .) @definition.type
(type_spec name: (type_identifier) @name type: (struct_type (field_declaration_list) @body)) @definition.struct
(type_spec name: (type_identifier) @name type: (interface_type "{" @body)) @definition.interface
(type_spec name: (type_identifier) @name) @definition.type
(type_alias name: (type_identifier) @name) @definition.type
(field_declaration name: (field_identifier) @name) @definition.field
((const_declaration . (const_spec (identifier) @name value: (_)? @body) .) @definition.constant (#not-eq? @name "_"))
((const_spec (identifier) @name value: (_)? @body) @definition.constant (#not-eq? @name "_"))
((var_declaration (var_spec name: (identifier) @name value: (_)? @body)) @definition.variable (#not-eq? @name "_"))
((var_spec_list (var_spec name: (identifier) @name value: (_)? @body) @definition.variable) (#not-eq? @name "_"))
(func_literal) @locals
