//! The model, as the server would use it: loaded by the same way, asked what it found out about itself, measured; and what else is
//! installed or would fit.

use std::path::Path;

use super::graphics::Listed;
use super::look::Scene;
use super::machine::{Machine, size};
use super::report::{Fix, Section};
use super::speed::{self, Speed};
use crate::cli::engines;
use crate::config::{EngineChoice, HostMode};
use crate::engine::power;
use crate::engine::{EngineState, EngineStatus, ModelInfo, Rest, SelfTest, ServerStatus, Writer};
use crate::models::fit::choice::{Pace, usual_wish};
use crate::models::fit::{self, Candidate, choose};
use crate::models::{Catalogue, ModelName, Role, Store};

/// Why a model cannot be used is told with these ways out.
const OTHER_MODEL: &str = "tandem model list --fitting   # then: tandem model pull NAME --use";

/// Models that are shown of those that would fit.
const SHOWN: usize = 3;

/// What the engine said, and how fast it was.
#[derive(Default)]
pub struct Tried {
    pub status: Option<EngineStatus>,
    pub speed: Option<Speed>,
}

/// Loads the model and waits for it; nothing where the settings or this build want none.
pub fn attempt(scene: &Scene, is_quick: bool) -> anyhow::Result<Tried> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let tried = runtime.block_on(async {
        let Some(engine) = engines::start(&scene.settings, &scene.loader) else { return Tried::default() };
        engines::wait_until_settled(engine.as_ref()).await;
        let status = engine.status().borrow().clone();
        // What is on another machine is others', too, and is sent nothing without need.
        let is_here = status.server.as_ref().is_none_or(|server| server.is_on_this_machine);
        let speed = if status.is_ready() && is_here && !is_quick {
            let completion = &scene.settings.completion;
            Some(speed::measure(engine.as_ref(), completion, std::process::id(), speed::LIMIT).await)
        } else {
            None
        };
        Tried { status: Some(status), speed }
    });
    runtime.shutdown_background();
    Ok(tried)
}

pub fn look(scene: &Scene, section: &mut Section, gpus: &[Listed], is_quick: bool) -> anyhow::Result<()> {
    let tried = attempt(scene, is_quick)?;
    show(scene, section, tried.status.as_ref());
    match &tried.speed {
        Some(speed) => speed::show(section, speed),
        None if is_quick => section.fact("speed", "not measured (--quick)"),
        None => {}
    }
    others(scene, section, tried.status.as_ref(), gpus)
}

fn show(scene: &Scene, section: &mut Section, status: Option<&EngineStatus>) {
    let engine = &scene.settings.engine;
    let Some(status) = status else {
        let why = match engine.choice {
            EngineChoice::Lookup => "engine.choice is lookup: the lookup engine completes alone",
            EngineChoice::Auto => engines::WITHOUT_LLAMA,
        };
        return section.fact("none", why);
    };
    if let Some(server) = &status.server {
        describe_server(section, server);
    }
    state(section, status);
    if let Some(model) = &status.model {
        describe(section, model);
        if let Some(test) = &model.self_test {
            describe_test(section, test);
        }
    }
    describe_rest(section, &status.rest);
    if engine.host == HostMode::Process && status.is_ready() && status.server.is_none() {
        section.fact("engine host", "works");
    }
}

fn state(section: &mut Section, status: &EngineStatus) {
    let server = status.server.as_ref();
    match &status.state {
        EngineState::Ready => {}
        EngineState::Idle if server.is_some_and(|server| server.writer == Writer::Here) => {}
        EngineState::Idle | EngineState::Loading { .. } if server.is_some() => {
            let why = "the server said within five seconds neither that it is there nor that it is not";
            section.fact("failed", why);
            section.broken("server-silent", why, Fix::by_hand("look at `engine.server.url`, and whether it runs"));
        }
        EngineState::Failed { reason } => {
            section.fact("failed", reason);
            section.broken("model-unusable", format!("the model cannot be used: {reason}"), Fix::run(OTHER_MODEL));
        }
        EngineState::Asleep { reason, .. } => section.fact("asleep", reason),
        EngineState::Idle | EngineState::Loading { .. } => {
            section.fact("loading", "not done after five minutes");
            let what = "the model takes more than five minutes to load: use a smaller one";
            section.broken("model-slow-load", what, Fix::run(OTHER_MODEL));
        }
    }
}

