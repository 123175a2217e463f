; Brackets of C#. The arms of a `switch` expression and the members of an enum stand on a line each, like statements.
(block) @block
(declaration_list) @block
(accessor_list) @block
(enum_member_declaration_list) @block
(switch_body) @block
(switch_expression) @block
(initializer_expression) @list
(anonymous_object_creation_expression) @list
(property_pattern_clause) @list
(with_expression) @list
(collection_expression) @list
(list_pattern) @list
