; Scopes that C++ has beyond C.
(class_specifier name: (_)? @scope.name body: (_) @scope.body) @scope
(namespace_definition name: (_)? @scope.name body: (_) @scope.body) @scope
(lambda_expression body: (_) @scope.body) @scope
(function_definition
  declarator: (reference_declarator (function_declarator declarator: (_) @scope.name))
  body: (_) @scope.body) @scope
