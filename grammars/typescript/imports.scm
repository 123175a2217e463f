; What TypeScript files bring in beyond JavaScript: `import name = require("path")`.
(import_statement (import_require_clause (identifier) @import.name source: (string) @import.path)) @import
