; Comments and strings of Ruby; what stands in `#{}` is code.
(comment) @comment
(string) @string
(character) @string
(subshell) @string
(regex) @string
(heredoc_body) @string
(string_array) @string
(symbol_array) @string
(delimited_symbol) @string
(interpolation) @code
