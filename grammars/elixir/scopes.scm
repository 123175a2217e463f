; Scopes of Elixir: whatever has a `do` block. What `def` and its relatives make has a name.
((call
  (arguments
    . [
      (alias) @scope.name
      (identifier) @scope.name
      (call target: (identifier) @scope.name)
      (binary_operator left: (identifier) @scope.name operator: "when")
      (binary_operator left: (call target: (identifier) @scope.name) operator: "when")
      (binary_operator operator: _ @scope.name)
    ])
  (do_block) @scope.body) @scope
  (#match? @scope "^def")
  (#not-eq? @scope.name "when"))
((call
  (arguments
    . [
      (identifier) @scope.name
      (call target: (identifier) @scope.name)
      (binary_operator left: (identifier) @scope.name operator: "when")
      (binary_operator left: (call target: (identifier) @scope.name) operator: "when")
      (binary_operator operator: _ @scope.name)
    ]
    (keywords . (pair value: (_) @scope.body))) .) @scope
  (#match? @scope "^def(p|macro|macrop)?\\b")
  (#not-eq? @scope.name "when"))
(call (do_block) @scope.body) @scope
(anonymous_function) @scope
