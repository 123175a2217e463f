; Scopes of YAML: keys and what stands under them.
(block_mapping_pair key: (flow_node (plain_scalar) @scope.name) value: (block_node) @scope.body) @scope
(block_mapping_pair key: (flow_node (double_quote_scalar) @scope.name) value: (block_node) @scope.body) @scope
(block_mapping_pair key: (flow_node (single_quote_scalar) @scope.name) value: (block_node) @scope.body) @scope
