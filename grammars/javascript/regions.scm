; Comments and strings of JavaScript; what stands in `${}` is code.
(comment) @comment
(html_comment) @comment
(string) @string
(template_string) @string
(template_substitution) @code
(regex) @string
