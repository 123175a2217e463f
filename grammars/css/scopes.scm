; Scopes of CSS: rules and the at-rules that hold some.
(rule_set (selectors) @scope.name (block) @scope.body) @scope
(media_statement . (_) @scope.name (block) @scope.body) @scope
(supports_statement . (_) @scope.name (block) @scope.body) @scope
(scope_statement (block) @scope.body) @scope
(keyframes_statement (keyframes_name) @scope.name (keyframe_block_list) @scope.body) @scope
(keyframe_block . (_) @scope.name (block) @scope.body) @scope
(at_rule (at_keyword) @scope.name (block) @scope.body) @scope
(block) @scope.block
