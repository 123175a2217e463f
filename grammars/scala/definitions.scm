; What Scala files define. An object is a class with one value. A value has the same node in a function as in a class, so
; those of classes and of the file are sought from the body that they stand in.
(class_definition name: (_) @name body: (_)? @body) @definition.class
(trait_definition name: (_) @name body: (_)? @body) @definition.interface
(object_definition name: (_) @name body: (_)? @body) @definition.class
(package_object name: (_) @name body: (_) @body) @definition.module
(enum_definition name: (_) @name body: (_) @body) @definition.enum
(simple_enum_case name: (_) @name) @definition.variant
(full_enum_case name: (_) @name) @definition.variant
(full_enum_case class_parameters: (class_parameters (class_parameter name: (_) @name) @definition.field))
(class_definition "case" class_parameters: (class_parameters (class_parameter name: (_) @name) @definition.field))
(class_parameter ["val" "var"] name: (_) @name) @definition.field
(type_definition name: (type_identifier) @name) @definition.type
(function_definition name: (identifier) @name body: (_) @body (#eq? @name "this")) @definition.constructor
(function_definition name: (_) @name body: (_) @body) @definition.function
(function_declaration name: (_) @name) @definition.method
; `given` makes an object with a name, or adds to its type. `extension` has no node for its braces.
(given_definition name: (_) @name body: (_) @body) @definition.class
(given_definition !name return_type: (type_identifier) @name body: (_) @body) @definition.extension
(given_definition !name return_type: (generic_type type: (type_identifier) @name) body: (_) @body) @definition.extension
(extension_definition parameters: (parameters (parameter type: (type_identifier) @name)) "{" @body) @definition.extension
(extension_definition
  parameters: (parameters (parameter type: (generic_type type: (type_identifier) @name)))
  "{" @body) @definition.extension
(extension_definition
  parameters: (parameters (parameter type: (type_identifier) @name))
  body: (_) @body) @definition.extension
(extension_definition
  parameters: (parameters (parameter type: (generic_type type: (type_identifier) @name)))
  body: (_) @body) @definition.extension
; Members that are values.
(val_declaration name: (_) @name) @definition.field
(var_declaration name: (_) @name) @definition.field
((template_body (val_definition pattern: (identifier) @name value: (_) @body) @definition.constant)
  (#match? @name "^[A-Z]"))
(template_body (val_definition pattern: (identifier) @name value: (_) @body) @definition.field)
(template_body (var_definition pattern: (identifier) @name value: (_) @body) @definition.field)
(template_body (val_definition pattern: (_ (identifier) @name) value: (_) @body) @definition.field)
(template_body (var_definition pattern: (_ (identifier) @name) value: (_) @body) @definition.field)
((enum_body (val_definition pattern: (identifier) @name value: (_) @body) @definition.constant)
  (#match? @name "^[A-Z]"))
(enum_body (val_definition pattern: (identifier) @name value: (_) @body) @definition.field)
(enum_body (var_definition pattern: (identifier) @name value: (_) @body) @definition.field)
(with_template_body (val_definition pattern: (identifier) @name value: (_) @body) @definition.field)
; Values of the file.
((compilation_unit (val_definition pattern: (identifier) @name value: (_) @body) @definition.constant)
  (#match? @name "^[A-Z]"))
(compilation_unit (val_definition pattern: (identifier) @name value: (_) @body) @definition.variable)
(compilation_unit (var_definition pattern: (identifier) @name value: (_) @body) @definition.variable)
(compilation_unit (val_definition pattern: (_ (identifier) @name) value: (_) @body) @definition.variable)
