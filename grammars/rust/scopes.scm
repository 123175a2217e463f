; Scopes of Rust.
(function_item name: (_) @scope.name body: (_) @scope.body) @scope
(struct_item name: (_) @scope.name body: (_) @scope.body) @scope
(enum_item name: (_) @scope.name body: (_) @scope.body) @scope
(enum_variant name: (_) @scope.name body: (_) @scope.body) @scope
(union_item name: (_) @scope.name body: (_) @scope.body) @scope
(trait_item name: (_) @scope.name body: (_) @scope.body) @scope
(impl_item type: (_) @scope.name body: (_) @scope.body) @scope
(mod_item name: (_) @scope.name body: (_) @scope.body) @scope
(foreign_mod_item body: (_) @scope.body) @scope
(macro_definition name: (_) @scope.name) @scope
(closure_expression body: (_) @scope.body) @scope
(match_expression body: (_) @scope.body) @scope
(block) @scope.block
