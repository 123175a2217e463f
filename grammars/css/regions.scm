; Comments and strings of CSS.
(comment) @comment
(string_value) @string
