; What Rust files bring in: `use` paths with their groups, files named by `mod`, crates.
(use_declaration argument: (_) @import.path) @import
(mod_item name: (identifier) @import.path !body) @import
(extern_crate_declaration name: (identifier) @import.path) @import
