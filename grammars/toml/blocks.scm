; Brackets of TOML that hold items.
(array) @list
(inline_table) @list
