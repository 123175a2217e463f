//! Models beside the one that writes: what is installed, what would fit, those for questions and for search, and the adapter.

use std::path::Path;

use super::graphics::Listed;
use super::look::Scene;
use super::machine::Machine;
use super::report::{Fix, Section};
use crate::engine::{EngineStatus, power};
use crate::models::fit::choice::{Pace, usual_wish};
use crate::models::fit::{self, Candidate, choose};
use crate::models::{Catalogue, ModelName, Role, Store};

/// Models that are shown of those that would fit.
const SHOWN: usize = 3;

/// What is installed, what would fit, and the models for questions and for search.
pub fn look(
    scene: &Scene,
    section: &mut Section,
    status: Option<&EngineStatus>,
    gpus: &[Listed],
) -> anyhow::Result<()> {
    let (settings, paths) = (&scene.settings, scene.loader.paths());
    let store = Store::of(&settings.models, paths);
    let wanted =
        settings.engine.model.as_ref().map_or_else(|| "starter".to_owned(), |model| model.display().to_string());
    section.fact("asked for", wanted);
    match store.list() {
        Ok(installed) => {
            let names: Vec<String> = installed.iter().map(|model| model.name.to_string()).collect();
            let shown = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            section.fact("installed", shown);
            for problem in installed.iter().filter_map(|model| store.check(model).err()) {
                section.warn("model-damaged", problem.to_string(), Fix::run("tandem model verify"));
            }
            let is_starter = settings.engine.model.is_none() && settings.engine.server.url.trim().is_empty();
            could_be(section, &machine(scene, status, gpus), &names, is_starter);
        }
        Err(error) => section.warn("models-unreadable", error.to_string(), None),
    }
    // Where llama.cpp is in the build, the engine has said so of the first.
    let completion = (!cfg!(feature = "llama")).then_some(("engine.model", &settings.engine.model));
    for (key, model) in completion.into_iter().chain([
        ("engine.chatModel", &settings.engine.chat_model),
        ("engine.embeddingModel", &settings.engine.embedding_model),
    ]) {
        if let Some(model) = model {
            beside(section, &store, key, model);
        }
    }
    if let Some(adapter) = &settings.engine.lora {
        section.fact("adapter", format!("{} at {} %", adapter.display(), settings.engine.lora_percent));
        if !adapter.is_file() {
            let what = format!("engine.lora: there is no file {}", adapter.display());
            section.broken(
                "adapter-missing",
                what,
                Fix::by_hand("correct or remove `engine.lora` in your config.toml"),
            );
        }
    }
    Ok(())
}

/// What a model would have here: the GPUs that `engine.device` does not rule out, and the threads that one has now.
fn machine(scene: &Scene, status: Option<&EngineStatus>, gpus: &[Listed]) -> fit::Machine {
    let memory = power::Machine::below(&scene.root).read().memory;
    let tightest = [memory.room, memory.group_room].into_iter().flatten().min_by_key(|room| room.available);
    let threads = status.and_then(|status| status.model.as_ref()).map(|model| model.threads);
    let is_on_cpu = scene.settings.engine.device.trim().eq_ignore_ascii_case("cpu");
    let gpus = gpus.iter().filter(|_| !is_on_cpu).map(|device| device.gpu.clone());
    fit::Machine {
        gpus: gpus.collect(),
        available: tightest.map(|room| room.available),
        total: tightest.map(|room| room.total),
        // Half of what may run at once is about what an engine takes of the cores.
        threads: threads.unwrap_or_else(|| (Machine::look().threads as u32 / 2).max(1)),
        measured_bandwidth: None,
    }
}

