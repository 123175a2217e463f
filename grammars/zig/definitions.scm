; What Zig files define. Types are values that a constant holds; a constant in a function is the same node as one of a
; container, so those are sought from the container.
(function_declaration name: (identifier) @name body: (block)? @body) @definition.function
(variable_declaration "const" . (identifier) @name (struct_declaration "{" @body)) @definition.struct
(variable_declaration "const" . (identifier) @name (union_declaration "{" @body)) @definition.struct
(variable_declaration "const" . (identifier) @name (enum_declaration "{" @body)) @definition.enum
(variable_declaration "const" . (identifier) @name (opaque_declaration "{" @body)) @definition.type
(variable_declaration "const" . (identifier) @name (error_set_declaration "{" @body)) @definition.enum
; Members. A union that names its tags has variants.
(source_file (container_field name: (identifier) @name) @definition.field)
(struct_declaration (container_field name: (identifier) @name) @definition.field)
(union_declaration "enum" (container_field name: (identifier) @name) @definition.variant)
(union_declaration (container_field name: (identifier) @name) @definition.field)
(enum_declaration (container_field name: (identifier) @name) @definition.variant (#not-eq? @name "_"))
(error_set_declaration (identifier) @name @definition.variant)
; Constants and variables of a container. Those that hold a type are found above, and what is imported is no definition.
([
  (source_file (variable_declaration "const" . (identifier) @name "=" . _ @body) @definition.constant)
  (struct_declaration (variable_declaration "const" . (identifier) @name "=" . _ @body) @definition.constant)
  (enum_declaration (variable_declaration "const" . (identifier) @name "=" . _ @body) @definition.constant)
  (union_declaration (variable_declaration "const" . (identifier) @name "=" . _ @body) @definition.constant)
  (opaque_declaration (variable_declaration "const" . (identifier) @name "=" . _ @body) @definition.constant)
]
  (#not-match? @body "^(@import\\s*\\([^)]*\\)(\\.\\w+){0,2}$|@This\\s*\\(|((packed|extern)\\s+)?(struct|enum|union|opaque)\\b)")
  (#not-match? @body "^error\\s*\\{[^}]*\\}$"))
[
  (source_file (variable_declaration "var" . (identifier) @name "=" . _ @body) @definition.variable)
  (struct_declaration (variable_declaration "var" . (identifier) @name "=" . _ @body) @definition.variable)
  (enum_declaration (variable_declaration "var" . (identifier) @name "=" . _ @body) @definition.variable)
  (union_declaration (variable_declaration "var" . (identifier) @name "=" . _ @body) @definition.variable)
  (opaque_declaration (variable_declaration "var" . (identifier) @name "=" . _ @body) @definition.variable)
]
[
  (source_file (variable_declaration "var" . (identifier) @name) @definition.variable)
  (struct_declaration (variable_declaration "var" . (identifier) @name) @definition.variable)
  (enum_declaration (variable_declaration "var" . (identifier) @name) @definition.variable)
  (union_declaration (variable_declaration "var" . (identifier) @name) @definition.variable)
  (opaque_declaration (variable_declaration "var" . (identifier) @name) @definition.variable)
]
