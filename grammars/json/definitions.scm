; What JSON files define: their keys. One with an escape in it keeps its quotes.
(pair key: (string . (string_content) @name .) value: (_) @body) @definition.key
(pair key: (string (escape_sequence)) @name value: (_) @body) @definition.key
