; What PHP files bring in: names with `use`, and files.
(namespace_use_declaration
  (namespace_use_clause . [(name) (qualified_name)] @import.path alias: (name)? @import.name)) @import
(namespace_use_declaration
  (namespace_name) @import.path
  body: (namespace_use_group (namespace_use_clause . [(name) (qualified_name)] @import.name))) @import
(require_expression (string (string_content) @import.path)) @import
(require_expression (encapsed_string (string_content) @import.path)) @import
(require_expression (binary_expression right: (string (string_content) @import.path))) @import
(require_expression (parenthesized_expression (string (string_content) @import.path))) @import
(require_once_expression (string (string_content) @import.path)) @import
(require_once_expression (encapsed_string (string_content) @import.path)) @import
(require_once_expression (binary_expression right: (string (string_content) @import.path))) @import
(require_once_expression (parenthesized_expression (string (string_content) @import.path))) @import
(include_expression (string (string_content) @import.path)) @import
(include_expression (encapsed_string (string_content) @import.path)) @import
(include_expression (binary_expression right: (string (string_content) @import.path))) @import
(include_expression (parenthesized_expression (string (string_content) @import.path))) @import
(include_once_expression (string (string_content) @import.path)) @import
(include_once_expression (encapsed_string (string_content) @import.path)) @import
(include_once_expression (binary_expression right: (string (string_content) @import.path))) @import
(include_once_expression (parenthesized_expression (string (string_content) @import.path))) @import
