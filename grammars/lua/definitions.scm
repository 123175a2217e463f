; What Lua files define. A local variable has the same kind of node everywhere, so those of the module are sought from
; the top of the file; functions are found where they stand.
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
(chunk (variable_declaration (variable_list name: (identifier) @name)) @definition.variable)
(chunk
  (variable_declaration
    (assignment_statement
      (variable_list name: (identifier) @name attribute: (attribute))
      (expression_list) @body)) @definition.constant)
((chunk
  (variable_declaration
    (assignment_statement (variable_list name: (identifier) @name) (expression_list) @body)) @definition.constant)
  (#match? @name "^[A-Z][A-Z0-9_]+$")
  (#not-match? @body "^function\\b"))
((chunk
  (variable_declaration
    (assignment_statement (variable_list name: (identifier) @name) (expression_list) @body)) @definition.variable)
  (#not-match? @body "^function\\b"))
((chunk
  (assignment_statement (variable_list name: (identifier) @name) (expression_list) @body) @definition.constant)
  (#match? @name "^[A-Z][A-Z0-9_]+$")
  (#not-match? @body "^function\\b"))
((chunk
  (assignment_statement (variable_list name: (identifier) @name) (expression_list) @body) @definition.variable)
  (#not-match? @body "^function\\b"))
((chunk
  (assignment_statement
    (variable_list name: (dot_index_expression table: (identifier) field: (identifier) @name))
    (expression_list) @body) @definition.field)
  (#not-match? @body "^function\\b"))
((chunk
  (variable_declaration
    (assignment_statement
      (expression_list
        value: (table_constructor (field name: (identifier) @name value: (_) @body) @definition.field)))))
  (#not-match? @body "^function\\b"))
((chunk
  (assignment_statement
    (expression_list value: (table_constructor (field name: (identifier) @name value: (_) @body) @definition.field))))
  (#not-match? @body "^function\\b"))
((chunk
  (return_statement
    (expression_list (table_constructor (field name: (identifier) @name value: (_) @body) @definition.field))))
  (#not-match? @body "^function\\b"))
