; Brackets that C++ has beyond C.
(requirement_seq) @block
