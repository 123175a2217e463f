; Brackets of shells: what holds commands and what does not.
(compound_statement "{") @block
(subshell) @block
(brace_expression) @list
