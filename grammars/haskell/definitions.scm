; What Haskell files define. Each equation of a function is a definition, and so is its signature; functions of a `where`
; or a `let` count where they have parameters. Without parameters a name is a variable, and only the file's own count.
(class name: (name) @name declarations: (_)? @body) @definition.interface
(instance patterns: (type_patterns . (name) @name) declarations: (_)? @body) @definition.extension
(instance patterns: (type_patterns . (qualified id: (name) @name)) declarations: (_)? @body) @definition.extension
(instance
  patterns: (type_patterns . (parens type: (apply constructor: (name) @name)))
  declarations: (_)? @body) @definition.extension
(instance
  patterns: (type_patterns . (parens type: (apply constructor: (apply constructor: (name) @name))))
  declarations: (_)? @body) @definition.extension
(instance
  patterns: (type_patterns
    . (parens type: (apply constructor: (apply constructor: (apply constructor: (name) @name)))))
  declarations: (_)? @body) @definition.extension
(data_type
  name: (name) @name
  constructors: (data_constructors (data_constructor) (data_constructor)) @body) @definition.enum
(data_type name: (name) @name constructors: (gadt_constructors) @body) @definition.enum
(data_type name: (name) @name constructors: (_)? @body) @definition.struct
(newtype name: (name) @name constructor: (_) @body) @definition.struct
(newtype name: (name) @name constructors: (_) @body) @definition.struct
(newtype_constructor name: (constructor) @name) @definition.variant
(data_constructor constructor: (_ name: (constructor) @name)) @definition.variant
(data_constructor constructor: (infix operator: (constructor_operator) @name)) @definition.variant
(gadt_constructor name: (constructor) @name) @definition.variant
(gadt_constructor names: (binding_list name: (constructor) @name)) @definition.variant
(field name: (field_name (variable) @name)) @definition.field
(type_synonym name: (name) @name type: (_) @body) @definition.type
(type_family name: (name) @name closed_family: (_)? @body) @definition.type
(data_family name: (name) @name) @definition.type
(foreign_import signature: (signature name: (variable) @name)) @definition.function
(pattern_synonym (equation synonym: (apply function: (constructor) @name))) @definition.constructor
(pattern_synonym (equation synonym: (constructor) @name)) @definition.constructor
(function name: (variable) @name (match) @body) @definition.function
(function name: (prefix_id (operator) @name) (match) @body) @definition.function
(function (infix operator: (operator) @name) (match) @body) @definition.function
(function (infix operator: (infix_id (variable) @name)) (match) @body) @definition.function
(function (function_head_parens name: (variable) @name) (match) @body) @definition.function
(class_declarations (signature name: (variable) @name) @definition.method)
(class_declarations (signature name: (prefix_id (operator) @name)) @definition.method)
(class_declarations (signature names: (binding_list name: (variable) @name)) @definition.method)
(class_declarations (bind name: (variable) @name match: (match) @body) @definition.method)
(instance_declarations (bind name: (variable) @name match: (match) @body) @definition.method)
(instance_declarations (bind name: (prefix_id (operator) @name) match: (match) @body) @definition.method)
; Names of the file: what has an arrow in its type, or acts, is a function.
((declarations
  [
    (signature name: (variable) @name)
    (signature name: (prefix_id (operator) @name))
    (signature names: (binding_list name: (variable) @name))
    (signature names: (binding_list name: (prefix_id (operator) @name)))
  ] @definition.function)
  (#match? @definition.function "->|→|::\\s*IO\\b"))
(declarations (signature name: (variable) @name) @definition.constant)
(declarations (signature names: (binding_list name: (variable) @name)) @definition.constant)
(declarations (bind name: (variable) @name match: (match expression: (do)) @body) @definition.function)
(declarations (bind name: (variable) @name match: (match expression: (lambda)) @body) @definition.function)
(declarations (bind name: (variable) @name match: (match expression: (lambda_case)) @body) @definition.function)
(declarations (bind name: (prefix_id (operator) @name) match: (match) @body) @definition.function)
(declarations (bind name: (variable) @name match: (match) @body) @definition.constant)
