; Brackets that TypeScript has beyond JavaScript.
(interface_body) @block
(enum_body) @block
(type_alias_declaration value: (object_type) @block)
(type_arguments) @list
