; What Go files bring in: each line of a group is a statement of its own. A name beside the path is an alias.
(import_spec name: (package_identifier) @import.name path: (_) @import.path) @import
(import_spec path: (_) @import.path) @import
