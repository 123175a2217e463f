//! llama.cpp with the model that ships: completion, reuse, cancel, speculation, faults.
#![cfg(feature = "llama")]

#[path = "engine_llama/completes.rs"]
mod completes;
#[path = "engine_llama/support.rs"]
mod support;
