//! Plans for one model on one machine, from what is wanted down to what is least of use: fewer prompts kept ready, a shorter
//! context, a quantised key-value cache, fewer layers on the GPU, the CPU alone. Each step down is a sentence.

use serde::{Deserialize, Serialize};

use super::machine::{Machine, gibibytes};
use super::{CPU_BATCH, GPU_BATCH, MOST_CANDIDATES, MOST_SLOTS};
use crate::config::KvType;
use crate::models::size::{Need, Shape, Usage, Weights, can_hold, need};

/// Below this a prompt has no room for what a completion needs; a shorter wish stays as it is.
const LEAST_WINDOW: u32 = 1024;

/// Memory that sequences beyond the first may take together, in bytes.
const SLOT_MEMORY: u64 = 512 << 20;

/// Of the machine's memory so much stays with others, in percent of what is available.
const MEMORY_MARGIN: u64 = 10;

/// What a user and a model's training ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Most tokens of a prompt and its generation.
    pub window: u32,
    /// The user named the window, or the layers: neither is changed.
    pub is_window_fixed: bool,
    pub gpu_layers: Option<u32>,
    pub kv_type: KvType,
    /// None lets llama.cpp decide, which takes it where it can.
    pub flash_attention: Option<bool>,
    /// Most tokens that a job has generated.
    pub generated: u32,
}

/// The sizes of a model in use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Most tokens of a prompt and its generation.
    pub window: u32,
    /// Sequences for lanes; those for further candidates come after them.
    pub slots: u32,
    /// Cells of the key-value cache.
    pub cells: u32,
    /// All sequences share the cells. Otherwise each has its own: a decode then does not walk over those of others, which
    /// costs a small model a tenth of its speed, but all sequences need the memory of a whole window.
    pub is_shared: bool,
    pub kv_type: KvType,
    pub batch: u32,
    /// The output counts as one. More than the model has is all.
    pub gpu_layers: u32,
    pub need: Need,
}

/// A plan, and what is less about it than what was wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub plan: Plan,
    /// Prompts that are kept ready where each of them is small.
    pub most_slots: u32,
    pub lowered: Vec<String>,
}

/// No plan fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TooLarge {
    /// Bytes that the smallest plan needs of the machine's memory, and what there is.
    pub needed: u64,
    pub available: u64,
}

impl std::fmt::Display for TooLarge {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "it needs {} of memory at least and {} can be had: the machine would crawl",
            gibibytes(self.needed),
            gibibytes(self.available)
        )
    }
}

impl std::error::Error for TooLarge {}

/// How cells are laid out for a window and so many prompts.
fn lay_out(shape: &Shape, window: u32, most_slots: u32, kv_type: KvType, generated: u32) -> (u32, u32, bool) {
    let usage =
        Usage { cells: window, sequences: 1, is_shared: true, kv_type, batch: 1, gpu_layers: 0, flash_attention: true };
    let window_bytes = need(shape, &Weights::default(), &usage).kv().max(1);
    let others = u64::from(most_slots + MOST_CANDIDATES - 1);
    let is_shared = window_bytes.saturating_mul(others) > SLOT_MEMORY;
    if !is_shared {
        let cells = window.next_multiple_of(256).saturating_mul(most_slots + MOST_CANDIDATES - 1);
        return (most_slots, cells, false);
    }
    let slots = (1 + SLOT_MEMORY / window_bytes).min(u64::from(most_slots)) as u32;
    let spill = MOST_CANDIDATES * generated.min(window);
    // llama.cpp wants multiples of 256.
    (slots, (slots * window).saturating_add(spill).next_multiple_of(256), true)
}

impl Plan {
    pub fn new(shape: &Shape, weights: &Weights, wish: &Wish, most_slots: u32, gpu_layers: u32) -> Self {
        let window = wish.window.clamp(128, 1 << 20);
        let (slots, cells, is_shared) = lay_out(shape, window, most_slots, wish.kv_type, wish.generated);
        let batch = if gpu_layers > 0 { GPU_BATCH } else { CPU_BATCH };
        let mut plan =
            Self { window, slots, cells, is_shared, kv_type: wish.kv_type, batch, gpu_layers, need: Need::default() };
        plan.need = need(shape, weights, &plan.usage(wish.flash_attention));
        plan
    }

    pub fn usage(&self, flash_attention: Option<bool>) -> Usage {
        Usage {
            cells: self.cells,
            sequences: self.slots + MOST_CANDIDATES - 1,
            is_shared: self.is_shared,
            kv_type: self.kv_type,
            batch: self.batch,
            gpu_layers: self.gpu_layers,
            flash_attention: flash_attention.unwrap_or(true),
        }
    }

    fn fits(&self, machine: &Machine) -> bool {
        self.fits_gpus(machine) && self.fits_memory(machine)
    }

    fn fits_gpus(&self, machine: &Machine) -> bool {
        // Each device computes in buffers of its own.
        let more = self.need.gpu.compute.saturating_mul(machine.gpus.len().saturating_sub(1) as u64);
        self.gpu_layers == 0 || self.need.gpu.total().saturating_add(more) <= machine.usable_on_gpus()
    }

