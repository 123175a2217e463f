//! Opens a model as large as the machine bears: the plans of `models::fit` are tried one after another, until llama.cpp could
//! allocate what one needs.

use std::path::Path;

use llama_cpp_2::model::LlamaModel;

use super::backend::{Collected, collect};
use super::lora::{self, Adapter};
use super::{ModelConfig, devices, load};
use crate::engine::fim::Fim;
use crate::engine::status::AdapterInfo;
use crate::engine::{Device, MemoryUse};
use crate::models::catalogue::{Catalogue, Role};
use crate::models::fit::{Candidate, Gpu, Machine, Plan, Step, Wish, choice, choose, ladder};
use crate::models::gguf;
use crate::models::size::{Reported, Shape, Weights};

/// Of what is available so much can be taken without a trial, in percent: memory is given out when it is written to, so an
/// allocation that is too large fails late.
const WITHOUT_TRIAL: u64 = 70;

/// The machine's own memory, as the status names it.
const CPU: &str = "CPU";

/// A model in memory, and how it is to be used.
pub(super) struct Opened {
    pub model: LlamaModel,
    /// Of the file.
    pub bytes: u64,
    /// What was asked for, made smaller where memory is short.
    pub config: ModelConfig,
    pub step: Step,
    pub shape: Shape,
    weights: Weights,
    pub gpus: Vec<Gpu>,
    pub adapter: Option<Adapter>,
    pub adapter_info: Option<AdapterInfo>,
    collected: Collected,
}

/// Loads the weights, and an adapter where one is wanted. `progress` makes a function that is called with 0.0 to 1.0 and may
/// stop the load by returning false; each try has its own.
///
/// # Errors
/// A sentence for the user when the model cannot be used.
pub(super) fn open<P: FnMut(f32) -> bool + 'static>(
    path: &Path,
    asked: &ModelConfig,
    progress: impl Fn() -> P,
) -> Result<Opened, String> {
    let header = gguf::read_whole(path).map_err(|error| load::sentence(path, &format!("{error:#}")))?;
    let mut chosen = devices::choose(&asked.device);
    let machine = devices::machine_with(std::mem::take(&mut chosen.gpus), load::threads(asked), &asked.life.machine);
    // The weights that other engines of this user read count as memory that can be had, as every file's pages do; what they
    // hold of a GPU is missing from what is free there.
    let machine = machine.without(0, asked.life.held_by_others(CPU));
    // Without its numbers llama.cpp refuses a file, and says why.
    let shape = Shape::of(&header).unwrap_or_default();
    let mut weights = Weights::of(&header);
    let adapter = asked.lora.as_ref().map(|file| lora::check(file, &header));
    if let Some(Ok(found)) = &adapter {
        weights.layers = weights.layers.saturating_add(found.bytes);
    }
    let wish = wish(asked, &shape);
    let steps = ladder(&shape, &weights, &wish, &machine)
        .map_err(|reason| load::sentence(path, &format!("{reason}; {}", instead(&machine))))?;

    let mut loaded: Option<(u32, LlamaModel, Collected)> = None;
    let mut failed_layers = None;
    let mut failure = String::new();
    for step in steps {
        let gpu_layers = step.plan.gpu_layers;
        if failed_layers == Some(gpu_layers) {
            continue;
        }
        let config = apply(asked, &step);
        if loaded.as_ref().is_none_or(|(layers, ..)| *layers != gpu_layers) {
            // The old one goes first: there is no memory for two.
            drop(loaded.take());
            let (model, collected) = collect(|| load::model(path, &config, &chosen.numbers, progress()));
            match model {
                Ok(model) => loaded = Some((gpu_layers, model, collected)),
                Err(reason) => {
                    tracing::warn!(gpu_layers, "{reason}");
                    (failure, failed_layers) = (reason, Some(gpu_layers));
                    continue;
                }
            }
        }
        let Some((_, model, collected)) = loaded.take() else { continue };
        let is_tight = machine.available.is_some_and(|all| step.plan.memory(&machine) > all / 100 * WITHOUT_TRIAL);
        let tried = if gpu_layers > 0 || is_tight { load::try_context(&model, &config, &step) } else { Ok(()) };
        if let Err(reason) = tried {
            tracing::warn!(gpu_layers, window = step.plan.window, "{reason}");
            failure = reason;
            loaded = Some((gpu_layers, model, collected));
            continue;
        }
        let mut opened = Opened {
            model,
            bytes: header.bytes,
            config,
            step,
            shape,
            weights,
            gpus: machine.gpus,
            adapter: None,
            adapter_info: None,
            collected,
        };
        opened.step.lowered.extend(chosen.complaint);
        if !failure.is_empty() {
            opened.step.lowered.push(format!("a larger plan failed: {failure}"));
        }
        if let (Some(file), Some(checked)) = (&asked.lora, adapter) {
            opened.adapt(file, checked);
        }
        return Ok(opened);
    }
    Err(if failure.is_empty() { load::sentence(path, "no plan fits") } else { failure })
}

impl Opened {
    /// The context's sizes, now that the model's family is known. Warnings are sentences for the user.
    pub fn plan(&self, fim: &Fim, warnings: &mut Vec<String>) -> Plan {
        let config = &self.config;
        let trained = self.model.n_ctx_train().max(128);
        if config.context_tokens > trained {
            warnings.push(format!(
                "the context of {} tokens is longer than the {trained} that the model was trained on: its answers may \
                 be poor; lower engine.contextTokens",
                config.context_tokens
            ));
        }
        let mut plan = self.step.plan;
        let limit = fim.prompt_limit.map_or(u32::MAX, |limit| limit.saturating_add(config.generated_tokens));
        let window = plan.window.min(trained).min(limit).max(128);
        if config.context_tokens == 0 && window < plan.window {
            let wish = Wish { window, ..wish(config, &self.shape) };
            plan = Plan::new(&self.shape, &self.weights, &wish, config.most_slots, plan.gpu_layers);
        }
        plan
    }

