; What style sheets bring in.
(import_statement . (string_value) @import.path) @import
(import_statement . (call_expression (arguments . (_) @import.path))) @import
