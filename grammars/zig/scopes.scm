; Scopes of Zig. A container has no name of its own: the constant that holds it has.
(function_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(variable_declaration "const" . (identifier) @scope.name (struct_declaration) @scope.body) @scope
(variable_declaration "const" . (identifier) @scope.name (enum_declaration) @scope.body) @scope
(variable_declaration "const" . (identifier) @scope.name (union_declaration) @scope.body) @scope
(variable_declaration "const" . (identifier) @scope.name (opaque_declaration) @scope.body) @scope
(test_declaration (string (string_content) @scope.name) (block) @scope.body) @scope
(test_declaration (block) @scope.body) @scope
(comptime_declaration (block) @scope.body) @scope
(switch_expression) @scope
(struct_declaration) @scope.block
(enum_declaration) @scope.block
(union_declaration) @scope.block
(opaque_declaration) @scope.block
(block) @scope.block
