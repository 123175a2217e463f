; What a name in Go is. What the language itself provides is no reference; functions that programs often define
; themselves (`min`, `close`, `copy`) are.
((identifier) @ignore
  (#any-of? @ignore
    "_" "bool" "byte" "complex64" "complex128" "float32" "float64" "int" "int8" "int16" "int32" "int64" "rune" "string"
    "uint" "uint8" "uint16" "uint32" "uint64" "uintptr"))
(package_clause (package_identifier) @ignore)
(function_type (parameter_list (parameter_declaration name: (identifier) @ignore)))
(function_type (parameter_list (variadic_parameter_declaration name: (identifier) @ignore)))
(type_spec (type_parameter_list (type_parameter_declaration name: (identifier) @ignore)))
(type_alias (type_parameter_list (type_parameter_declaration name: (identifier) @ignore)))
(type_parameter_declaration name: (identifier) @local)
(parameter_declaration name: (identifier) @local)
(variadic_parameter_declaration name: (identifier) @local)
(short_var_declaration left: (expression_list (identifier) @local))
(range_clause left: (expression_list (identifier) @local))
(receive_statement left: (expression_list (identifier) @local))
(type_switch_statement alias: (expression_list (identifier) @local))
(var_spec name: (identifier) @local)
(const_spec (identifier) @local)
(call_expression
  function: (identifier) @ignore
  (#any-of? @ignore "append" "cap" "len" "make" "new" "panic" "recover"))
(call_expression function: (identifier) @reference.call)
(call_expression function: (selector_expression field: (field_identifier) @reference.method))
(call_expression function: (type_instantiation_expression type: (type_identifier) @reference.call))
(call_expression function: (index_expression operand: (identifier) @reference.call))
(call_expression
  function: (index_expression operand: (selector_expression field: (field_identifier) @reference.method)))
(type_conversion_expression type: (generic_type type: (type_identifier) @reference.call))
((type_identifier) @ignore
  (#any-of? @ignore
    "any" "bool" "byte" "comparable" "complex64" "complex128" "error" "float32" "float64" "int" "int8" "int16" "int32"
    "int64" "rune" "string" "uint" "uint8" "uint16" "uint32" "uint64" "uintptr"))
(interface_type (type_elem (type_identifier) @reference.inherit))
(interface_type (type_elem (qualified_type name: (type_identifier) @reference.inherit)))
(interface_type (type_elem (generic_type type: (type_identifier) @reference.inherit)))
(type_identifier) @reference.type
(keyed_element key: (literal_element (identifier) @reference.member))
(selector_expression field: (field_identifier) @reference.member)
(package_identifier) @reference.value
(identifier) @reference.value
