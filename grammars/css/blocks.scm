; Brackets of CSS: braces hold declarations and rules, parentheses hold arguments.
(block) @block
(keyframe_block_list) @block
(arguments) @list
; A brace that nothing closes yet is never a record, unless a parenthesis is open in the same place.
((ERROR) @block (#not-match? @block "[\\[(]([^\\[\\](){};]|\\([^()]*\\))*([{};]|$)"))
