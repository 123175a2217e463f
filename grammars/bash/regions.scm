; Comments and strings of shells; what is expanded in a string is code.
(comment) @comment
(string) @string
(raw_string) @string
(ansi_c_string) @string
(regex) @string
(heredoc_body) @string
(expansion) @code
(command_substitution) @code
(arithmetic_expansion) @code
