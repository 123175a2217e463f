; What Scala files bring in. No node holds the path alone: its parts stand in the statement one by one, and a group, a
; star or a new name behind them. So the statement is the path.
(import_declaration) @import @import.path
