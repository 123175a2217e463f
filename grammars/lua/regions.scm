; Comments and strings of Lua.
(comment) @comment
(hash_bang_line) @comment
(string) @string
