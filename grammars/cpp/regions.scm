; Strings that C++ has beyond C.
(raw_string_literal) @string
