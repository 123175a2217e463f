; What a name in Ruby is. A name that is no local variable is a call.
(assignment left: (identifier) @local)
(operator_assignment left: (identifier) @local)
(left_assignment_list (identifier) @local)
(destructured_left_assignment (identifier) @local)
(rest_assignment (identifier) @local)
(method_parameters (identifier) @local)
(lambda_parameters (identifier) @local)
(block_parameters (identifier) @local)
(destructured_parameter (identifier) @local)
(optional_parameter name: (identifier) @local)
(keyword_parameter name: (identifier) @local)
(splat_parameter name: (identifier) @local)
(hash_splat_parameter name: (identifier) @local)
(block_parameter name: (identifier) @local)
(for pattern: (identifier) @local)
(exception_variable (identifier) @local)
(in_clause pattern: (identifier) @local)
(match_pattern pattern: (identifier) @local)
(test_pattern pattern: (identifier) @local)
(as_pattern name: (identifier) @local)
(array_pattern (identifier) @local)
(find_pattern (identifier) @local)
(alternative_pattern (identifier) @local)
(parenthesized_pattern (identifier) @local)
(keyword_pattern value: (identifier) @local)
(keyword_pattern key: (hash_key_symbol) @local)
(call
  method: (identifier) @ignore
  (#any-of? @ignore "require" "require_relative" "require_dependency" "load" "autoload" "gem"))
(call method: (identifier) @reference.method)
(call method: (constant) @reference.method)
(alias alias: (identifier) @reference.method)
(alias alias: (setter name: (identifier) @reference.method))
(undef (identifier) @reference.method)
(superclass (constant) @reference.inherit)
(superclass (scope_resolution name: (constant) @reference.inherit))
(identifier) @reference.call
(constant) @reference.type
(instance_variable) @reference.member
(class_variable) @reference.member
(global_variable) @reference.value
