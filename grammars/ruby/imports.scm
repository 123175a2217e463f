; What Ruby files bring in.
((call method: (identifier) arguments: (argument_list (string (string_content) @import.path))) @import
  (#match? @import "^(require|require_relative|require_dependency|load|autoload|gem)\\b"))
