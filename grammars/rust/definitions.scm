; What Rust files define.
(function_signature_item name: (identifier) @name) @definition.method
(function_item name: (identifier) @name body: (block) @body) @definition.function
(struct_item name: (type_identifier) @name body: (_)? @body) @definition.struct
(union_item name: (type_identifier) @name body: (_) @body) @definition.struct
(field_declaration name: (field_identifier) @name) @definition.field
(enum_item name: (type_identifier) @name body: (_) @body) @definition.enum
(enum_variant name: (identifier) @name) @definition.variant
(trait_item name: (type_identifier) @name body: (_) @body) @definition.interface
(type_item name: (type_identifier) @name) @definition.type
(associated_type name: (type_identifier) @name) @definition.type
(const_item name: (identifier) @name value: (_)? @body) @definition.constant
(static_item name: (identifier) @name value: (_)? @body) @definition.variable
(mod_item name: (identifier) @name body: (_)? @body) @definition.module
(macro_definition name: (identifier) @name (macro_rule) @body) @definition.macro
(impl_item type: (type_identifier) @name body: (_) @body) @definition.extension
(impl_item type: (generic_type type: (type_identifier) @name) body: (_) @body) @definition.extension
(impl_item type: (scoped_type_identifier name: (type_identifier) @name) body: (_) @body) @definition.extension
(impl_item type: (reference_type type: (type_identifier) @name) body: (_) @body) @definition.extension
