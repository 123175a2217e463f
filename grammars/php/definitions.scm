; What PHP files define. Properties are named without their `$`, as they are when they are read.
(namespace_definition name: (namespace_name) @name body: (_)? @body) @definition.namespace
(class_declaration name: (name) @name body: (_) @body) @definition.class
(interface_declaration name: (name) @name body: (_) @body) @definition.interface
(trait_declaration name: (name) @name body: (_) @body) @definition.interface
(enum_declaration name: (name) @name body: (_) @body) @definition.enum
(enum_case name: (name) @name) @definition.variant
(function_definition name: (name) @name body: (_) @body) @definition.function
(method_declaration name: (name) @name body: (_)? @body (#eq? @name "__construct")) @definition.constructor
(method_declaration name: (name) @name body: (_)? @body) @definition.method
(property_promotion_parameter name: (variable_name (name) @name)) @definition.field
(property_declaration
  (property_element name: (variable_name (name) @name))
  (property_hook_list) @body) @definition.field
(property_declaration
  (property_element name: (variable_name (name) @name) default_value: (_)? @body)) @definition.field
(const_declaration (const_element . (name) @name (_) @body)) @definition.constant
((function_call_expression
  function: (name)
  arguments: (arguments . (argument (string (string_content) @name)))) @definition.constant
  (#match? @definition.constant "^define\\b"))
