//! Which other values of the engine's settings are worth a comparison with what is set, on this machine and model.

use serde_json::{Value, json};

use super::run::Plan;
use crate::config::{EngineSettings, KvType, Settings};
use crate::engine::ModelInfo;

/// How two engines are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// Cold prompts and what follows them.
    Request,
    /// Warm prompts and what follows them, with drafts from lookup.
    Drafts,
}

/// Another value of one setting.
#[derive(Clone, Debug, PartialEq)]
pub struct Variant {
    pub key: &'static str,
    pub value: Value,
    pub against: Value,
    pub trial: Trial,
    pub settings: Settings,
}

/// What to compare, the most telling first, and a sentence for each comparison that makes no sense here.
pub fn variants(settings: &Settings, info: &ModelInfo, plan: &Plan) -> (Vec<Variant>, Vec<String>) {
    let mut found = Vec::new();
    let mut notes = Vec::new();
    let engine = &settings.engine;
    let mut add = |key, value: Value, against: Value, trial, change: &dyn Fn(&mut EngineSettings)| {
        let mut settings = settings.clone();
        change(&mut settings.engine);
        found.push(Variant { key, value, against, trial, settings });
    };

    let drafts = if engine.max_draft_tokens > 0 { 0 } else { EngineSettings::default().max_draft_tokens };
    add("engine.maxDraftTokens", json!(drafts), json!(engine.max_draft_tokens), Trial::Drafts, &|engine| {
        engine.max_draft_tokens = drafts;
    });

    for threads in threads(plan, info.threads) {
        add("engine.threads", json!(threads), json!(info.threads), Trial::Request, &|engine| engine.threads = threads);
    }

    let on_gpu: u32 = info.devices.iter().filter(|device| device.name != "CPU").map(|device| device.layers).sum();
    let all: u32 = info.devices.iter().map(|device| device.layers).sum();
    let set = engine.gpu_layers.map_or(Value::Null, |layers| json!(layers));
    if on_gpu > 0 {
        add("engine.gpuLayers", json!(0), set.clone(), Trial::Request, &|engine| engine.gpu_layers = Some(0));
    }
    if engine.gpu_layers.is_some() && plan.has_gpu_backend && on_gpu < all {
        add("engine.gpuLayers", json!(all), set, Trial::Request, &|engine| engine.gpu_layers = None);
    }
    if on_gpu == 0 && !plan.has_gpu_backend {
        notes.push(
            "engine.gpuLayers: this build runs on the processor alone; --features cuda, vulkan or metal makes one that \
             can use a graphics card"
                .to_owned(),
        );
    } else if on_gpu == 0 && engine.gpu_layers.is_none() {
        notes.push("engine.gpuLayers: llama.cpp finds no graphics card here".to_owned());
    }

    if plan.is_quick {
        notes.push("engine.kvType and engine.flashAttention: --quick leaves them out".to_owned());
        return (found, notes);
    }
    let kind = if engine.kv_type == KvType::F16 { KvType::Q8_0 } else { KvType::F16 };
    if engine.flash_attention == Some(false) && kind != KvType::F16 {
        notes.push("engine.kvType: a quantised cache needs flash attention, which is switched off".to_owned());
    } else {
        add("engine.kvType", json!(kind), json!(engine.kv_type), Trial::Request, &|engine| engine.kv_type = kind);
    }
    if engine.kv_type != KvType::F16 {
        notes.push("engine.flashAttention: a quantised cache needs it".to_owned());
        return (found, notes);
    }
    let flash = engine.flash_attention == Some(false);
    let set = engine.flash_attention.map_or(Value::Null, |on| json!(on));
    add("engine.flashAttention", json!(flash), set, Trial::Request, &|engine| engine.flash_attention = Some(flash));
    (found, notes)
}

