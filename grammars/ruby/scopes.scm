; Scopes of Ruby. Most begin with their head: nothing in the tree stands for an empty body. A block in braces is found
; by its bracket.
(module name: (_) @scope.name) @scope
(class name: (_) @scope.name) @scope
(singleton_class) @scope
(method name: (_) @scope.name) @scope
(singleton_method name: (_) @scope.name) @scope
(do_block) @scope.block
(while body: (_) @scope.body) @scope
(until body: (_) @scope.body) @scope
(for body: (_) @scope.body) @scope
(if) @scope
(unless) @scope
(case) @scope
(case_match) @scope
(begin) @scope
