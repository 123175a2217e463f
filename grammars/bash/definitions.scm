; What shell files define. An assignment in a function has the same kind of node as one outside, so globals are sought
; from the top of the file.
(function_definition name: (word) @name body: (_) @body) @definition.function
(declaration_command
  "readonly" (variable_assignment name: (variable_name) @name value: (_) @body)) @definition.constant
(declaration_command
  "export" (variable_assignment name: (variable_name) @name value: (_) @body)) @definition.variable
(declaration_command "readonly" (variable_name) @name) @definition.constant
(declaration_command "export" (variable_name) @name) @definition.variable
(program
  (declaration_command
    ["declare" "typeset"]
    (variable_assignment name: (variable_name) @name value: (_) @body)) @definition.variable)
(program (declaration_command ["declare" "typeset"] (variable_name) @name) @definition.variable)
(program (variable_assignment name: (variable_name) @name value: (_) @body) @definition.variable)
(program
  (variable_assignments (variable_assignment name: (variable_name) @name value: (_) @body) @definition.variable))
(program
  (if_statement (variable_assignment name: (variable_name) @name value: (_) @body) @definition.variable))
(program
  (if_statement
    (else_clause (variable_assignment name: (variable_name) @name value: (_) @body) @definition.variable)))
(program
  (if_statement
    (elif_clause (variable_assignment name: (variable_name) @name value: (_) @body) @definition.variable)))
