; Brackets of Java.
(block) @block
(class_body) @block
(interface_body) @block
(enum_body) @block
(annotation_type_body) @block
(constructor_body) @block
(switch_block) @block
(module_body) @block
(array_initializer) @list
(element_value_array_initializer) @list
