//! How much of the model's window conversations get: what the user says, else as much as there is memory for.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::{LlamaBackendDeviceType, list_llama_ggml_backend_devices};

use super::super::ModelConfig;
use super::super::load::{self, ContextPlan};
use crate::config::KvType;

/// Percent of the memory that is free that the cache of a conversation may take: the rest is for its computation, for the
/// completions beside it and for everybody else.
const MEMORY_PERCENT: u64 = 50;
/// Tokens below which nothing of a workspace fits into a question.
const SMALLEST: u32 = 1024;
/// Where nobody says how much memory there is.
const USUAL_MEMORY: u64 = 2 << 30;

/// Tokens of prompt and answer together that are tried first.
pub fn window(model: &LlamaModel, config: &ModelConfig) -> u32 {
    choose(model.n_ctx_train(), config.chat_context_tokens, token_bytes(model, config.kv_type), memory(config))
}

/// `wanted` by the user, 0 for as much as fits.
fn choose(trained: u32, wanted: u32, token_bytes: u64, memory: u64) -> u32 {
    let trained = trained.max(256);
    if wanted > 0 {
        return wanted.clamp(256, trained);
    }
    let fits = u32::try_from(memory / 100 * MEMORY_PERCENT / token_bytes.max(1)).unwrap_or(u32::MAX);
    let fits = fits / 256 * 256;
    trained.min(fits.max(SMALLEST))
}

/// The context and its sizes. What cannot be had is halved: memory that was free may be gone.
///
/// # Errors
/// A sentence.
pub fn context<'m>(
    model: &'m LlamaModel,
    config: &ModelConfig,
    window: u32,
    threads: u32,
) -> Result<(LlamaContext<'m>, ContextPlan), String> {
    let mut tried = window;
    loop {
        let plan = load::chat_plan(config, tried, token_bytes(model, config.kv_type));
        let plan = ContextPlan { threads: if threads > 0 { threads } else { plan.threads }, ..plan };
        match load::context(model, config, &plan) {
            Ok(context) => {
                if tried < window {
                    tracing::warn!("there is no memory for {window} tokens of a conversation: it gets {tried}");
                }
                return Ok((context, plan));
            }
            Err(_) if tried / 2 >= SMALLEST => tried /= 2,
            Err(error) => return Err(error),
        }
    }
}

/// Bytes of one token's keys and values in all layers.
fn token_bytes(model: &LlamaModel, kind: KvType) -> u64 {
    let architecture = model.meta_val_str("general.architecture").unwrap_or_default();
    let number = |key: &str| {
        let value = model.meta_val_str(&format!("{architecture}.attention.{key}")).ok()?;
        value.parse::<u64>().ok().filter(|size| (1..=65_536).contains(size))
    };
    let head = u64::try_from(model.n_embd()).unwrap_or(0) / u64::from(model.n_head().max(1));
    let entries = number("key_length").unwrap_or(head) + number("value_length").unwrap_or(head);
    // Of 32 entries.
    let block = match kind {
        KvType::F16 => 64,
        KvType::Q8_0 => 34,
        KvType::Q4_0 => 18,
    };
    u64::from(model.n_layer()) * u64::from(model.n_head_kv().max(1)) * (entries * block).div_ceil(32)
}

/// Bytes that are free where the cache will be.
fn memory(config: &ModelConfig) -> u64 {
    let on_gpu = config.gpu_layers != Some(0);
    let gpu = list_llama_ggml_backend_devices().into_iter().find(|device| {
        matches!(device.device_type, LlamaBackendDeviceType::Gpu | LlamaBackendDeviceType::IntegratedGpu)
    });
    match gpu.filter(|_| on_gpu) {
        Some(gpu) => gpu.memory_free as u64,
        None => std::fs::read_to_string("/proc/meminfo").ok().and_then(|text| available(&text)).unwrap_or(USUAL_MEMORY),
    }
}

/// Of Linux's `/proc/meminfo`, in bytes.
fn available(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_is_what_the_user_says_or_what_fits() {
        // 28 KiB a token, as Qwen2.5-Coder 1.5B.
        let token = 28 << 10;
        assert_eq!(choose(32_768, 0, token, 16 << 30), 32_768);
        assert_eq!(choose(131_072, 0, token, 2 << 30), 37_376);
        assert_eq!(choose(32_768, 0, token, 1 << 20), SMALLEST);
        assert_eq!(choose(512, 0, token, 16 << 30), 512, "never more than it was trained on");
        assert_eq!(choose(32_768, 4096, token, 1 << 20), 4096);
        assert_eq!(choose(32_768, 1 << 20, token, 1 << 20), 32_768);
    }

    #[test]
    fn free_memory_is_read() {
        assert_eq!(available("MemTotal:  4 kB\nMemAvailable:    2048 kB\n"), Some(2 << 20));
        assert_eq!(available("MemTotal:  4 kB\n"), None);
    }
}
