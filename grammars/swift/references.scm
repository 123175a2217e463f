; What a name in Swift is.
((simple_identifier) @ignore (#any-of? @ignore "self" "init" "_" "$0" "$1" "$2" "oldValue" "newValue"))
(parameter external_name: (simple_identifier) @ignore)
(parameter name: (simple_identifier) @local)
(lambda_parameter external_name: (simple_identifier) @ignore)
(lambda_parameter name: (simple_identifier) @local)
(capture_list_item name: (simple_identifier) @local)
(computed_setter (simple_identifier) @local)
(willset_clause (simple_identifier) @local)
(didset_clause (simple_identifier) @local)
(pattern bound_identifier: (simple_identifier) @local)
(if_statement bound_identifier: (simple_identifier) @local)
(guard_statement bound_identifier: (simple_identifier) @local)
(while_statement bound_identifier: (simple_identifier) @local)
(repeat_while_statement bound_identifier: (simple_identifier) @local)
; In brackets a name is bound there; alone it is a case of an enum, as is one with a dot before it.
(pattern (pattern (simple_identifier) @local))
(_ condition: (pattern (simple_identifier) @local))
(pattern (simple_identifier) @reference.member)
(value_argument_label (simple_identifier) @ignore)
(call_suffix name: (simple_identifier) @ignore)
(constructor_suffix name: (simple_identifier) @ignore)
(tuple_expression name: (simple_identifier) @ignore)
(tuple_type_item name: (simple_identifier) @ignore)
(enum_type_parameters (simple_identifier) @ignore)
(attribute (simple_identifier) @ignore)
(directive (simple_identifier) @ignore)
(availability_condition (identifier (simple_identifier) @ignore))
(precedence_group_declaration (simple_identifier) @ignore)
(precedence_group_attribute (simple_identifier) @ignore)
(inheritance_constraint constrained_type: (identifier (simple_identifier) @ignore))
(equality_constraint constrained_type: (identifier (simple_identifier) @ignore))
(type_parameter (type_identifier) @ignore)
(attribute
  (user_type
    (type_identifier) @ignore
    (#any-of? @ignore
      "available" "discardableResult" "escaping" "autoclosure" "inlinable" "main" "objc" "testable" "unknown"
      "frozen" "preconcurrency" "usableFromInline")))
(inheritance_specifier inherits_from: (user_type (type_identifier) @reference.inherit))
(type_parameter name: (user_type (type_identifier) @reference.inherit))
(inheritance_constraint (user_type (type_identifier) @reference.inherit))
(associatedtype_declaration must_inherit: (user_type (type_identifier) @reference.inherit))
(constructor_expression constructed_type: (user_type (type_identifier) @reference.call))
(call_expression (simple_identifier) @reference.call)
(call_expression (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @reference.method)))
; `.case(a)`; and the grammar reads `!f(a)` and `a + f(b)` as calls of `!f` and of `a + f`.
(call_expression (prefix_expression target: (simple_identifier) @reference.method))
(call_expression
  (prefix_expression
    target: (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @reference.method))))
(call_expression (_ rhs: (simple_identifier) @reference.call))
(call_expression
  (_ rhs: (navigation_expression suffix: (navigation_suffix suffix: (simple_identifier) @reference.method))))
(macro_invocation (simple_identifier) @reference.call)
(navigation_suffix suffix: (simple_identifier) @reference.member)
(key_path_expression (simple_identifier) @reference.member)
(type_identifier) @reference.type
(simple_identifier) @reference.value
