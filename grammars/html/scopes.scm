; Scopes of HTML: elements, named by their tag.
(element (start_tag (tag_name) @scope.name)) @scope
(script_element (start_tag (tag_name) @scope.name)) @scope
(style_element (start_tag (tag_name) @scope.name)) @scope
