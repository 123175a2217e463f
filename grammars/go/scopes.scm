; Scopes of Go.
(function_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(method_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(func_literal body: (_) @scope.body) @scope
(type_spec name: (_) @scope.name type: (struct_type (field_declaration_list) @scope.body)) @scope
(type_spec name: (_) @scope.name type: (interface_type) @scope.body) @scope
(expression_switch_statement) @scope
(type_switch_statement) @scope
(select_statement) @scope
(block) @scope.block
