//! The index as a whole, on real directories.
