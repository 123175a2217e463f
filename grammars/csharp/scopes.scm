; Scopes of C#. A `switch` expression has no node for its braces, so it is its own body.
(namespace_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(class_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(struct_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(record_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(interface_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(enum_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(method_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(constructor_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(destructor_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(operator_declaration operator: _ @scope.name body: (_) @scope.body) @scope
(conversion_operator_declaration type: (_) @scope.name body: (_) @scope.body) @scope
(property_declaration name: (_) @scope.name accessors: (_) @scope.body) @scope
(property_declaration name: (_) @scope.name value: (arrow_expression_clause) @scope.body) @scope
(event_declaration name: (_) @scope.name accessors: (_) @scope.body) @scope
(indexer_declaration accessors: (_) @scope.body) @scope
(indexer_declaration value: (_) @scope.body) @scope
(accessor_declaration name: _ @scope.name body: (_) @scope.body) @scope
(local_function_statement name: (_) @scope.name body: (_) @scope.body) @scope
(lambda_expression body: (_) @scope.body) @scope
(anonymous_method_expression (block) @scope.body) @scope
(switch_statement body: (_) @scope.body) @scope
(switch_expression) @scope
(block) @scope.block
