-- Neovim runs LuaJIT; `vim` is its own, and options are set by writing to its fields.
std = 'luajit'
cache = false
max_line_length = 120
-- Chunks for the Neovim that is driven are strings.
max_string_line_length = false
globals = { 'vim' }
