; What Markdown files define: headings. A heading with `#` begins a section, which holds those under it.
(section . (atx_heading heading_content: (inline) @name) . (_) @body) @definition.heading
(section . (atx_heading heading_content: (inline) @name)) @definition.heading
; An underlined heading begins none, unless it is the title that the text begins with.
(section
  . (setext_heading heading_content: (paragraph (inline) @name) (setext_h1_underline))
  . (_) @body) @definition.heading
(setext_heading heading_content: (paragraph (inline) @name)) @definition.heading
