; Scopes of Markdown: what stands under a heading, and code.
(section . (atx_heading heading_content: (inline) @scope.name)) @scope
(section . (setext_heading heading_content: (paragraph (inline) @scope.name))) @scope
(fenced_code_block (info_string (language) @scope.name)) @scope
(fenced_code_block) @scope
