//! The protocol: the only module that names LSP types.
