; Scopes of Kotlin. A function's body is a block, or an expression behind `=`.
(class_declaration name: (_) @scope.name (class_body) @scope.body) @scope
(class_declaration name: (_) @scope.name (enum_class_body) @scope.body) @scope
(object_declaration name: (_) @scope.name (class_body) @scope.body) @scope
(companion_object name: (_)? @scope.name (class_body) @scope.body) @scope
(object_literal (class_body) @scope.body) @scope
(enum_entry (identifier) @scope.name (class_body) @scope.body) @scope
(function_declaration name: (_) @scope.name (function_body (block) @scope.body)) @scope
(function_declaration name: (_) @scope.name (function_body "=") @scope.body) @scope
(anonymous_function (function_body (block) @scope.body)) @scope
(secondary_constructor (block) @scope.body) @scope
(anonymous_initializer (block) @scope.body) @scope
(getter (function_body (block) @scope.body)) @scope
(setter (function_body (block) @scope.body)) @scope
(when_expression) @scope.block
(lambda_literal) @scope.block
(block) @scope.block
