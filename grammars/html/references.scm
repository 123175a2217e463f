; What a name in HTML is: classes and ids in the values of attributes (a rule sees the value alone, so all but the words
; of the language count), and elements that the language does not have.
((attribute_value) @reference.value
  (#not-any-of? @reference.value
    "_blank" "_self" "alternate" "anonymous" "assertive" "async" "auto" "canonical" "checkbox" "color" "crossorigin"
    "date" "defer" "disabled" "eager" "email" "false" "file" "font" "get" "hidden" "high" "icon" "lazy" "ltr"
    "manifest" "module" "month" "multipart/form-data" "no-referrer" "nofollow" "noopener" "noreferrer" "number" "off"
    "on" "password" "polite" "post" "preconnect" "prefetch" "preload" "presentation" "radio" "range" "reset" "rtl"
    "style" "stylesheet" "submit" "tel" "text" "text/css" "text/html" "text/javascript" "time" "true" "url" "UTF-8"
    "utf-8" "viewport"))
([
  (start_tag (tag_name) @reference.type)
  (self_closing_tag (tag_name) @reference.type)
]
  (#not-any-of? @reference.type
    "a" "abbr" "address" "area" "article" "aside" "audio" "b" "base" "bdi" "bdo" "blockquote" "body" "br" "button"
    "canvas" "caption" "circle" "cite" "clipPath" "code" "col" "colgroup" "data" "datalist" "dd" "defs" "del" "details"
    "dfn" "dialog" "div" "dl" "dt" "ellipse" "em" "embed" "fieldset" "figcaption" "figure" "filter" "footer" "form" "g"
    "h1" "h2" "h3" "h4" "h5" "h6" "head" "header" "hgroup" "hr" "html" "i" "iframe" "img" "input" "ins" "kbd" "label"
    "legend" "li" "line" "linearGradient" "link" "main" "map" "mark" "marker" "mask" "math" "menu" "meta" "meter" "nav"
    "noscript" "object" "ol" "optgroup" "option" "output" "p" "path" "picture" "polygon" "polyline" "pre" "progress"
    "q" "radialGradient" "rect" "s" "samp" "script" "search" "section" "select" "slot" "small" "source" "span" "stop"
    "strong" "style" "sub" "summary" "sup" "svg" "symbol" "table" "tbody" "td" "template" "text" "textarea" "tfoot"
    "th" "thead" "time" "title" "tr" "track" "tspan" "u" "ul" "use" "var" "video" "wbr"))
