; What Lua files bring in.
((function_call
  name: (identifier)
  arguments: (arguments . (string content: (string_content) @import.path) .)) @import
  (#match? @import "^(require|dofile|loadfile)\\b"))
