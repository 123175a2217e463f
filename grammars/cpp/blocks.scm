; Brackets that C++ has beyond C.
(template_argument_list) @list
(requirement_seq) @block
