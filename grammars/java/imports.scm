; What Java files bring in: a type, all of a package or a type (`*`), and static members.
(import_declaration [(identifier) (scoped_identifier)] @import.path (asterisk) @import.name) @import
(import_declaration [(identifier) (scoped_identifier)] @import.path) @import
