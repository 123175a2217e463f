; What Python files define. Decorators belong to what they decorate.
; Whether a class is an enum and whether a method is `__init__`, their own text says: a pattern that ends in a member
; captures both for the predicate, and the member counts, being the later one.
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
; Members. `self.name = …` is one where it stands in `__init__` itself.
((class_definition
  body: (block
    (expression_statement (assignment left: (identifier) @name right: (_) @body) @definition.variant))) @definition.enum
  (#match? @definition.enum "^class\\s+\\w+\\s*\\([^()]*\\b(\\w*Enum|\\w*Flag)\\b[^()]*\\)\\s*:"))
(class_definition
  body: (block (expression_statement (assignment left: (identifier) @name right: (_)? @body) @definition.field)))
((function_definition
  body: (block
    (expression_statement
      (assignment
        left: (attribute object: (identifier) attribute: (identifier) @name)
        right: (_)? @body) @definition.field))) @definition.constructor
  (#match? @definition.constructor "^(async\\s+)?def\\s+__init__\\b")
  (#match? @definition.field "^self\\."))
; Variables of the module, also those that a condition or an attempt decides.
(type_alias_statement left: (type (identifier) @name) right: (_) @body) @definition.type
(type_alias_statement left: (type (generic_type . (identifier) @name)) right: (_) @body) @definition.type
(module
  (expression_statement
    (assignment left: (identifier) @name right: (lambda body: (_) @body)) @definition.function))
((module
  (expression_statement (assignment left: (identifier) @name right: (call) @body) @definition.struct))
  (#match? @body "^(\\w+\\.)?(namedtuple|NamedTuple|TypedDict|make_dataclass)\\("))
((module
  (expression_statement (assignment left: (identifier) @name right: (call) @body) @definition.type))
  (#match? @body "^(\\w+\\.)?(NewType|TypeVar|TypeVarTuple|ParamSpec)\\("))
((module
  (expression_statement (assignment left: (identifier) @name type: (type) right: (_) @body) @definition.type))
  (#match? @definition.type "^\\w+\\s*:\\s*(\\w+\\.)?TypeAlias\\b"))
((module
  (expression_statement (assignment left: (identifier) @name right: (_)? @body) @definition.constant))
  (#match? @name "^_*[A-Z][A-Z0-9_]*$"))
(module (expression_statement (assignment left: (identifier) @name right: (_)? @body) @definition.variable))
(module
  (expression_statement
    (assignment left: (pattern_list (identifier) @name) right: (_) @body) @definition.variable))
((module
  [
    (if_statement (block (expression_statement (assignment left: (identifier) @name) @definition.constant)))
    (if_statement (_ (block (expression_statement (assignment left: (identifier) @name) @definition.constant))))
    (try_statement (block (expression_statement (assignment left: (identifier) @name) @definition.constant)))
    (try_statement (_ (block (expression_statement (assignment left: (identifier) @name) @definition.constant))))
  ])
  (#match? @name "^_*[A-Z][A-Z0-9_]*$"))
(module
  [
    (if_statement (block (expression_statement (assignment left: (identifier) @name) @definition.variable)))
    (if_statement (_ (block (expression_statement (assignment left: (identifier) @name) @definition.variable))))
    (try_statement (block (expression_statement (assignment left: (identifier) @name) @definition.variable)))
    (try_statement (_ (block (expression_statement (assignment left: (identifier) @name) @definition.variable))))
  ])
