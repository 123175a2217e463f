; Brackets of Rust: what holds statements or declarations, and what holds items between separators.
(block) @block
(declaration_list) @block
(match_block) @block
(field_declaration_list) @block
(enum_variant_list) @block
(field_initializer_list) @list
(struct_pattern) @list
(use_list) @list