/// The models of the catalogue that would answer soon enough here, best first. `is_starter`: nothing better is in use.
fn could_be(section: &mut Section, machine: &fit::Machine, installed: &[String], is_starter: bool) {
    let entries = Catalogue::builtin().entries().iter();
    let candidates: Vec<Candidate> = entries
        .filter_map(|entry| {
            let file = entry.file(None)?;
            let name = format!("{}:{}", entry.name, file.quantisation);
            Some(Candidate::of(entry, file, installed.contains(&name)))
        })
        .collect();
    let mut choices = choose(&candidates, machine, Role::Completion, &usual_wish());
    choices.retain(|choice| choice.plan.is_some() && choice.pace != Pace::TooSlow);
    let Some(best) = choices.first() else {
        return section.fact("would fit", "the starter alone, of the models that are fast enough here");
    };
    for choice in choices.iter().take(SHOWN) {
        let there = if choice.is_installed { " (installed)" } else { "" };
        section.fact("would fit", format!("{}{there}: {}", choice.name, choice.reason));
    }
    if is_starter && cfg!(feature = "llama") {
        let what = format!("the starter inside the program writes, and {} would fit: {}", best.name, best.reason);
        let command = match best.is_installed {
            true => format!("tandem model use {}", best.name),
            false => format!("tandem model pull {} --use", best.name),
        };
        section.note("starter", what, Fix::run(command));
    }
}

/// A model with a job of its own.
fn beside(section: &mut Section, store: &Store, key: &'static str, model: &Path) {
    let shown = model.display();
    let problem = match ModelName::of(model) {
        Some(name) if name.is_auto() || name.is_starter() => None,
        Some(name) => store.resolve(&name).err().map(|error| error.to_string()),
        None => (!model.is_file()).then(|| format!("there is no file {shown}")),
    };
    let state = if problem.is_some() { "not there" } else { "there" };
    section.fact(key, format!("{shown} ({state})"));
    if let Some(problem) = problem {
        let fix = match ModelName::of(model) {
            Some(name) => Fix::run(format!("tandem model pull {name}")),
            None => Fix::by_hand(format!("correct or remove `{key}` in your config.toml")),
        };
        section.broken("model-missing", format!("{key}: {problem}"), fix);
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::testing::{ids, scene};
    use super::*;

    #[test]
    fn models_that_are_named_and_not_there_are_broken() {
        let place = tempfile::tempdir().unwrap();
        let mut scene = scene(place.path(), &[]);
        scene.settings.engine.chat_model = Some("qwen3-1.7b".into());
        scene.settings.engine.embedding_model = Some("/nowhere/e.gguf".into());
        scene.settings.engine.lora = Some("/nowhere/l.gguf".into());
        let mut section = Section::new("model", "Model");
        look(&scene, &mut section, None, &[]).unwrap();
        section.findings.retain(|finding| finding.id.ends_with("-missing"));
        assert_eq!(ids(&section), ["model-missing", "model-missing", "adapter-missing"]);
        assert_eq!(section.findings[0].fix, Fix::run("tandem model pull qwen3-1.7b"));
    }

    #[test]
    fn what_would_fit_is_the_models_own_choice() {
        let told = |available: u64, gpus: &[fit::Gpu], installed: &[String]| {
            let machine = fit::Machine {
                gpus: gpus.to_vec(),
                available: Some(available),
                total: Some(available),
                threads: 4,
                measured_bandwidth: None,
            };
            let mut section = Section::new("model", "Model");
            could_be(&mut section, &machine, installed, true);
            section
        };
        let nothing = told(50 << 20, &[], &[]);
        assert_eq!(nothing.facts[0].value, "the starter alone, of the models that are fast enough here");
        let small = told(16 << 30, &[], &[]);
        let name = |section: &Section| section.facts[0].value.split(": ").next().unwrap_or_default().to_owned();
        assert!(small.facts[0].value.contains("on the CPU with 4 threads"), "{small:?}");
        let card = fit::Gpu {
            name: "Vulkan0".to_owned(),
            description: "Fast Card".to_owned(),
            free: 24 << 30,
            total: 24 << 30,
            is_shared: false,
        };
        let large = told(16 << 30, &[card], &[]);
        assert!(large.facts[0].value.contains("on the GPU"), "{large:?}");
        assert_ne!(name(&small), name(&large));
        let installed = told(16 << 30, &[], &[name(&small)]);
        assert!(installed.facts[0].value.contains(" (installed): "), "{installed:?}");
        if cfg!(feature = "llama") {
            assert_eq!(small.findings[0].fix, Fix::run(format!("tandem model pull {} --use", name(&small))));
            assert_eq!(installed.findings[0].fix, Fix::run(format!("tandem model use {}", name(&small))));
        }
    }
}
