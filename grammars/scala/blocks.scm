; Brackets of Scala: what holds statements, members or cases, and what holds items between separators.
(block) @block
(case_block) @block
(template_body) @block
(with_template_body) @block
(enum_body) @block
(extension_definition) @block
(structural_type) @block
(refinement) @block
(lambda_expression) @block
(namespace_selectors) @list
