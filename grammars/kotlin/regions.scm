; Comments and strings of Kotlin; what stands in `$` and `${}` is code.
(line_comment) @comment
(block_comment) @comment
(string_literal) @string
(multiline_string_literal) @string
(character_literal) @string
(interpolation) @code
