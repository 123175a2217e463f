; What Haskell files bring in: a module, and the names in its list unless they are hidden.
(import module: (module) @import.path) @import
((import
  module: (module) @import.path
  names: (import_list
    name: [
      (import_name variable: (variable) @import.name)
      (import_name type: (name) @import.name)
      (import_name operator: (prefix_id (_) @import.name))
    ])) @import
  (#not-match? @import "\\bhiding\\b"))
