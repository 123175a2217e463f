//! How much of the model's window conversations get: what the user says, else as much as there is memory for.

use llama_cpp_2::context::LlamaContext;
use llama_cpp_2::model::LlamaModel;

use super::super::load::{self, ContextPlan};
use super::super::{ModelConfig, devices};
use crate::models::fit::Machine;
use crate::models::size::{Shape, Usage, Weights, need};

/// Percent of the memory that can be had that conversations may take: the rest is for everybody else.
const MEMORY_PERCENT: u64 = 60;
/// Tokens below which nothing of a workspace fits into a question.
const SMALLEST: u32 = 1024;
/// Windows are multiples of this, as llama.cpp's caches are.
const UNIT: u32 = 256;
/// Where nobody says how much memory there is.
const USUAL_MEMORY: u64 = 2 << 30;

/// Tokens of prompt and answer together that are tried first. The model is loaded: what it takes is not free any more.
pub fn window(model: &LlamaModel, config: &ModelConfig, shape: &Shape) -> u32 {
    let gpus = devices::choose(&config.device).gpus;
    let machine = devices::machine_with(gpus, load::threads(config), &config.life.machine);
    choose(model.n_ctx_train(), config, shape, &machine)
}

/// What the user says (0 is as much as fits), within what the model was trained on.
fn choose(trained: u32, config: &ModelConfig, shape: &Shape, machine: &Machine) -> u32 {
    let trained = trained.max(UNIT);
    if config.chat_context_tokens > 0 {
        return config.chat_context_tokens.clamp(UNIT, trained);
    }
    let fits = |units: u32| {
        let need = need(shape, &Weights::default(), &usage(config, units.saturating_mul(UNIT)));
        let memory = machine.available.unwrap_or(USUAL_MEMORY);
        let (gpu, cpu) = (need.gpu.total(), need.cpu.total());
        let own = if machine.is_shared() { gpu.saturating_add(cpu) } else { cpu };
        own <= memory / 100 * MEMORY_PERCENT && gpu <= machine.usable_on_gpus() / 100 * MEMORY_PERCENT
    };
    // More tokens never take less.
    let (mut least, mut most) = (0, trained / UNIT);
    while least < most {
        let middle = least + (most - least).div_ceil(2);
        if fits(middle) {
            least = middle;
        } else {
            most = middle - 1;
        }
    }
    let longest = if fits(trained / UNIT) { trained } else { least * UNIT };
    longest.max(SMALLEST).min(trained)
}

fn usage(config: &ModelConfig, window: u32) -> Usage {
    let plan = load::chat_plan(config, window, 0);
    Usage {
        cells: plan.cells,
        sequences: load::sequences(&plan),
        is_shared: plan.shared,
        kv_type: config.kv_type,
        batch: plan.batch,
        gpu_layers: config.gpu_layers.unwrap_or(0),
        flash_attention: config.flash_attention.unwrap_or(true),
    }
}

/// The context and its sizes. What cannot be had is halved: memory that was free may be gone.
///
/// # Errors
/// A sentence.
pub fn context<'m>(
    model: &'m LlamaModel,
    config: &ModelConfig,
    shape: &Shape,
    window: u32,
    threads: u32,
) -> Result<(LlamaContext<'m>, ContextPlan), String> {
    let mut tried = window;
    loop {
        let kv_bytes = need(shape, &Weights::default(), &usage(config, tried)).kv();
        let plan = load::chat_plan(config, tried, kv_bytes);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{CompletionSettings, EngineSettings};
    use crate::models::Catalogue;
    use crate::models::fit::Gpu;

    const GIB: u64 = 1 << 30;

    fn config(wanted: u32, gpu_layers: u32) -> ModelConfig {
        let settings =
            EngineSettings { chat_context_tokens: wanted, gpu_layers: Some(gpu_layers), ..EngineSettings::default() };
        ModelConfig::new(&settings, &CompletionSettings::default(), "/tmp".into())
    }

    fn shape() -> Shape {
        Shape::from(&Catalogue::builtin().entry("qwen2.5-coder-1.5b").unwrap().shape)
    }

    fn memory(bytes: u64) -> Machine {
        Machine { available: Some(bytes), ..Machine::default() }
    }

    #[test]
    fn the_window_is_what_the_user_says_or_what_fits() {
        let chosen = |trained, wanted, bytes| choose(trained, &config(wanted, 0), &shape(), &memory(bytes));
        assert_eq!(chosen(32_768, 0, 16 * GIB), 32_768);
        assert_eq!(chosen(32_768, 0, 1 << 20), SMALLEST);
        assert_eq!(chosen(512, 0, 16 * GIB), 512, "never more than it was trained on");
        assert_eq!(chosen(32_768, 4096, 1 << 20), 4096);
        assert_eq!(chosen(32_768, 1 << 20, 1 << 20), 32_768);
        // 28 KiB a token of keys and values, and what the attention's mask takes.
        let some = chosen(131_072, 0, 2 * GIB);
        assert!((36_000..45_000).contains(&some) && some % UNIT == 0, "{some}");
    }

    #[test]
    fn on_a_gpu_it_is_the_gpus_memory_that_counts() {
        let gpu =
            |free| Gpu { name: "CUDA0".into(), description: String::new(), free, total: 8 * GIB, is_shared: false };
        let on = |free| Machine { gpus: vec![gpu(free)], ..memory(64 * GIB) };
        let all = config(0, 29);
        assert_eq!(choose(32_768, &all, &shape(), &on(8 * GIB)), 32_768);
        let few = choose(32_768, &all, &shape(), &on(GIB + GIB / 4));
        assert!((SMALLEST..16_384).contains(&few), "{few}");
    }
}
