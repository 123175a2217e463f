; Scopes of TOML: tables.
(table . (_) @scope.name) @scope
(table_array_element . (_) @scope.name) @scope
(pair . (_) @scope.name (inline_table)) @scope
(pair . (_) @scope.name (array)) @scope
