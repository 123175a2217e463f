; Brackets of Lua: what holds items. Blocks end with `end`.
(table_constructor) @list
(arguments) @list
(parameters) @list
