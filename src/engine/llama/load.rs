//! Loads a model and makes its context: sizes chosen from the model and the machine, failures as sentences with the way
//! out. Runs on the worker's thread.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::context::params::{KvCacheType, LlamaContextParams};
use llama_cpp_2::model::LlamaModel;
use llama_cpp_2::model::params::LlamaModelParams;
use llama_cpp_sys_2 as sys;

use super::backend::{backend, collect_complaints, reason_of};
use super::{ModelConfig, starter};
use crate::config::KvType;
use crate::engine::fim::ModelIdentity;
use crate::models::fit::{CPU_BATCH, GPU_BATCH, MOST_CANDIDATES, Plan, Step};

/// Tokens of a window beyond its prompt and what is generated.
pub(super) const HEADROOM: u32 = 64;

const WAY_OUT: &str = "Completions go on with the lookup engine";

/// The sizes of a context.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ContextPlan {
    /// Most tokens of a prompt and its generation.
    pub window: u32,
    /// Sequences for lanes; those for further candidates come after them.
    pub slots: u32,
    /// Cells of the KV cache.
    pub cells: u32,
    /// All sequences share the cells. Otherwise each has its own: a decode then does not walk over those of others,
    /// which costs a small model a tenth of its speed, but all sequences need the memory of a whole window.
    pub shared: bool,
    pub batch: u32,
    pub threads: u32,
    /// Bytes of all cells.
    pub kv_bytes: u64,
}

/// Where the file is. Writes the built-in starter to the cache first when it is wanted.
pub(super) fn locate(config: &ModelConfig) -> Result<PathBuf, String> {
    match &config.model {
        Some(path) => Ok(path.clone()),
        None => starter::materialize(&config.cache_directory).map_err(|error| {
            format!(
                "the starter model cannot be written to {}: {error:#}. Make the directory writable or set engine.model \
                 to a GGUF file. {WAY_OUT}",
                config.cache_directory.display()
            )
        }),
    }
}

/// Why a model cannot be loaded, and what becomes of completions.
pub(super) fn sentence(path: &Path, reason: &str) -> String {
    format!("the model {} cannot be loaded: {reason}. {WAY_OUT}", path.display())
}

/// Loads the weights of a file that was looked at, its layers on these of llama.cpp's devices. `progress` is called with 0.0
/// to 1.0 and may stop the load by returning false.
pub(super) fn model(
    path: &Path,
    config: &ModelConfig,
    devices: &[usize],
    progress: impl FnMut(f32) -> bool + 'static,
) -> Result<LlamaModel, String> {
    if path.to_str().is_none_or(|text| text.contains('\0')) {
        return Err(sentence(path, "its path is not valid UTF-8; move the file"));
    }
    let backend = backend().map_err(|error| sentence(path, &error))?;
    let parameters = LlamaModelParams::default().with_progress_callback(progress);
    let mut parameters = parameters.with_devices(devices).map_err(|error| sentence(path, &error.to_string()))?;
    if let Some(layers) = config.gpu_layers {
        parameters = parameters.with_n_gpu_layers(layers);
    }
    let (model, complaints) = collect_complaints(|| LlamaModel::load_from_file(backend, path, &parameters));
    let model = model.map_err(|error| {
        let reason = reason_of(&complaints).unwrap_or_else(|| error.to_string());
        sentence(path, &format!("{reason}; choose another model or download it again (engine.model)"))
    })?;
    if model.vocab().n_tokens() <= 0 {
        return Err(sentence(path, "it has no vocabulary; choose another model (engine.model)"));
    }
    Ok(model)
}

/// What the model says of itself, for the choice of its prompt format.
pub(super) fn identity(model: &LlamaModel, path: &Path) -> ModelIdentity {
    let text = |key: &str| model.meta_val_str(key).ok();
    ModelIdentity {
        name: text("general.name").unwrap_or_default(),
        basename: text("general.basename").unwrap_or_default(),
        architecture: text("general.architecture").unwrap_or_default(),
        file_stem: path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default(),
        layout: text("tandem.fim.layout"),
        tokens: Default::default(),
    }
}

/// The context of a plan.
pub(super) fn context_plan(plan: &Plan, config: &ModelConfig) -> ContextPlan {
    ContextPlan {
        window: plan.window,
        slots: plan.slots,
        cells: plan.cells,
        shared: plan.is_shared,
        batch: plan.batch,
        threads: threads(config),
        kv_bytes: plan.need.kv(),
    }
}

