; What Kotlin files define. An object is a class with one value; one that is a companion and has no name gives its
; members to the class around it.
(class_declaration "interface" name: (_) @name (class_body)? @body) @definition.interface
(class_declaration
  (modifiers (class_modifier "enum"))
  name: (_) @name
  [(enum_class_body) (class_body)]? @body) @definition.enum
(class_declaration name: (_) @name (class_body)? @body) @definition.class
(object_declaration name: (_) @name (class_body)? @body) @definition.class
(companion_object name: (_) @name (class_body)? @body) @definition.class
(enum_entry (identifier) @name (class_body)? @body) @definition.variant
(type_alias type: (_) @name) @definition.type
(class_parameter ["val" "var"] . (identifier) @name) @definition.field
(secondary_constructor "constructor" @name (block)? @body) @definition.constructor
(function_declaration name: (_) @name (function_body (block) @body)) @definition.function
(function_declaration name: (_) @name (function_body "=" . (_) @body)) @definition.function
(function_declaration name: (_) @name) @definition.function
; Properties. One that never changes and whose name begins with a capital letter is a constant by custom.
(property_declaration
  (modifiers (property_modifier))
  (variable_declaration (identifier) @name)
  "=" . (_) @body) @definition.constant
((property_declaration "val" (variable_declaration (identifier) @name) "=" . (_) @body) @definition.constant
  (#match? @name "^[A-Z]"))
(property_declaration (variable_declaration (identifier) @name) "=" . (_) @body) @definition.variable
(property_declaration
  (variable_declaration (identifier) @name)
  [(property_delegate) (getter) (setter)] @body) @definition.variable
(property_declaration (variable_declaration (identifier) @name)) @definition.variable
[
  (lambda_literal)
  (anonymous_function)
  (anonymous_initializer)
  (getter)
  (setter)
  (object_literal)
] @locals
