; Scopes of Swift. Statements have no node for their braces: of these a scope begins with the head.
(class_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(protocol_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(function_declaration "func" . name: _ @scope.name body: (_) @scope.body) @scope
(init_declaration name: "init" @scope.name body: (_) @scope.body) @scope
(deinit_declaration "deinit" @scope.name body: (_) @scope.body) @scope
(subscript_declaration (computed_property) @scope.body) @scope
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @scope.name)
  computed_value: (_) @scope.body) @scope
(property_declaration
  name: (pattern bound_identifier: (simple_identifier) @scope.name)
  (willset_didset_block) @scope.body) @scope
(computed_getter) @scope
(computed_setter) @scope
(computed_modify) @scope
(willset_clause) @scope
(didset_clause) @scope
(lambda_literal) @scope.block
(if_statement) @scope
(guard_statement) @scope
(for_statement) @scope
(while_statement) @scope
(repeat_while_statement) @scope
(do_statement) @scope
(catch_block) @scope
(switch_statement) @scope
