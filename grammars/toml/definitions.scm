; What TOML files define: tables by their whole path, and keys. Tables follow each other; none stands inside of another.
(table . [(bare_key) (dotted_key) (quoted_key)] @name . [(pair) (comment)] @body) @definition.key
(table . [(bare_key) (dotted_key) (quoted_key)] @name) @definition.key
(table_array_element . [(bare_key) (dotted_key) (quoted_key)] @name . [(pair) (comment)] @body) @definition.key
(table_array_element . [(bare_key) (dotted_key) (quoted_key)] @name) @definition.key
(pair . [(bare_key) (dotted_key) (quoted_key)] @name . (_) @body) @definition.key
