//! The model, as the server would use it: loaded by the same way, asked what it found out about itself, and
//! measured.

use super::graphics::Listed;
use super::installed;
use super::look::Scene;
use super::machine::size;
use super::report::{Fix, Section};
use super::speed::{self, Speed};
use crate::cli::engines;
use crate::config::{EngineChoice, HostMode};
use crate::engine::{EngineState, EngineStatus, ModelInfo, Rest, SelfTest, ServerStatus, Writer};

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
        let Some(engine) = engines::start_unpaid(&scene.settings, &scene.loader) else { return Tried::default() };
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
    installed::look(scene, section, tried.status.as_ref(), gpus)
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
