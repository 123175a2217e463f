; Scopes of Java.
(class_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(interface_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(enum_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(record_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(annotation_type_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(method_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(constructor_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(compact_constructor_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(object_creation_expression (class_body) @scope.body) @scope
(lambda_expression body: (_) @scope.body) @scope
(switch_expression body: (_) @scope.body) @scope
(block) @scope.block
