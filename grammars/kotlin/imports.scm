; What Kotlin files bring in: a name, or all of a package or an object (`*`).
(import (qualified_identifier) @import.path "*" @import.name) @import
(import (qualified_identifier) @import.path) @import
