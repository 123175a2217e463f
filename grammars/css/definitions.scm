; What style sheets define. A rule is named by the class or id that it styles, which is the last of its selector; where
; there is none, by the whole selector. A rule with several selectors is a definition for each.
(rule_set (selectors (class_selector (class_name) @name)) (block) @body) @definition.selector
(rule_set (selectors (id_selector (id_name) @name)) (block) @body) @definition.selector
; The last of a chain: `.a > .b`.
(rule_set (selectors (_ (class_selector (class_name) @name) .)) (block) @body) @definition.selector
(rule_set (selectors (_ (id_selector (id_name) @name) .)) (block) @body) @definition.selector
; With a pseudo-class, a pseudo-element or an attribute behind it: these stand around the whole chain.
(rule_set
  (selectors
    [
      (pseudo_class_selector . (class_selector (class_name) @name))
      (pseudo_class_selector . (id_selector (id_name) @name))
      (pseudo_class_selector . (_ (class_selector (class_name) @name) .) . (_))
      (pseudo_class_selector . (_ (id_selector (id_name) @name) .) . (_))
      (pseudo_element_selector . (class_selector (class_name) @name))
      (pseudo_element_selector . (id_selector (id_name) @name))
      (pseudo_element_selector . (_ (class_selector (class_name) @name) .) . (_))
      (pseudo_element_selector . (pseudo_class_selector . (class_selector (class_name) @name)))
      (pseudo_class_selector . (pseudo_class_selector . (class_selector (class_name) @name)))
      (attribute_selector . (class_selector (class_name) @name))
      (attribute_selector . (id_selector (id_name) @name))
      (attribute_selector . (_ (class_selector (class_name) @name) .) . (_))
    ])
  (block) @body) @definition.selector
((rule_set (selectors (_) @name) (block) @body) @definition.selector
  (#not-match? @name "[.#][A-Za-z_-]"))
((rule_set (selectors (_) @name) (block) @body) @definition.selector
  (#match? @name "[.#].*[\\s>+~][A-Za-z*&:\\[][^\\s.#>+~()]*(\\([^)]*\\))?$"))
(keyframes_statement (keyframes_name) @name (keyframe_block_list) @body) @definition.selector
((declaration (property_name) @name . (_) @body) @definition.variable
  (#match? @name "^--"))
((at_rule (at_keyword) (keyword_query) @name (block) @body) @definition.variable
  (#match? @definition.variable "^@property\\b"))
; What holds rules.
((at_rule (at_keyword) (keyword_query) @name (block) @body) @definition.namespace
  (#match? @definition.namespace "^@layer\\b"))
((at_rule (at_keyword) . (_) @name (block) @body) @definition.namespace
  (#match? @definition.namespace "^@container\\b"))
(media_statement . (_) @name (block) @body) @definition.namespace
(supports_statement . (_) @name (block) @body) @definition.namespace