/// Those that were named, else powers of two and all; never what is set already.
fn threads(plan: &Plan, now: u32) -> Vec<u32> {
    let mut list = plan.threads.clone();
    if list.is_empty() {
        list = (0..).map(|power| 1 << power).take_while(|threads| *threads < plan.cores).collect();
        list.push(plan.cores.max(1));
    }
    list.sort_unstable();
    list.dedup();
    list.retain(|threads| *threads != now);
    list
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::testing::{Machine, Time};

    fn told(settings: &Settings, machine: &Machine, plan: &Plan) -> (Vec<String>, Vec<String>) {
        let (variants, notes) = variants(settings, &machine.running(settings).info, plan);
        for variant in &variants {
            assert_ne!(variant.value, variant.against, "{}", variant.key);
        }
        let name = |variant: &Variant| {
            let json = serde_json::to_value(&variant.settings).unwrap();
            let (room, name) = variant.key.split_once('.').unwrap();
            format!("{} {} (set {})", variant.key, variant.value, json[room][name])
        };
        (variants.iter().map(name).collect(), notes)
    }

    fn plan(cores: u32) -> Plan {
        Plan { cores, ..Plan::default() }
    }

    #[test]
    fn a_machine_without_a_graphics_card_compares_threads_cache_and_drafts() {
        let (variants, notes) = told(&Settings::default(), &Machine::new(&Time::default()), &plan(6));
        assert_eq!(
            variants,
            [
                "engine.maxDraftTokens 0 (set 0)",
                "engine.threads 2 (set 2)",
                "engine.threads 4 (set 4)",
                "engine.threads 6 (set 6)",
                "engine.kvType \"q8_0\" (set \"q8_0\")",
                "engine.flashAttention false (set false)",
            ]
        );
        assert!(notes.len() == 1 && notes[0].contains("this build runs on the processor alone"), "{notes:?}");
    }

    #[test]
    fn a_graphics_card_is_compared_with_the_processor() {
        let gpu = Machine::new(&Time::default()).with_gpu();
        let plan = Plan { has_gpu_backend: true, ..plan(1) };
        let (variants, notes) = told(&Settings::default(), &gpu, &plan);
        assert!(variants.contains(&"engine.gpuLayers 0 (set 0)".to_owned()), "{variants:?}");
        assert_eq!(notes, [""; 0]);
        let mut settings = Settings::default();
        settings.engine.gpu_layers = Some(0);
        let (variants, notes) = told(&settings, &gpu, &plan);
        assert!(variants.contains(&"engine.gpuLayers 29 (set null)".to_owned()), "{variants:?}");
        assert_eq!(notes, [""; 0]);
        let (_, notes) = told(&Settings::default(), &Machine::new(&Time::default()), &plan);
        assert_eq!(notes, ["engine.gpuLayers: llama.cpp finds no graphics card here"]);
    }

    #[test]
    fn what_does_not_go_together_is_left_out_with_a_sentence() {
        let machine = Machine::new(&Time::default());
        let mut settings = Settings::default();
        settings.engine.kv_type = KvType::Q4_0;
        settings.engine.max_draft_tokens = 0;
        let (variants, notes) = told(&settings, &machine, &plan(1));
        assert_eq!(
            variants,
            ["engine.maxDraftTokens 10 (set 10)", "engine.kvType \"f16\" (set \"f16\")"],
            "one core needs no other number of threads"
        );
        assert!(notes.iter().any(|note| note.contains("a quantised cache needs it")), "{notes:?}");
        let mut settings = Settings::default();
        settings.engine.flash_attention = Some(false);
        let (variants, notes) = told(&settings, &machine, &plan(1));
        assert_eq!(variants, ["engine.maxDraftTokens 0 (set 0)", "engine.flashAttention true (set true)"]);
        assert!(notes.iter().any(|note| note.contains("needs flash attention, which is switched off")), "{notes:?}");
    }

    #[test]
    fn threads_can_be_named() {
        let named = Plan { threads: vec![8, 3, 3, 1], is_quick: true, ..plan(2) };
        let (variants, notes) = told(&Settings::default(), &Machine::new(&Time::default()), &named);
        assert_eq!(variants[1..], ["engine.threads 3 (set 3)", "engine.threads 8 (set 8)"]);
        assert!(notes.iter().any(|note| note.contains("--quick")), "{notes:?}");
    }
}
