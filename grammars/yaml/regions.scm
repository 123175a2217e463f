; Comments and strings of YAML. Plain text is none, since most values are plain, and neither are blocks of text: many
; hold scripts.
(comment) @comment
(double_quote_scalar) @string
(single_quote_scalar) @string
