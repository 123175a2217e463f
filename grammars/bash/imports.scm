; What shell files bring in.
((command name: (_) . argument: (_) @import.path) @import (#match? @import "^(source|\\.)\\s"))
