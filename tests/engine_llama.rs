//! llama.cpp with the model that ships: completion, reuse, cancel, speculation, faults, memory, adapters.
#![cfg(feature = "llama")]

#[path = "engine_llama/background.rs"]
mod background;
#[path = "engine_llama/cancels.rs"]
mod cancels;
#[path = "engine_llama/chat.rs"]
mod chat;
#[path = "engine_llama/completes.rs"]
mod completes;
#[path = "engine_llama/embeds.rs"]
mod embeds;
#[path = "engine_llama/faults.rs"]
mod faults;
#[path = "engine_llama/gguf.rs"]
mod gguf;
#[path = "engine_llama/lora.rs"]
mod lora;
#[path = "engine_llama/memory.rs"]
mod memory;
#[path = "engine_llama/sleeps.rs"]
mod sleeps;
#[path = "engine_llama/speculates.rs"]
mod speculates;
#[path = "engine_llama/support.rs"]
mod support;
#[path = "support/synth.rs"]
mod synth;
