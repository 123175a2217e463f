; Brackets of JavaScript.
(statement_block) @block
(class_body) @block
(switch_body) @block
(object) @list
(object_pattern) @list
(array) @list
(named_imports) @list
(export_clause) @list
(template_substitution) @list
