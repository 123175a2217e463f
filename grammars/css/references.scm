; What a name in CSS is: classes and ids beside the one that a rule styles, custom properties, animations. Words of the
; language itself are none.
(class_selector (class_name) @reference.value)
(id_selector (id_name) @reference.value)
(arguments
  (plain_value) @reference.value
  (#not-any-of? @reference.value
    "black" "currentColor" "currentcolor" "from" "in" "oklab" "srgb" "to" "transparent" "white"))
(declaration
  (plain_value) @reference.value
  (#not-any-of? @reference.value
    "absolute" "all" "auto" "baseline" "black" "block" "bold" "border-box" "both" "bottom" "capitalize" "center" "clip"
    "collapse" "column" "contain" "contents" "cover" "currentColor" "currentcolor" "dashed" "default" "dotted" "ease"
    "ease-in" "ease-in-out" "ease-out" "ellipsis" "end" "fixed" "flex" "flex-end" "flex-start" "forwards" "grid" "help"
    "hidden" "infinite" "inherit" "initial" "inline" "inline-block" "inline-flex" "italic" "left" "linear" "lowercase"
    "max-content" "min-content" "monospace" "move" "none" "normal" "nowrap" "pointer" "pre" "pre-wrap" "relative"
    "repeat" "revert" "right" "row" "sans-serif" "scroll" "serif" "solid" "space-between" "start" "static" "sticky"
    "stretch" "table" "text" "top" "transparent" "underline" "unset" "uppercase" "visible" "white" "wrap"))
