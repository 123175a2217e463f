; Brackets of JSON: all hold items.
(object) @list
(array) @list
