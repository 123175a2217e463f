; Scopes that TypeScript has beyond JavaScript.
(abstract_class_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(interface_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(enum_declaration name: (_) @scope.name body: (_) @scope.body) @scope
(internal_module name: (_) @scope.name body: (_) @scope.body) @scope
(module name: (_) @scope.name body: (_) @scope.body) @scope
(type_alias_declaration name: (_) @scope.name value: (object_type) @scope.body) @scope