    fn fits_memory(&self, machine: &Machine) -> bool {
        machine.available.is_none_or(|available| self.memory(machine) <= available / 100 * (100 - MEMORY_MARGIN))
    }

    /// Bytes of the machine's own memory.
    pub fn memory(&self, machine: &Machine) -> u64 {
        let own = self.need.cpu.total();
        if self.gpu_layers > 0 && machine.is_shared() { own.saturating_add(self.need.gpu.total()) } else { own }
    }
}

/// The plans to try, one after another: the first fits by the formula, the others are smaller, for when an allocation fails
/// all the same. Where the user named layers or a window, these are in all of them, fit or not, and a sentence says so.
///
/// # Errors
/// When not even the smallest fits, and the user did not insist.
pub fn ladder(shape: &Shape, weights: &Weights, wish: &Wish, machine: &Machine) -> Result<Vec<Step>, TooLarge> {
    let all = shape.layers + 1;
    let has_gpu = !machine.gpus.is_empty();
    let wanted = if has_gpu { wish.gpu_layers.unwrap_or(all).min(all) } else { 0 };
    let mut steps = Vec::new();
    for (wish, most_slots, mut lowered) in wishes(shape, wish) {
        let plan = Plan::new(shape, weights, &wish, most_slots, wanted);
        if plan.slots < MOST_SLOTS && most_slots < MOST_SLOTS {
            lowered.insert(0, ready(plan.slots));
        }
        steps.push(Step { plan, most_slots, lowered });
    }
    steps.dedup_by(|next, before| next.plan == before.plan);
    if wish.gpu_layers.is_none() && has_gpu {
        // One prompt with as many layers as fit, then with half of them, then with none: of a cache that is divided like
        // the layers a shorter one gains little.
        let at = |gpu_layers| Plan::new(shape, weights, wish, 1, gpu_layers);
        let most = (1..all).rev().find(|layers| at(*layers).fits(machine)).unwrap_or(0);
        for layers in [most, most / 2].into_iter().filter(|layers| *layers > 1) {
            let on_gpu = format!(
                "{layers} of {all} layers are on the GPU, which has {} free; the CPU computes the others",
                gibibytes(machine.gpus.iter().map(|gpu| gpu.free).sum())
            );
            steps.push(Step { plan: at(layers), most_slots: 1, lowered: vec![on_gpu, ready(at(layers).slots)] });
        }
        for (wish, most_slots, mut lowered) in wishes(shape, wish) {
            lowered.insert(0, "everything is on the CPU: the GPU has too little free memory".to_owned());
            steps.push(Step { plan: Plan::new(shape, weights, &wish, most_slots, 0), most_slots, lowered });
        }
    }
    let smallest = steps.iter().map(|step| step.plan.memory(machine)).min().unwrap_or(0);
    let all_steps = steps.clone();
    steps.retain(|step| step.plan.fits(machine));
    if !steps.is_empty() {
        return Ok(steps);
    }
    let insists = wish.is_window_fixed || wish.gpu_layers.is_some();
    let available = machine.available.unwrap_or(0);
    if !insists {
        return Err(TooLarge { needed: smallest, available });
    }
    let mut first = all_steps;
    first.truncate(1);
    for step in &mut first {
        step.lowered.push(format!(
            "this needs {} on the GPU and {} of memory, more than is free: it is tried because engine.contextTokens or \
             engine.gpuLayers asks for it",
            gibibytes(step.plan.need.gpu.total()),
            gibibytes(step.plan.need.cpu.total())
        ));
    }
    Ok(first)
}

fn ready(slots: u32) -> String {
    format!("{slots} of {MOST_SLOTS} prompts are kept ready: returning to a place costs its prompt anew")
}

/// A wish and smaller ones: fewer prompts, then shorter windows, then smaller types of cache.
fn wishes(shape: &Shape, wish: &Wish) -> Vec<(Wish, u32, Vec<String>)> {
    let mut list: Vec<(Wish, u32, Vec<String>)> =
        [MOST_SLOTS, 2, 1].into_iter().map(|slots| (*wish, slots, Vec::new())).collect();
    let mut shorter = *wish;
    while !wish.is_window_fixed && shorter.window / 2 >= LEAST_WINDOW {
        shorter.window /= 2;
        list.push((shorter, 1, vec![window_words(wish, &shorter)]));
    }
    for kind in [KvType::Q8_0, KvType::Q4_0] {
        let is_smaller = (kind as u8) > (wish.kv_type as u8);
        if is_smaller && can_hold(shape, kind) && wish.flash_attention != Some(false) {
            let smaller = Wish { kv_type: kind, ..shorter };
            let name = if kind == KvType::Q8_0 { "q8_0" } else { "q4_0" };
            let mut words = vec![format!("keys and values are kept as {name}, which is slower to read on a CPU")];
            if shorter.window < wish.window {
                words.push(window_words(wish, &shorter));
            }
            list.push((smaller, 1, words));
        }
    }
    list
}

fn window_words(wish: &Wish, shorter: &Wish) -> String {
    format!("the context has {} tokens in place of {}", shorter.window, wish.window)
}
