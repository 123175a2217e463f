; Comments and strings of Java; what stands in a template's `\{}` is code.
(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(character_literal) @string
(string_interpolation) @code
