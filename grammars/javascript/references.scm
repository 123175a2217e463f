; What a name in JavaScript is; TypeScript and TSX inherit it, so no rule may name a node that only JavaScript has: `_`
; stands for those.
((identifier) @ignore (#any-of? @ignore "arguments" "require" "module" "exports"))
; Variables of the module that are no definitions hold what `require` gives.
(program (lexical_declaration (variable_declarator name: (identifier) @reference.value)))
(program (variable_declaration (variable_declarator name: (identifier) @reference.value)))
(program
  (lexical_declaration
    (variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @reference.value))))
(program
  (lexical_declaration
    (variable_declarator name: (object_pattern (pair_pattern value: (identifier) @reference.value)))))
(program
  (variable_declaration
    (variable_declarator name: (object_pattern (shorthand_property_identifier_pattern) @reference.value))))
(variable_declarator name: (identifier) @local)
(shorthand_property_identifier_pattern) @local
(pair_pattern value: (identifier) @local)
(array_pattern (identifier) @local)
(rest_pattern (identifier) @local)
(assignment_pattern left: (identifier) @local)
(arrow_function parameter: (identifier) @local)
(for_in_statement left: (identifier) @local)
(catch_clause parameter: (identifier) @local)
(function_expression name: (identifier) @local)
(generator_function name: (identifier) @local)
(decorator (identifier) @reference.call)
(decorator (member_expression property: (property_identifier) @reference.method))
(call_expression function: (identifier) @reference.call)
(call_expression function: (member_expression property: (property_identifier) @reference.method))
(call_expression function: (member_expression property: (private_property_identifier) @reference.method))
(new_expression constructor: (identifier) @reference.call)
(new_expression constructor: (member_expression property: (property_identifier) @reference.call))
; What a class extends, and parameters: the node between is another one in TypeScript.
(class_declaration (_ (identifier) @reference.inherit))
(class_declaration (_ (member_expression property: (property_identifier) @reference.inherit)))
(class (_ (identifier) @reference.inherit))
(class (_ (member_expression property: (property_identifier) @reference.inherit)))
(computed_property_name (identifier) @reference.value)
(function_declaration (_ (identifier) @local))
(generator_function_declaration (_ (identifier) @local))
(function_expression (_ (identifier) @local))
(generator_function (_ (identifier) @local))
(method_definition (_ (identifier) @local))
; A name directly in the expression that an arrow function gives is a use, any other two levels below it a parameter.
[
  (member_expression (identifier) @reference.value)
  (subscript_expression (identifier) @reference.value)
  (binary_expression (identifier) @reference.value)
  (unary_expression (identifier) @reference.value)
  (update_expression (identifier) @reference.value)
  (ternary_expression (identifier) @reference.value)
  (await_expression (identifier) @reference.value)
  (parenthesized_expression (identifier) @reference.value)
  (array (identifier) @reference.value)
  (assignment_expression (identifier) @reference.value)
  (augmented_assignment_expression (identifier) @reference.value)
]
(export_specifier name: (identifier) @reference.value)
(export_specifier alias: (identifier) @ignore)
; The only names left in a field of that name are those of elements; those of HTML and SVG are not defined anywhere.
(_
  name: (identifier) @ignore
  (#any-of? @ignore
    "a" "article" "aside" "audio" "b" "blockquote" "body" "br" "button" "canvas" "caption" "circle" "code" "col" "dd"
    "defs" "details" "dialog" "div" "dl" "dt" "em" "fieldset" "figcaption" "figure" "footer" "form" "g" "h1" "h2" "h3"
    "h4" "h5" "h6" "head" "header" "hr" "html" "i" "iframe" "img" "input" "label" "legend" "li" "line" "link" "main"
    "mark" "meta" "nav" "ol" "optgroup" "option" "p" "path" "picture" "polygon" "pre" "progress" "rect" "s" "script"
    "section" "select" "slot" "small" "source" "span" "strong" "style" "sub" "summary" "sup" "svg" "table" "tbody" "td"
    "template" "text" "textarea" "tfoot" "th" "thead" "time" "title" "tr" "u" "ul" "use" "video"))
(_ name: (identifier) @reference.call)
(arrow_function (_ (identifier) @local))
(shorthand_property_identifier) @reference.value
(property_identifier) @reference.member
(private_property_identifier) @reference.member
(identifier) @reference.value
