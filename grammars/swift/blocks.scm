; Brackets of Swift: most hold statements or members.
(class_body) @block
(enum_class_body) @block
(protocol_body) @block
(function_body) @block
(computed_property) @block
(computed_getter) @block
(computed_setter) @block
(computed_modify) @block
(willset_didset_block) @block
(willset_clause) @block
(didset_clause) @block
(protocol_property_requirements) @list
(array_literal) @list
(dictionary_literal) @list
(capture_list) @list
(tuple_expression) @list
(value_arguments) @list
