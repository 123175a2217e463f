; What a name in TSX is, beyond TypeScript. An element is named again where it closes.
(jsx_closing_element name: (identifier) @ignore)
(jsx_closing_element name: (member_expression (identifier) @ignore))
(jsx_closing_element name: (member_expression property: (property_identifier) @ignore))
(jsx_opening_element name: (member_expression property: (property_identifier) @reference.call))
(jsx_self_closing_element name: (member_expression property: (property_identifier) @reference.call))
(jsx_namespace_name (identifier) @ignore)
