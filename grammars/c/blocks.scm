; Brackets of C; C++ inherits them.
(compound_statement) @block
(field_declaration_list) @block
(enumerator_list) @block
(declaration_list) @block
(initializer_list) @list
