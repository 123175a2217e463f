; What C# files bring in: namespaces, the members of a type with `static`, aliases.
(using_directive !name (_) @import.path) @import
(using_directive name: (identifier) @import.name "=" (_) @import.path) @import
