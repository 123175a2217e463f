//! Adapters: checked against the model's header, then loaded before the first context exists.

use std::path::Path;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::model::{LlamaLoraAdapter, LlamaModel};

use super::backend::{collect_complaints, reason_of};
use crate::models::gguf::{self, Header};
use crate::models::lora::{self, Found};

/// An adapter of a loaded model, which it lives as long as.
pub(super) struct Adapter {
    adapter: LlamaLoraAdapter,
    /// 1.0 is what it was trained as.
    scale: f32,
}

impl Adapter {
    /// Makes a context use it. Each new context has to be told.
    ///
    /// # Errors
    /// A sentence when llama.cpp refuses.
    pub fn apply(&mut self, context: &mut LlamaContext<'_>) -> Result<(), String> {
        context
            .lora_adapter_set(&mut self.adapter, self.scale)
            .map_err(|error| format!("the adapter cannot be used: {error}; remove engine.lora"))
    }
}

/// Looks at an adapter's file before llama.cpp does.
///
/// # Errors
/// What is wrong, and the way out.
pub(super) fn check(file: &Path, model: &Header) -> Result<Found, String> {
    let header = gguf::read(file).map_err(|error| format!("{error:#}").replace("engine.model", "engine.lora"))?;
    lora::check(&header, model)
}

/// # Errors
/// What llama.cpp complained of.
pub(super) fn load(model: &mut LlamaModel, file: &Path, percent: u32) -> Result<Adapter, String> {
    if file.to_str().is_none_or(|text| text.contains('\0')) {
        return Err("its path is not valid UTF-8; move the file".to_owned());
    }
    let (adapter, complaints) = collect_complaints(|| model.lora_adapter_init(file));
    let adapter = adapter.map_err(|error| {
        let reason = reason_of(&complaints).unwrap_or_else(|| error.to_string());
        format!("{reason}; correct or remove engine.lora")
    })?;
    Ok(Adapter { adapter, scale: percent as f32 / 100.0 })
}
