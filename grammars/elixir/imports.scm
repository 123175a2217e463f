; What Elixir files bring in.
((call (arguments . [(alias) (dot)] @import.path)) @import
  (#match? @import "^(alias|import|require|use)\\b"))
