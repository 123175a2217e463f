; Comments and strings of Zig.
(comment) @comment
(string) @string
(multiline_string) @string
(character) @string
