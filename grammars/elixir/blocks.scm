; Brackets of Elixir that hold statements: `do` and `end`, and parentheses around them.
(do_block) @block
(interpolation) @list
