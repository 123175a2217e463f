; Scopes of Python.
(function_definition name: (_) @scope.name body: (_) @scope.body) @scope
(class_definition name: (_) @scope.name body: (_) @scope.body) @scope
(lambda body: (_) @scope.body) @scope
(if_statement consequence: (_) @scope.body) @scope
(elif_clause consequence: (_) @scope.body) @scope
(else_clause body: (_) @scope.body) @scope
(for_statement body: (_) @scope.body) @scope
(while_statement body: (_) @scope.body) @scope
(with_statement body: (_) @scope.body) @scope
(try_statement body: (_) @scope.body) @scope
(except_clause (block) @scope.body) @scope
(finally_clause (block) @scope.body) @scope
(match_statement body: (_) @scope.body) @scope
(case_clause consequence: (_) @scope.body) @scope
