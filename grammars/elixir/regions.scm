; Comments and strings of Elixir; what stands in `#{}` is code.
(comment) @comment
(string) @string
(charlist) @string
(sigil) @string
(char) @string
(quoted_atom) @string
(quoted_keyword) @string
(interpolation) @code
