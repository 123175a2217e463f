; What Zig files bring in: a constant that holds the file or a part of it, and files that are named in passing.
((variable_declaration
  (builtin_function (builtin_identifier) (arguments (string (string_content) @import.path)))) @import
  (#match? @import "@(import|embedFile)\\b"))
((variable_declaration
  (field_expression
    object: (builtin_function (builtin_identifier) (arguments (string (string_content) @import.path)))
    member: (identifier) @import.name)) @import
  (#match? @import "@import\\b"))
((variable_declaration
  (field_expression
    object: (field_expression
      object: (builtin_function (builtin_identifier) (arguments (string (string_content) @import.path)))
      member: (identifier) @import.name))) @import
  (#match? @import "@import\\b"))
((using_namespace_declaration
  (builtin_function (builtin_identifier) (arguments (string (string_content) @import.path)))) @import
  (#match? @import "@import\\b"))
((call_expression
  (builtin_function (builtin_identifier) (arguments (string (string_content) @import.path)))) @import
  (#match? @import "@import\\b"))
