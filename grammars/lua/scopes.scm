; Scopes of Lua. Where there is no `do`, a scope begins with its head: nothing in the tree stands for an empty body.
(function_declaration name: (_) @scope.name) @scope
(function_definition) @scope
(do_statement) @scope
(while_statement) @scope
(for_statement) @scope
(repeat_statement) @scope
(if_statement) @scope
