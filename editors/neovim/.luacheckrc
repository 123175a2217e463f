-- Neovim runs LuaJIT; `vim` is its own, and options are set by writing to its fields.
std = 'luajit'
cache = false
max_line_length = 120
globals = { 'vim' }
