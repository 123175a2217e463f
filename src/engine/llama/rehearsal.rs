//! Loads a model without its weights and makes a context without its memory: llama.cpp lays everything out and says how large
//! it would be. Takes as long as reading the vocabulary.

use std::num::NonZeroU32;
use std::path::Path;

use llama_cpp_2::context::params::LlamaContextParams;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;

use super::backend::{backend, collect, reason_of};
use super::load::{flash_attention_policy, kv_cache_type};
use crate::models::gguf;
use crate::models::size::{Reported, Usage};

/// What llama.cpp would take for this use of a model; its weights are those of the file. `devices` are llama.cpp's
/// numbers of the GPUs to use, None for all.
///
/// # Errors
/// A sentence when the model cannot be used so.
pub fn rehearse(path: &Path, usage: &Usage, devices: Option<&[usize]>) -> Result<Reported, String> {
    let sentence = |reason: &str| format!("{} cannot be tried: {reason}", path.display());
    gguf::check(path).map_err(|error| sentence(&format!("{error:#}")))?;
    if path.to_str().is_none_or(|text| text.contains('\0')) {
        return Err(sentence("its path is not valid UTF-8; move the file"));
    }
    let backend = backend().map_err(|error| sentence(&error))?;
    let mut parameters =
        LlamaModelParams::default().with_no_alloc(true).with_use_mmap(false).with_n_gpu_layers(usage.gpu_layers);
    if let Some(devices) = devices {
        parameters = parameters.with_devices(devices).map_err(|error| sentence(&error.to_string()))?;
    }
    let (tried, collected) = collect(|| {
        let model = LlamaModel::load_from_file(backend, path, &parameters).map_err(|error| error.to_string())?;
        let parameters = LlamaContextParams::default()
            .with_n_ctx(NonZeroU32::new(usage.cells))
            .with_n_batch(usage.batch)
            .with_n_ubatch(usage.batch)
            .with_n_seq_max(usage.sequences)
            .with_kv_unified(usage.is_shared)
            .with_swa_full(true)
            .with_no_perf(true)
            .with_flash_attention_policy(flash_attention_policy(Some(usage.flash_attention)))
            .with_type_k(kv_cache_type(usage.kv_type))
            .with_type_v(kv_cache_type(usage.kv_type));
        model.new_context(backend, parameters).map(drop).map_err(|error| error.to_string())
    });
    tried.map_err(|error| sentence(&reason_of(&collected.complaints).unwrap_or(error)))?;
    Ok(Reported::read(collected.sizes.iter().map(String::as_str)))
}