fn describe_server(section: &mut Section, server: &ServerStatus) {
    let whose = if server.is_on_this_machine { "on this machine" } else { "another machine, declared as yours" };
    section.fact("server", format!("{} ({whose})", server.host));
    if !server.is_on_this_machine {
        section.fact(
            "what leaves",
            "what is typed in trusted folders, without local-only and ignored files and without prompts that hold a secret; \
             `tandem audit` has how much",
        );
    }
    let Some(why) = &server.down else { return };
    let meanwhile = match server.writer {
        Writer::Here => "; the model in this machine writes meanwhile",
        Writer::Server | Writer::Nobody => "",
    };
    section.fact("not asked", format!("{why}{meanwhile}"));
    let fix = Fix::by_hand("start the server, or correct `engine.server` in your config.toml");
    let what = format!("the server that is set up is not asked: {why}{meanwhile}");
    match server.writer {
        Writer::Here => section.warn("server-down", what, fix),
        // The engine's state says that as well where it failed.
        Writer::Server | Writer::Nobody => section.broken("server-down", what, fix),
    }
}

fn describe(section: &mut Section, model: &ModelInfo) {
    section.fact("name", format!("{}, {} parameters", model.name, count(model.parameters)));
    if let Some(path) = &model.path {
        section.fact("file", format!("{} ({})", path.display(), size(model.bytes)));
    }
    let devices: Vec<String> =
        model.devices.iter().map(|device| format!("{} layers on {}", device.layers, device.name)).collect();
    section
        .fact("runs on", format!("{}; {} threads; loaded in {} ms", devices.join(", "), model.threads, model.load_ms));
    section.fact(
        "context",
        format!(
            "{} tokens (trained on {}), {} of keys and values",
            model.context,
            model.trained_context,
            size(model.kv_bytes)
        ),
    );
    for used in &model.memory {
        section.fact(
            "memory",
            format!(
                "{}: {} of weights, {} of cache, {} to compute",
                used.device,
                size(used.weights),
                size(used.kv),
                size(used.compute)
            ),
        );
    }
    for less in &model.lowered {
        section.fact("less", less);
        section.note("lowered", less, Fix::run(OTHER_MODEL));
    }
    if let Some(adapter) = &model.adapter {
        if !adapter.name.is_empty() {
            section.fact("adapter", format!("{} at {} %", adapter.name, adapter.percent));
        }
        if let Some(warning) = &adapter.warning {
            section.warn("adapter", warning, Fix::by_hand("correct or remove `engine.lora` in your config.toml"));
        }
    }
    section.fact("prompt", &*model.fim);
    match (&model.chat, &model.chat_refusal) {
        (Some(_), _) => section.fact("questions", "answered by this model"),
        (None, Some(why)) => section.fact("questions", format!("not answered by this model: {why}")),
        (None, None) => {}
    }
}

fn describe_rest(section: &mut Section, rest: &Rest) {
    if let Some(why) = &rest.last_reason {
        let woken = rest.wake_ms.map_or_else(String::new, |ms| format!(", the last time in {ms} ms"));
        section.fact(
            "slept",
            format!("{} times, last because {why}; loaded again {} times{woken}", rest.sleeps, rest.wakes),
        );
    }
    for why in &rest.polite_because {
        section.fact("takes less", why);
    }
}

fn describe_test(section: &mut Section, test: &SelfTest) {
    let yes = |so: bool, yes: &'static str, no: &'static str| if so { yes } else { no };
    section.fact(
        "self-test",
        format!(
            "{} of {} known holes filled; {}; {}; {}",
            test.holes_filled,
            test.holes,
            yes(test.stops, "ends by itself", "does not end by itself"),
            yes(test.can_reuse_prefix, "reuses its cache", "cannot reuse its cache"),
            yes(test.leaks_special_tokens, "LEAKS special tokens", "leaks no special tokens"),
        ),
    );
    for warning in &test.warnings {
        section.warn("self-test", warning, None);
    }
    if test.leaks_special_tokens {
        let what = "the model writes special tokens as text: its GGUF names them wrongly, use another";
        section.broken("model-leaks", what, Fix::run(OTHER_MODEL));
    }
}

/// What is installed, what would fit, and the models for questions and for search.
fn others(scene: &Scene, section: &mut Section, status: Option<&EngineStatus>, gpus: &[Listed]) -> anyhow::Result<()> {
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

/// `4.0 M`, `1.5 G`.
fn count(number: u64) -> String {
    match number {
        0..1_000_000 => number.to_string(),
        1_000_000..1_000_000_000 => format!("{:.1} M", number as f64 / 1e6),
        _ => format!("{:.1} G", number as f64 / 1e9),
    }
}

#[cfg(test)]
mod tests;
