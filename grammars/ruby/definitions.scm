; What Ruby files define. Everything that `def` makes is a method.
(module name: (constant) @name body: (_)? @body) @definition.module
(module name: (scope_resolution name: (constant) @name) body: (_)? @body) @definition.module
(class name: (constant) @name body: (_)? @body) @definition.class
(class name: (scope_resolution name: (constant) @name) body: (_)? @body) @definition.class
(method name: (identifier) @name body: (_)? @body (#eq? @name "initialize")) @definition.constructor
(method name: (_) @name body: (_)? @body) @definition.method
(singleton_method name: (_) @name body: (_)? @body) @definition.method
(alias name: (_) @name) @definition.method
; Classes that a call makes. Their fields stand as symbols in it.
(assignment
  left: (constant) @name
  right: (call receiver: (constant) method: (identifier)) @body
  (#match? @body "^(Struct|Data)\\.(new|define)\\b")) @definition.struct
(assignment
  left: (constant) @name
  right: (call receiver: (constant) method: (identifier)) @body
  (#match? @body "^Class\\.new\\b")) @definition.class
(assignment
  left: (constant) @name
  right: (call receiver: (constant) method: (identifier)) @body
  (#match? @body "^Module\\.new\\b")) @definition.module
(assignment left: (constant) @name right: (_) @body) @definition.constant
(assignment left: (scope_resolution name: (constant) @name) right: (_) @body) @definition.constant
(assignment left: (global_variable) @name right: (_) @body) @definition.variable
(assignment left: (class_variable) @name right: (_) @body) @definition.field
(operator_assignment left: (constant) @name right: (_) @body) @definition.constant
((call method: (identifier) arguments: (argument_list (simple_symbol) @name)) @definition.field
  (#match? @definition.field "^[cm]?attr(_reader|_writer|_accessor)?\\b"))
((call receiver: (constant) arguments: (argument_list (simple_symbol) @name)) @definition.field
  (#match? @definition.field "^(Struct\\.new|Data\\.define)\\b"))
((call method: (identifier) arguments: (argument_list . (simple_symbol) @name)) @definition.method
  (#match? @definition.method "^(alias_method|define_method)\\b"))
