; What JavaScript files bring in: `import`, `export … from`, `import()` and `require()` with names, alone or exported.
(import_statement source: (string) @import.path) @import
(import_statement (import_clause (identifier) @import.name) source: (string) @import.path) @import
(import_statement
  (import_clause (namespace_import (identifier) @import.name))
  source: (string) @import.path) @import
(import_statement
  (import_clause (named_imports (import_specifier name: (_) @import.name)))
  source: (string) @import.path) @import
(export_statement source: (string) @import.path) @import
(export_statement (export_clause (export_specifier name: (_) @import.name)) source: (string) @import.path) @import
(call_expression function: (import) arguments: (arguments . (string) @import.path)) @import
((lexical_declaration
  (variable_declarator
    name: [
      (identifier) @import.name
      (object_pattern (shorthand_property_identifier_pattern) @import.name)
      (object_pattern (pair_pattern key: (property_identifier) @import.name))
    ]
    value: [
      (call_expression function: (identifier) arguments: (arguments . (string) @import.path .))
      (member_expression
        object: (call_expression function: (identifier) arguments: (arguments . (string) @import.path .)))
    ])) @import
  (#match? @import "=\\s*require\\s*\\("))
((variable_declaration
  (variable_declarator
    name: [
      (identifier) @import.name
      (object_pattern (shorthand_property_identifier_pattern) @import.name)
      (object_pattern (pair_pattern key: (property_identifier) @import.name))
    ]
    value: [
      (call_expression function: (identifier) arguments: (arguments . (string) @import.path .))
      (member_expression
        object: (call_expression function: (identifier) arguments: (arguments . (string) @import.path .)))
    ])) @import
  (#match? @import "=\\s*require\\s*\\("))
((expression_statement
  (call_expression function: (identifier) arguments: (arguments . (string) @import.path .))) @import
  (#match? @import "^require\\s*\\("))
((assignment_expression
  right: (call_expression function: (identifier) arguments: (arguments . (string) @import.path .))) @import
  (#match? @import "=\\s*require\\s*\\("))
