//! The engine host: one process per user and model that owns llama.cpp and serves every editor window.
