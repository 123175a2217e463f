; Comments and strings of Scala; what stands in `$` and `${}` is code.
(comment) @comment
(block_comment) @comment
(string) @string
(interpolated_string) @string
(character_literal) @string
(interpolation) @code
