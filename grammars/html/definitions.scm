; What HTML files define: elements that have an id. `@import` stands on the attribute here because its name must be
; asked for; without a path it is none. The body is what follows the start tag.
((element
  (start_tag
    (attribute [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]) @import)
  . (_) @body) @definition.element
  (#match? @import "^[iI][dD]\\s*="))
((element
  [
    (start_tag (attribute [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]) @import)
    (self_closing_tag (attribute [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]) @import)
  ]) @definition.element
  (#match? @import "^[iI][dD]\\s*="))
((script_element
  (start_tag (attribute [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]) @import)
  . (_) @body) @definition.element
  (#match? @import "^[iI][dD]\\s*="))
((style_element
  (start_tag (attribute [(attribute_value) @name (quoted_attribute_value (attribute_value) @name)]) @import)
  . (_) @body) @definition.element
  (#match? @import "^[iI][dD]\\s*="))
