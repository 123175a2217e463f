; What a name in a shell file is.
(declaration_command (variable_assignment name: (variable_name) @local))
(declaration_command (variable_name) @local)
(for_statement variable: (variable_name) @local)
(c_style_for_statement initializer: (variable_assignment name: (variable_name) @local))
((variable_name) @ignore (#any-of? @ignore "0" "1" "2" "3" "4" "5" "6" "7" "8" "9"))
(variable_name) @reference.value
(command_name
  (word) @ignore
  (#any-of? @ignore "return" "exit" "break" "continue" "shift" "set" "source" "." ":" "true" "false"))
(command_name (word) @reference.call)
