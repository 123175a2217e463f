; What HTML files bring in: scripts, and what `link` names. `@body` and `@name` only ask for the tag and the attribute.
((script_element
  (start_tag
    (attribute
      (attribute_name) @name
      [(attribute_value) @import.path (quoted_attribute_value (attribute_value) @import.path)])) @import)
  (#match? @name "^[sS][rR][cC]$"))
((element
  [
    (start_tag
      (tag_name) @body
      (attribute
        (attribute_name) @name
        [(attribute_value) @import.path (quoted_attribute_value (attribute_value) @import.path)]))
    (self_closing_tag
      (tag_name) @body
      (attribute
        (attribute_name) @name
        [(attribute_value) @import.path (quoted_attribute_value (attribute_value) @import.path)]))
  ] @import)
  (#match? @body "^[lL][iI][nN][kK]$")
  (#match? @name "^[hH][rR][eE][fF]$"))
