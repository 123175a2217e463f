; What Swift files bring in: modules, or one declaration of a module.
(import_declaration (identifier) @import.path) @import
