; Brackets of YAML that hold items.
(flow_sequence) @list
(flow_mapping) @list
