; What a name in Elixir is. A name without arguments is a variable, except behind `@`, behind `&` and in types.
((identifier) @ignore (#any-of? @ignore "_" "__MODULE__" "__STACKTRACE__" "__ENV__" "__CALLER__" "__DIR__"))
; Attributes that are no constants, and what they are about.
(unary_operator
  operand: (call
    target: (identifier) @ignore
    (#any-of? @ignore
      "after_compile" "after_verify" "before_compile" "behaviour" "callback" "compile" "deprecated" "derive"
      "describetag" "dialyzer" "doc" "enforce_keys" "external_resource" "impl" "macrocallback" "moduledoc" "moduletag"
      "on_definition" "on_load" "opaque" "optional_callbacks" "since" "spec" "tag" "type" "typedoc" "typep" "vsn")))
(unary_operator operand: (call (arguments (alias) @reference.inherit)))
(unary_operator operand: (call (arguments (tuple (alias) @reference.inherit))))
(unary_operator operand: (call (arguments (binary_operator left: (call target: (identifier) @ignore)))))
(unary_operator operand: (call (arguments (binary_operator left: (binary_operator left: (call target: (identifier) @ignore))))))
(alias) @reference.type
; Words of the language that look like calls.
(call
  target: (identifier) @ignore
  (#any-of? @ignore
    "alias" "case" "cond" "def" "defdelegate" "defexception" "defguard" "defguardp" "defimpl" "defmacro" "defmacrop"
    "defmodule" "defoverridable" "defp" "defprotocol" "defstruct" "for" "if" "import" "quote" "receive" "require" "super"
    "try" "unless" "unquote" "unquote_splicing" "use" "with"))
(call target: (identifier) @reference.call)
(call target: (dot right: (identifier) @reference.method))
(unary_operator operand: (binary_operator left: (identifier) @reference.call))
(unary_operator operand: (identifier) @reference.value)
