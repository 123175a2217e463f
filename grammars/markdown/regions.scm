; Comments of Markdown.
((html_block) @comment (#match? @comment "^<!--"))
