; Comments and strings of PHP. No node holds the braces of an interpolation, only the expression in them.
(comment) @comment
(string) @string
(encapsed_string) @string
(heredoc) @string
(nowdoc) @string
(shell_command_expression) @string
(encapsed_string
  [
    (variable_name)
    (dynamic_variable_name)
    (subscript_expression)
    (member_access_expression)
    (nullsafe_member_access_expression)
    (member_call_expression)
    (function_call_expression)
    (scoped_call_expression)
    (scoped_property_access_expression)
  ] @code)
(heredoc_body
  [
    (variable_name)
    (dynamic_variable_name)
    (subscript_expression)
    (member_access_expression)
    (nullsafe_member_access_expression)
    (member_call_expression)
    (function_call_expression)
    (scoped_call_expression)
    (scoped_property_access_expression)
  ] @code)
