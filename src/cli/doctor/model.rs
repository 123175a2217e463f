//! The model, as the server would use it: loaded by the same way, asked what it found out about itself.

use std::io;
use std::path::Path;

use super::{Findings, machine};
use crate::cli::engines;
use crate::cli::terminal::{Terminal, printable};
use crate::config::{EngineChoice, HostMode, Loader, Settings};
use crate::engine::{EngineState, EngineStatus, ModelInfo, Rest, SelfTest, ServerStatus, Writer};

/// Loads the model and waits for it; None where the settings or this build want none.
pub fn load(settings: &Settings, loader: &Loader) -> anyhow::Result<Option<EngineStatus>> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let status = runtime.block_on(async {
        let engine = engines::start(settings, loader)?;
        engines::wait_until_settled(engine.as_ref()).await;
        let status = engine.status().borrow().clone();
        Some(status)
    });
    runtime.shutdown_background();
    Ok(status)
}

pub fn show(
    terminal: &mut Terminal,
    findings: &mut Findings,
    settings: &Settings,
    status: Option<&EngineStatus>,
    runtime_directory: &Path,
) -> io::Result<()> {
    terminal.heading("Model")?;
    let Some(status) = status else {
        return terminal.entry(
            "none",
            match settings.engine.choice {
                EngineChoice::Lookup => "engine.choice is lookup: the lookup engine completes alone",
                EngineChoice::Auto => "this build has no llama.cpp: the lookup engine completes alone",
            },
        );
    };
    if let Some(server) = &status.server {
        describe_server(terminal, server)?;
    }
    match &status.state {
        EngineState::Ready => {}
        EngineState::Idle if status.server.as_ref().is_some_and(|server| server.writer == Writer::Here) => {}
        EngineState::Idle | EngineState::Loading { .. } if status.server.is_some() => {
            let why = "the server said within five seconds neither that it is there nor that it is not";
            terminal.entry("failed", why)?;
            findings.broken.push(format!("{why}: look at `engine.server.url`"));
        }
        EngineState::Failed { reason } => {
            terminal.entry("failed", reason)?;
            findings.broken.push(format!("the model cannot be used: {reason}"));
        }
        EngineState::Asleep { reason, .. } => terminal.entry("asleep", reason)?,
        EngineState::Idle | EngineState::Loading { .. } => {
            terminal.entry("loading", "not done after five minutes")?;
            findings.broken.push("the model takes more than five minutes to load: use a smaller one".into());
        }
    }
    if let Some(model) = &status.model {
        describe(terminal, model)?;
        if let Some(test) = &model.self_test {
            describe_test(terminal, findings, test)?;
        }
    }
    describe_rest(terminal, &status.rest)?;
    match settings.engine.host {
        HostMode::InProcess => terminal.entry("engine host", "not used (engine.host is in-process)"),
        HostMode::Process => {
            let works = if status.is_ready() { "works; " } else { "" };
            terminal.entry("engine host", format!("{works}{}", sockets(runtime_directory)))
        }
    }
}

fn describe_server(terminal: &mut Terminal, server: &ServerStatus) -> io::Result<()> {
    let whose = if server.is_on_this_machine { "on this machine" } else { "another machine, declared as yours" };
    terminal.entry("server", format!("{} ({whose})", printable(&server.host)))?;
    if !server.is_on_this_machine {
        terminal.entry(
            "what leaves",
            "what is typed in trusted folders, without local-only and ignored files and without prompts that hold a secret; \
             `tandem audit` has how much",
        )?;
    }
    match (&server.down, server.writer) {
        (None, _) => Ok(()),
        (Some(why), Writer::Here) => {
            terminal.entry("not asked", format!("{}; the model in this machine writes meanwhile", printable(why)))
        }
        (Some(why), _) => terminal.entry("not asked", printable(why)),
    }
}

fn describe(terminal: &mut Terminal, model: &ModelInfo) -> io::Result<()> {
    terminal.entry("name", format!("{}, {} parameters", model.name, count(model.parameters)))?;
    if let Some(path) = &model.path {
        terminal.entry("file", format!("{} ({})", path.display(), machine::size(model.bytes)))?;
    }
    let devices: Vec<String> =
        model.devices.iter().map(|device| format!("{} layers on {}", device.layers, device.name)).collect();
    terminal.entry(
        "runs on",
        format!("{}; {} threads; loaded in {} ms", devices.join(", "), model.threads, model.load_ms),
    )?;
    terminal.entry("context", format!("{} tokens (trained on {})", model.context, model.trained_context))?;
    for used in &model.memory {
        let size = machine::size;
        terminal.entry(
            "memory",
            format!(
                "{}: {} of weights, {} of cache, {} to compute",
                used.device,
                size(used.weights),
                size(used.kv),
                size(used.compute)
            ),
        )?;
    }
    for less in &model.lowered {
        terminal.entry("less", less)?;
    }
    if let Some(adapter) = model.adapter.as_ref().filter(|adapter| !adapter.name.is_empty()) {
        terminal.entry("adapter", format!("{} at {} %", adapter.name, adapter.percent))?;
    }
    terminal.entry("prompt", &model.fim)
}

fn describe_rest(terminal: &mut Terminal, rest: &Rest) -> io::Result<()> {
    if let Some(why) = &rest.last_reason {
        let woken = rest.wake_ms.map_or_else(String::new, |ms| format!(", the last time in {ms} ms"));
        terminal.entry(
            "slept",
            format!("{} times, last because {why}; loaded again {} times{woken}", rest.sleeps, rest.wakes),
        )?;
    }
    rest.polite_because.iter().try_for_each(|why| terminal.entry("takes less", why))
}

fn describe_test(terminal: &mut Terminal, findings: &mut Findings, test: &SelfTest) -> io::Result<()> {
    let yes = |so: bool, yes: &'static str, no: &'static str| if so { yes } else { no };
    terminal.entry(
        "self-test",
        format!(
            "{} of {} known holes filled; {}; {}; {}",
            test.holes_filled,
            test.holes,
            yes(test.stops, "ends by itself", "does not end by itself"),
            yes(test.can_reuse_prefix, "reuses its cache", "cannot reuse its cache"),
            yes(test.leaks_special_tokens, "LEAKS special tokens", "leaks no special tokens"),
        ),
    )?;
    for warning in &test.warnings {
        terminal.entry("note", warning)?;
    }
    if test.leaks_special_tokens {
        findings
            .broken
            .push("the model writes special tokens as text: its GGUF names them wrongly, use another".into());
    }
    Ok(())
}

/// The hosts that run now, by their sockets.
fn sockets(directory: &Path) -> String {
    let entries = std::fs::read_dir(directory).into_iter().flatten().filter_map(Result::ok);
    let number = entries.filter(|entry| entry.path().extension().is_some_and(|kind| kind == "sock")).count();
    match number {
        0 => format!("no socket in {} now", directory.display()),
        1 => format!("one socket in {}", directory.display()),
        _ => format!("{number} sockets in {}", directory.display()),
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
