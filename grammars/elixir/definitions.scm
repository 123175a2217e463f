; What Elixir files define. Definitions are calls: the first word says what they make.
((call (arguments . (alias) @name) (do_block) @body) @definition.module
  (#match? @definition.module "^defmodule\\b"))
((call (arguments . (alias) @name) (do_block) @body) @definition.interface
  (#match? @definition.interface "^defprotocol\\b"))
((call
  (arguments . (_) (keywords . (pair value: [(alias) @name (list (alias) @name)])))
  (do_block) @body) @definition.extension
  (#match? @definition.extension "^defimpl\\b"))
((call (arguments . (alias) @name .) (do_block) @body) @definition.extension
  (#match? @definition.extension "^defimpl\\b"))
; Functions, macros and guards. Each clause is a definition; the body is a block or stands behind `do:`.
((call
  (arguments
    . [
      (identifier) @name
      (call target: (identifier) @name)
      (binary_operator left: (identifier) @name operator: "when")
      (binary_operator left: (call target: (identifier) @name) operator: "when")
      (binary_operator operator: _ @name)
      (binary_operator left: (binary_operator operator: _ @name) operator: "when")
    ]
    (keywords . (pair value: (_) @body))?)
  (do_block)? @body) @definition.function
  (#match? @definition.function "^defp?\\b")
  (#not-any-of? @name "when" "unquote"))
((call
  (arguments
    . [
      (identifier) @name
      (call target: (identifier) @name)
      (binary_operator left: (identifier) @name operator: "when")
      (binary_operator left: (call target: (identifier) @name) operator: "when")
      (binary_operator operator: _ @name)
      (binary_operator left: (binary_operator operator: _ @name) operator: "when")
    ]
    (keywords . (pair value: (_) @body))?)
  (do_block)? @body) @definition.macro
  (#match? @definition.macro "^def(macro|macrop|guard|guardp)\\b")
  (#not-any-of? @name "when" "unquote"))
((call (arguments . (call target: (identifier) @name))) @definition.function
  (#match? @definition.function "^defdelegate\\b"))
; Fields of the module's struct, of an exception and of a schema.
((call
  (arguments
    [
      (list (atom) @name)
      (list (keywords (pair key: (keyword) @name)))
      (keywords (pair key: (keyword) @name))
    ])) @definition.field
  (#match? @definition.field "^def(struct|exception)\\b"))
((call (arguments . (atom) @name . (_))) @definition.field
  (#match? @definition.field "^(field|belongs_to|has_one|has_many|many_to_many|embeds_one|embeds_many)\\b"))
; Attributes of a module: types, callbacks, and constants.
((unary_operator
  operator: "@"
  operand: (call
    (arguments
      (binary_operator left: [(identifier) @name (call target: (identifier) @name)] operator: "::")))) @definition.type
  (#match? @definition.type "^@(type|typep|opaque)\\b"))
((unary_operator
  operator: "@"
  operand: (call
    (arguments
      [
        (binary_operator left: (call target: (identifier) @name) operator: "::")
        (binary_operator left: (binary_operator left: (call target: (identifier) @name) operator: "::"))
      ]))) @definition.method
  (#match? @definition.method "^@(macro)?callback\\b"))
((unary_operator operator: "@" operand: (call target: (identifier) @name (arguments . (_) @body .))) @definition.constant
  (#not-any-of? @name
    "after_compile" "after_verify" "before_compile" "behaviour" "callback" "compile" "deprecated" "derive" "describetag"
    "dialyzer" "doc" "enforce_keys" "external_resource" "impl" "macrocallback" "moduledoc" "moduletag" "on_definition"
    "on_load" "opaque" "optional_callbacks" "since" "spec" "tag" "type" "typedoc" "typep" "vsn"))
(anonymous_function) @locals
