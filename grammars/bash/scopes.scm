; Scopes of shells. What has no braces begins with its head.
(function_definition name: (_) @scope.name body: (_) @scope.body) @scope
(for_statement body: (_) @scope.body) @scope
(c_style_for_statement body: (_) @scope.body) @scope
(while_statement body: (_) @scope.body) @scope
(if_statement) @scope
(case_statement) @scope
(compound_statement "{") @scope.block
