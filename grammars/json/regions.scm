; Comments and strings of JSON.
(comment) @comment
(string) @string
