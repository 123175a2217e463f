; Comments and strings of TOML.
(comment) @comment
(string) @string
(quoted_key) @string
