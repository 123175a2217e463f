//! The model, as the server would use it: loaded by the same way, asked what it found out about itself, measured; and what else is
//! installed or would fit.

use std::path::Path;

use super::look::Scene;
use super::machine::{self, size};
use super::report::{Fix, Section};
use super::speed::{self, Speed};
use crate::cli::engines;
use crate::cli::model::fits;
use crate::config::{EngineChoice, HostMode};
use crate::engine::{EngineState, EngineStatus, ModelInfo, Rest, SelfTest, ServerStatus, Writer};
use crate::models::{Catalogue, CommercialUse, ModelName, Role, Store};

/// Why a model cannot be used is told with these ways out.
const OTHER_MODEL: &str = "tandem model list --fitting   # then: tandem model pull NAME --use";

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

pub fn look(scene: &Scene, section: &mut Section, is_quick: bool) -> anyhow::Result<()> {
    let tried = attempt(scene, is_quick)?;
    show(scene, section, tried.status.as_ref());
    match &tried.speed {
        Some(speed) => speed::show(section, speed),
        None if is_quick => section.fact("speed", "not measured (--quick)"),
        None => {}
    }
    others(scene, section)
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
fn others(scene: &Scene, section: &mut Section) -> anyhow::Result<()> {
    let (settings, paths) = (&scene.settings, scene.loader.paths());
    let store = Store::of(&settings.models, paths);
    let wanted =
        settings.engine.model.as_ref().map_or_else(|| "starter".to_owned(), |model| model.display().to_string());
    section.fact("asked for", wanted);
    match store.list() {
        Ok(installed) => {
            let names: Vec<String> = installed.iter().map(|model| model.name.to_string()).collect();
            section.fact("installed", if names.is_empty() { "none".to_owned() } else { names.join(", ") });
            for problem in installed.iter().filter_map(|model| store.check(model).err()) {
                section.warn("model-damaged", problem.to_string(), Fix::run("tandem model verify"));
            }
            could_be(
                section,
                machine::Machine::below(&scene.root).memory,
                installed.is_empty() && settings.engine.model.is_none(),
            );
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

/// Models of the catalogue that this machine has the memory for. `is_starter`: nothing better is in use.
fn could_be(section: &mut Section, memory: Option<u64>, is_starter: bool) {
    let catalogue = Catalogue::builtin();
    let may_be_used = |entry: &&crate::models::Entry| {
        catalogue.licence(entry).is_some_and(|licence| licence.commercial == CommercialUse::Yes)
    };
    let completion = catalogue.entries().iter().filter(|entry| entry.role == Role::Completion);
    let mut fitting: Vec<_> =
        completion.filter(may_be_used).filter(|entry| fits(entry, memory) == Some(true)).collect();
    fitting.sort_by(|a, b| b.memory_gib.cmp(&a.memory_gib).then(b.parameters.total_cmp(&a.parameters)));
    let Some((largest, smallest)) = fitting.first().zip(fitting.last()) else {
        return section.fact("would fit", if memory.is_some() { "the starter alone" } else { "unknown here" });
    };
    section.fact("would fit", format!("{} of the catalogue, {} to {}", fitting.len(), smallest.name, largest.name));
    if is_starter && cfg!(feature = "llama") {
        let what = "the starter inside the program writes, and better models would fit; without a graphics card small ones are \
                    fast enough";
        section.note("starter", what, Fix::run(format!("tandem model pull {} --use", smallest.name)));
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
