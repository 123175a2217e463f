; Brackets of Ruby that hold statements.
(block) @block
(do_block) @block
(do) @block
(begin_block) @block
(end_block) @block
