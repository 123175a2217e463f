//! Logging and metrics. Never writes to stdout, never logs source text above `trace`.
