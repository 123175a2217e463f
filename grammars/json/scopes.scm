; Scopes of JSON: keys whose value holds more.
(pair key: (string (string_content) @scope.name) value: (object)) @scope
(pair key: (string (string_content) @scope.name) value: (array)) @scope
