; Comments and strings of HTML.
(comment) @comment
(quoted_attribute_value) @string
