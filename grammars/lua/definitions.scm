; What Lua files define. Variables that are assigned in a function are taken for local ones.
(function_declaration name: (identifier) @name body: (_)? @body) @definition.function
(function_declaration name: (dot_index_expression field: (identifier) @name) body: (_)? @body) @definition.function
(function_declaration name: (method_index_expression method: (identifier) @name) body: (_)? @body) @definition.method
(assignment_statement
  (variable_list . name: (identifier) @name .)
  (expression_list . value: (function_definition body: (_)? @body) .)) @definition.function
(assignment_statement
  (variable_list . name: (dot_index_expression field: (identifier) @name) .)
  (expression_list . value: (function_definition body: (_)? @body) .)) @definition.function
(field name: (identifier) @name value: (function_definition body: (_)? @body)) @definition.function
(variable_declaration (variable_list name: (identifier) @name)) @definition.variable
(variable_declaration
  (assignment_statement
    (variable_list name: (identifier) @name attribute: (attribute))
    (expression_list) @body)) @definition.constant
((variable_declaration
  (assignment_statement (variable_list name: (identifier) @name) (expression_list) @body)) @definition.constant
  (#match? @name "^[A-Z][A-Z0-9_]+$")
  (#not-match? @body "^(function|require)\\b"))
((variable_declaration
  (assignment_statement (variable_list name: (identifier) @name) (expression_list) @body)) @definition.variable
  (#not-match? @body "^(function|require)\\b"))
((assignment_statement (variable_list name: (identifier) @name) (expression_list) @body) @definition.constant
  (#match? @name "^[A-Z][A-Z0-9_]+$")
  (#not-match? @body "^function\\b"))
((assignment_statement (variable_list name: (identifier) @name) (expression_list) @body) @definition.variable
  (#not-match? @body "^function\\b"))
((assignment_statement
  (variable_list name: (dot_index_expression table: (identifier) field: (identifier) @name))
  (expression_list) @body) @definition.field
  (#not-match? @body "^function\\b"))
(field name: (identifier) @name value: (_) @body) @definition.variable
(function_definition) @locals
