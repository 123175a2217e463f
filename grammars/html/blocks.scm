; Brackets of HTML: tags hold attributes.
(start_tag) @list
(self_closing_tag) @list
