; What shell files define. What is assigned in a function is taken for local.
(function_definition name: (word) @name body: (_) @body) @definition.function
(declaration_command
  "readonly" (variable_assignment name: (variable_name) @name value: (_) @body)) @definition.constant
(declaration_command
  "export" (variable_assignment name: (variable_name) @name value: (_) @body)) @definition.variable
(declaration_command "readonly" (variable_name) @name) @definition.constant
(declaration_command "export" (variable_name) @name) @definition.variable
(declaration_command
  ["declare" "typeset"] (variable_assignment name: (variable_name) @name value: (_) @body)) @definition.variable
(declaration_command ["declare" "typeset"] (variable_name) @name) @definition.variable
(variable_assignment name: (variable_name) @name value: (_) @body) @definition.variable
