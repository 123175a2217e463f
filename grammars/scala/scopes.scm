; Scopes of Scala. A body in braces and an indented one are the same node, except those of functions.
(class_definition name: (_) @scope.name body: (_) @scope.body) @scope
(trait_definition name: (_) @scope.name body: (_) @scope.body) @scope
(object_definition name: (_) @scope.name body: (_) @scope.body) @scope
(package_object name: (_) @scope.name body: (_) @scope.body) @scope
(package_clause name: (_) @scope.name body: (_) @scope.body) @scope
(enum_definition name: (_) @scope.name body: (_) @scope.body) @scope
(given_definition name: (_) @scope.name body: (_) @scope.body) @scope
(given_definition body: (_) @scope.body) @scope
(extension_definition) @scope
(function_definition name: (_) @scope.name body: (_) @scope.body) @scope
(instance_expression (template_body) @scope.body) @scope
(match_expression body: (_) @scope.body) @scope
(lambda_expression (block) @scope.body) @scope
(lambda_expression) @scope
(block) @scope.block
(indented_block) @scope.block
(case_block) @scope.block
