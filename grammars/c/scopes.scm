; Scopes of C; C++ inherits them. A function whose name is too deep in its declarator has none.
(function_definition body: (_) @scope.body) @scope
(function_definition
  declarator: [
    (function_declarator declarator: (_) @scope.name)
    (_ declarator: (function_declarator declarator: (_) @scope.name))
    (_ declarator: (_ declarator: (function_declarator declarator: (_) @scope.name)))
  ]
  body: (_) @scope.body) @scope
(struct_specifier name: (_)? @scope.name body: (_) @scope.body) @scope
(union_specifier name: (_)? @scope.name body: (_) @scope.body) @scope
(enum_specifier name: (_)? @scope.name body: (_) @scope.body) @scope
(linkage_specification body: (_) @scope.body) @scope
(switch_statement body: (_) @scope.body) @scope
(compound_statement) @scope.block
