; Comments and strings of Python; what stands in an f-string's braces is code.
(comment) @comment
(string) @string
(interpolation) @code
