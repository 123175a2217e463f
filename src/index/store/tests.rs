//! Stored indexes.
