; Scopes of PHP.
(namespace_definition name: (_)? @scope.name body: (_) @scope.body) @scope
(class_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(interface_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(trait_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(enum_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(anonymous_class body: (_) @scope.body) @scope
(function_definition name: (_) @scope.name body: (_) @scope.body) @scope
(method_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(property_declaration
  (property_element name: (variable_name (name) @scope.name))
  (property_hook_list) @scope.body) @scope
(property_hook (name) @scope.name body: (_) @scope.body) @scope
(anonymous_function body: (_) @scope.body) @scope
(arrow_function body: (_) @scope.body) @scope
(switch_statement body: (_) @scope.body) @scope
(match_expression body: (_) @scope.body) @scope
(compound_statement) @scope.block
