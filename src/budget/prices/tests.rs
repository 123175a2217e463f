//! The shipped table, the user's file, and which row counts.
