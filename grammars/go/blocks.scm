; Brackets of Go. The parentheses of grouped declarations hold a line each, like a block.
(block) @block
(field_declaration_list) @block
(interface_type) @block
(expression_switch_statement) @block
(type_switch_statement) @block
(select_statement) @block
(import_spec_list) @block
(var_spec_list) @block
(const_declaration) @block
(type_declaration) @block
(literal_value) @list
