; Brackets of Zig: what holds statements, members or cases, and what holds items between separators.
(block) @block
(struct_declaration) @block
(enum_declaration) @block
(union_declaration) @block
(opaque_declaration) @block
(switch_expression) @block
(initializer_list) @list
(error_set_declaration) @list
