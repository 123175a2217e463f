; Strings that TypeScript has beyond JavaScript.
(template_literal_type) @string
(template_type) @code
