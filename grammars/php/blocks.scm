; Brackets of PHP.
(compound_statement) @block
(declaration_list) @block
(enum_declaration_list) @block
(property_hook_list) @block
(switch_block) @block
(match_block) @block
(namespace_use_group) @list
(encapsed_string) @list
(heredoc_body) @list
(dynamic_variable_name) @list
