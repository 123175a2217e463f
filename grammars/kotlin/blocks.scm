; Brackets of Kotlin: what holds statements, members or branches, and what holds one expression.
(block) @block
(class_body) @block
(enum_class_body) @block
(lambda_literal) @block
(when_expression) @block
(interpolation) @list
