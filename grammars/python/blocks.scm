; Brackets of Python: all of them hold items; blocks go by indentation.
(argument_list) @list
(parameters) @list
(dictionary) @list
(set) @list
(list) @list
(tuple) @list