/// The sizes of a context for conversations, one at a time.
pub(super) fn chat_plan(config: &ModelConfig, window: u32, kv_bytes: u64) -> ContextPlan {
    let cells = window.next_multiple_of(256);
    ContextPlan {
        window,
        slots: 1,
        cells,
        shared: true,
        batch: if config.gpu_layers == Some(0) { CPU_BATCH } else { GPU_BATCH },
        threads: threads(config),
        kv_bytes,
    }
}

/// Sequences of a context: those of lanes, and those that further candidates take while they are written.
pub(super) fn sequences(plan: &ContextPlan) -> u32 {
    plan.slots + MOST_CANDIDATES - 1
}

/// Compute threads.
pub(super) fn threads(config: &ModelConfig) -> u32 {
    if config.threads > 0 { config.threads } else { default_threads() }
}

/// Makes a context and lets it go: whether there is memory for it.
pub(super) fn try_context(model: &LlamaModel, config: &ModelConfig, step: &Step) -> Result<(), String> {
    context(model, config, &context_plan(&step.plan, config)).map(drop)
}

pub(super) fn kv_cache_type(kind: KvType) -> KvCacheType {
    match kind {
        KvType::F16 => KvCacheType::F16,
        KvType::Q8_0 => KvCacheType::Q8_0,
        KvType::Q4_0 => KvCacheType::Q4_0,
    }
}

pub(super) fn flash_attention_policy(wanted: Option<bool>) -> sys::llama_flash_attn_type {
    match wanted {
        None => sys::LLAMA_FLASH_ATTN_TYPE_AUTO,
        Some(true) => sys::LLAMA_FLASH_ATTN_TYPE_ENABLED,
        Some(false) => sys::LLAMA_FLASH_ATTN_TYPE_DISABLED,
    }
}

/// Making contexts concurrently is a data race inside llama.cpp.
pub(super) static MAKING: Mutex<()> = Mutex::new(());

#[cfg(test)]
thread_local! {
    /// Contexts that this thread can still make; for tests in which there is no memory for one more.
    pub(super) static CONTEXTS_LEFT: std::cell::Cell<Option<u32>> = const { std::cell::Cell::new(None) };
}

/// # Errors
/// A sentence for the user, which ends without a full stop.
pub(super) fn context<'m>(
    model: &'m LlamaModel,
    config: &ModelConfig,
    plan: &ContextPlan,
) -> Result<LlamaContext<'m>, String> {
    let backend = backend()?;
    let kind = kv_cache_type(config.kv_type);
    let parameters = LlamaContextParams::default()
        .with_n_ctx(NonZeroU32::new(plan.cells))
        .with_n_batch(plan.batch)
        .with_n_ubatch(plan.batch)
        .with_n_seq_max(sequences(plan))
        .with_kv_unified(plan.shared)
        // Sliding-window models otherwise forget the cells that prefix reuse needs.
        .with_swa_full(true)
        .with_no_perf(true)
        .with_n_threads(plan.threads as i32)
        .with_n_threads_batch(plan.threads as i32)
        .with_flash_attention_policy(flash_attention_policy(config.flash_attention))
        .with_type_k(kind)
        .with_type_v(kind);
    let (context, complaints) = collect_complaints(|| {
        let _making = MAKING.lock();
        #[cfg(test)]
        match CONTEXTS_LEFT.get() {
            Some(0) => return Err(llama_cpp_2::LlamaContextLoadError::NullReturn),
            left => CONTEXTS_LEFT.set(left.map(|left| left - 1)),
        }
        model.new_context(backend, parameters)
    });
    context.map_err(|error| {
        let reason = reason_of(&complaints).unwrap_or_else(|| error.to_string());
        let way_out = if config.flash_attention == Some(false) && config.kv_type != KvType::F16 {
            "a quantised KV cache needs flash attention: remove engine.flashAttention or set engine.kvType to f16"
        } else {
            "there may be too little memory: lower engine.contextTokens or choose a smaller model (engine.model)"
        };
        format!("llama.cpp cannot make a context of {} tokens: {reason}; {way_out}. {WAY_OUT}", plan.cells)
    })
}

/// One less than the physical cores: with all of them ggml's barriers collapse as soon as anything else runs.
pub(super) fn default_threads() -> u32 {
    let logical = std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
    let cores = physical_cores().unwrap_or(logical).min(logical);
    (cores - 1).clamp(1, 16)
}

/// Distinct sets of sibling threads, as Linux lists them.
fn physical_cores() -> Option<u32> {
    let mut cores = std::collections::HashSet::new();
    for entry in std::fs::read_dir("/sys/devices/system/cpu").ok()?.flatten() {
        if let Ok(siblings) = std::fs::read_to_string(entry.path().join("topology/thread_siblings_list")) {
            cores.insert(siblings);
        }
    }
    u32::try_from(cores.len()).ok().filter(|count| *count > 0)
}
