; Scopes of JavaScript; TypeScript and TSX inherit them.
(function_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(function_expression name: (_)? @scope.name body: (_) @scope.body) @scope
(generator_function_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(generator_function name: (_)? @scope.name body: (_) @scope.body) @scope
(method_definition name: (_) @scope.name body: (_) @scope.body) @scope
(class_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(class name: (_)? @scope.name body: (_) @scope.body) @scope
(class_static_block body: (_) @scope.body) @scope
(arrow_function body: (_) @scope.body) @scope
(variable_declarator name: (_) @scope.name value: (arrow_function body: (_) @scope.body) @scope)
(switch_statement body: (_) @scope.body) @scope
(object) @scope.block
(statement_block) @scope.block
