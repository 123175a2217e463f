//! llama.cpp on its own thread, in this process.
