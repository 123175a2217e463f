; Scopes of Haskell. A function with guards or a `where` has no node for its body, so it begins with its head.
(function name: (_) @scope.name . (patterns)? . (match) @scope.body .) @scope
(function name: (_) @scope.name (match) . (match)) @scope
(function name: (_) @scope.name binds: (_)) @scope
(function (infix operator: (_) @scope.name) (match) @scope.body) @scope
(bind name: (_) @scope.name . (match) @scope.body .) @scope
(bind name: (_) @scope.name (match) . (match)) @scope
(bind name: (_) @scope.name binds: (_)) @scope
(class name: (_) @scope.name declarations: (_) @scope.body) @scope
(instance name: (_) @scope.name declarations: (_) @scope.body) @scope
(data_type name: (_) @scope.name constructors: (_) @scope.body) @scope
(newtype name: (_) @scope.name constructor: (_) @scope.body) @scope
(case alternatives: (_) @scope.body) @scope
(lambda_case alternatives: (_) @scope.body) @scope
(lambda expression: (_) @scope.body) @scope
(do) @scope.block
