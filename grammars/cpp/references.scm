; What a name in C++ is, beyond C.
(declaration (function_declarator (parameter_list (_ (reference_declarator (identifier) @ignore)))))
(declaration (_ (function_declarator (parameter_list (_ (reference_declarator (identifier) @ignore))))))
(field_declaration (function_declarator (parameter_list (_ (reference_declarator (identifier) @ignore)))))
(field_declaration (_ (function_declarator (parameter_list (_ (reference_declarator (identifier) @ignore))))))
(destructor_name (identifier) @ignore)
(operator_name (identifier) @ignore)
(template_function
  name: (identifier) @ignore
  (#any-of? @ignore "static_cast" "dynamic_cast" "const_cast" "reinterpret_cast"))
(optional_parameter_declaration declarator: (identifier) @local)
(reference_declarator (identifier) @local)
(variadic_declarator (identifier) @local)
(structured_binding_declarator (identifier) @local)
(for_range_loop declarator: (identifier) @local)
(lambda_capture_initializer left: (identifier) @local)
(call_expression function: (qualified_identifier name: (identifier) @reference.method))
(call_expression function: (qualified_identifier name: (template_function name: (identifier) @reference.method)))
(call_expression function: (qualified_identifier name: (qualified_identifier name: (identifier) @reference.method)))
(call_expression
  function: (qualified_identifier
    name: (qualified_identifier name: (template_function name: (identifier) @reference.method))))
(call_expression
  function: (qualified_identifier
    name: (qualified_identifier name: (qualified_identifier name: (identifier) @reference.method))))
(call_expression function: (template_function name: (identifier) @reference.call))
(call_expression
  function: (field_expression field: (template_method name: (field_identifier) @reference.method)))
(call_expression
  function: (field_expression field: (dependent_name (template_method name: (field_identifier) @reference.method))))
(new_expression type: (type_identifier) @reference.call)
(new_expression type: (template_type name: (type_identifier) @reference.call))
(new_expression type: (qualified_identifier name: (type_identifier) @reference.call))
(new_expression type: (qualified_identifier name: (template_type name: (type_identifier) @reference.call)))
(base_class_clause (type_identifier) @reference.inherit)
(base_class_clause (template_type name: (type_identifier) @reference.inherit))
(base_class_clause (qualified_identifier name: (type_identifier) @reference.inherit))
(base_class_clause (qualified_identifier name: (template_type name: (type_identifier) @reference.inherit)))
(base_class_clause (qualified_identifier name: (qualified_identifier name: (type_identifier) @reference.inherit)))
(base_class_clause
  (qualified_identifier name: (qualified_identifier name: (template_type name: (type_identifier) @reference.inherit))))
(type_parameter_declaration (type_identifier) @ignore)
(variadic_type_parameter_declaration (type_identifier) @ignore)
(optional_type_parameter_declaration name: (type_identifier) @ignore)
(using_declaration (identifier) @reference.type)
(using_declaration (qualified_identifier name: (identifier) @reference.type))
(namespace_alias_definition (nested_namespace_specifier (namespace_identifier) @reference.type))
(nested_namespace_specifier (namespace_identifier) @ignore)
(namespace_identifier) @reference.type