    fn adapt(&mut self, file: &Path, checked: Result<crate::models::lora::Found, String>) {
        let percent = self.config.lora_percent;
        let loaded = checked.and_then(|found| Ok((lora::load(&mut self.model, file, percent)?, found)));
        let mut info = AdapterInfo { path: file.to_owned(), percent, ..AdapterInfo::default() };
        match loaded {
            Ok((adapter, found)) => {
                self.adapter = Some(adapter);
                (info.name, info.warning) = (found.name, found.warning);
            }
            // Suggestions without it are better than none; the status says what they are without.
            Err(reason) => {
                let reason = format!("the adapter {} is not used: {reason}", file.display());
                tracing::warn!("{reason}");
                self.step.lowered.push(reason.clone());
                info.warning = Some(reason);
            }
        }
        self.adapter_info = Some(info);
    }

    /// Where the layers are. Several GPUs share them by their free memory, as llama.cpp does.
    pub fn devices(&self) -> Vec<Device> {
        let all = self.model.n_layer() + 1;
        let on_gpus = self.step.plan.gpu_layers.min(all);
        let free: u64 = self.gpus.iter().map(|gpu| gpu.free).sum::<u64>().max(1);
        let mut devices = Vec::new();
        let mut left = on_gpus;
        for (index, gpu) in self.gpus.iter().enumerate() {
            let share = (u64::from(on_gpus) * gpu.free / free) as u32;
            let layers = if index + 1 == self.gpus.len() { left } else { share.min(left) };
            left -= layers;
            let name = if gpu.description.is_empty() { &gpu.name } else { &gpu.description };
            if layers > 0 {
                devices.push(Device { name: name.clone(), layers });
            }
        }
        if on_gpus < all {
            devices.push(Device { name: CPU.to_owned(), layers: all - on_gpus });
        }
        devices
    }

    /// What llama.cpp said that it took, with what it said of the context.
    pub fn memory(&self, context: &Collected) -> Vec<MemoryUse> {
        let lines = self.collected.sizes.iter().chain(&context.sizes);
        let reported = Reported::read(lines.map(String::as_str));
        let mut uses: Vec<MemoryUse> = Vec::new();
        let mut add = |name: &str, weights: u64, kv: u64, compute: u64| {
            // `CPU_Mapped`, `CUDA_Host`: in the machine's memory, whoever manages it.
            let is_host = name.starts_with("CPU") || name.ends_with("_Host");
            let device = if is_host { CPU } else { name };
            let at = uses.iter().position(|known| known.device == device).unwrap_or_else(|| {
                uses.push(MemoryUse { device: device.to_owned(), ..MemoryUse::default() });
                uses.len() - 1
            });
            uses[at].weights += weights;
            uses[at].kv += kv;
            uses[at].compute += compute;
        };
        reported.weights.iter().for_each(|(name, bytes)| add(name, *bytes, 0, 0));
        reported.kv.iter().for_each(|(name, bytes)| add(name, 0, *bytes, 0));
        reported.compute.iter().chain(&reported.output).for_each(|(name, bytes)| add(name, 0, 0, *bytes));
        uses
    }
}

fn wish(config: &ModelConfig, shape: &Shape) -> Wish {
    let usual = config.prompt_tokens.saturating_add(config.generated_tokens).saturating_add(load::HEADROOM);
    let trained = if shape.context > 0 { shape.context } else { u32::MAX };
    Wish {
        window: if config.context_tokens > 0 { config.context_tokens } else { usual.min(trained) },
        is_window_fixed: config.context_tokens > 0,
        gpu_layers: config.gpu_layers,
        kv_type: config.kv_type,
        flash_attention: config.flash_attention,
        generated: config.generated_tokens,
    }
}

/// The settings that make a step's plan.
fn apply(asked: &ModelConfig, step: &Step) -> ModelConfig {
    let plan = &step.plan;
    let mut config = asked.clone();
    config.most_slots = step.most_slots;
    config.kv_type = plan.kv_type;
    config.gpu_layers = Some(plan.gpu_layers);
    if config.context_tokens == 0 {
        let room = config.generated_tokens.saturating_add(load::HEADROOM);
        config.prompt_tokens = config.prompt_tokens.min(plan.window.saturating_sub(room));
    }
    config
}

/// What would fit in place of a model that does not.
fn instead(machine: &Machine) -> String {
    let entries = Catalogue::builtin().entries().iter();
    let candidates: Vec<Candidate> =
        entries.flat_map(|entry| entry.files.iter().map(|file| Candidate::of(entry, file, false))).collect();
    let choices = choose(&candidates, machine, Role::Completion, &choice::usual_wish());
    let fitting: Vec<String> = choices
        .into_iter()
        .filter(|choice| choice.plan.is_some() && choice.pace != choice::Pace::TooSlow)
        .take(2)
        .map(|choice| choice.name)
        .collect();
    if fitting.is_empty() {
        return "no model of the catalogue fits here: leave engine.model unset for the small one that comes along"
            .into();
    }
    format!(
        "{} would fit (tandem model pull); to try it all the same set engine.contextTokens or engine.gpuLayers",
        fitting.join(" or ")
    )
}
