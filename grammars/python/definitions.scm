; What Python files define. Decorators belong to what they decorate.
; Whether a class is an enum, its own text says.
((decorated_definition definition: (class_definition name: (identifier) @name body: (block) @body)) @definition.enum
  (#match? @definition.enum "^(@[^\\n]*\\n\\s*)+class\\s+\\w+\\s*\\([^()]*\\b(\\w*Enum|\\w*Flag)\\b[^()]*\\)\\s*:"))
(decorated_definition
  definition: (class_definition name: (identifier) @name body: (block) @body)) @definition.class
(decorated_definition
  definition: (function_definition name: (identifier) @name body: (block) @body)) @definition.function
((class_definition name: (identifier) @name body: (block) @body) @definition.enum
  (#match? @definition.enum "^class\\s+\\w+\\s*\\([^()]*\\b(\\w*Enum|\\w*Flag)\\b[^()]*\\)\\s*:"))
(class_definition name: (identifier) @name body: (block) @body) @definition.class
(function_definition name: (identifier) @name body: (block) @body (#eq? @name "__init__")) @definition.constructor
(function_definition name: (identifier) @name body: (block) @body) @definition.function
; Members set in a constructor.
((assignment
  left: (attribute object: (identifier) attribute: (identifier) @name)
  right: (_)? @body) @definition.field
  (#match? @definition.field "^self\\."))
; Variables of the module and of classes, whose fields and variants they are.
(type_alias_statement left: (type (identifier) @name) right: (_) @body) @definition.type
(type_alias_statement left: (type (generic_type . (identifier) @name)) right: (_) @body) @definition.type
(assignment left: (identifier) @name right: (lambda body: (_) @body)) @definition.function
((assignment left: (identifier) @name right: (call) @body) @definition.struct
  (#match? @body "^(\\w+\\.)?(namedtuple|NamedTuple|TypedDict|make_dataclass)\\("))
((assignment left: (identifier) @name right: (call) @body) @definition.type
  (#match? @body "^(\\w+\\.)?(NewType|TypeVar|TypeVarTuple|ParamSpec)\\("))
((assignment left: (identifier) @name type: (type) right: (_) @body) @definition.type
  (#match? @definition.type "^\\w+\\s*:\\s*(\\w+\\.)?TypeAlias\\b"))
((assignment left: (identifier) @name right: (_)? @body) @definition.constant
  (#match? @name "^_*[A-Z][A-Z0-9_]*$"))
(assignment left: (identifier) @name right: (_)? @body) @definition.variable
(assignment left: (pattern_list (identifier) @name) right: (_) @body) @definition.variable
(lambda) @locals
