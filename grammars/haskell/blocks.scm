; Brackets of Haskell: blocks go by layout, so most brackets hold items; braces may stand in for the layout.
(do) @block
(alternatives) @block
(class_declarations) @block
(instance_declarations) @block
(local_binds) @block
(record) @list
(fields) @list
(list) @list
(tuple) @list
(exports) @list
(import_list) @list
