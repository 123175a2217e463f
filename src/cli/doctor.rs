//! `tandem doctor`: what works on this machine, what does not, and what to do about it.

pub(super) mod machine;
mod model;

use std::io;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

use super::terminal::{Style, Terminal};
use super::{Options, editors};
use crate::config::{KEYS, Loaded, Loader, Settings, create_private_dir};

/// See what works here: machine, settings, model, editors.
///
/// Ends with a verdict, and with exit code 1 when something is broken.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    #[command(flatten)]
    pub(super) options: Options,
}

/// What was found broken, a sentence each with the way out.
#[derive(Default)]
struct Findings {
    broken: Vec<String>,
}

pub fn run(_arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    let mut findings = Findings::default();
    let folder = std::path::absolute(".")?;
    let loaded = loader.load(std::slice::from_ref(&folder), None);
    // What is shown as set must have been set by somebody: without this command's own defaults.
    let shown = loader.clone().with_defaults(Value::Null).load(&[folder], None);

    build(&mut terminal)?;
    this_machine(&mut terminal, &mut findings)?;
    settings(&mut terminal, &mut findings, loader, &shown)?;
    directories(&mut terminal, &mut findings, loader, &loaded.settings)?;
    let status = model::load(&loaded.settings, loader)?;
    model::show(&mut terminal, &mut findings, &loaded.settings, status.as_ref(), &loader.paths().runtime)?;
    show_editors(&mut terminal, loader)?;
    verdict(&mut terminal, &findings)?;
    Ok(if findings.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn build(terminal: &mut Terminal) -> io::Result<()> {
    let features: Vec<&str> = [
        ("llama", cfg!(feature = "llama")),
        ("openmp", cfg!(feature = "openmp") || cfg!(all(feature = "llama", target_os = "linux"))),
        ("cuda", cfg!(feature = "cuda")),
        ("vulkan", cfg!(feature = "vulkan")),
        ("metal", cfg!(feature = "metal")),
        ("backends as modules", cfg!(feature = "dynamic-backends")),
    ]
    .iter()
    .filter(|(_, on)| *on)
    .map(|(name, _)| *name)
    .collect();
    let features = if features.is_empty() { "lookup only, no llama.cpp".to_owned() } else { features.join(", ") };
    let optimised = if cfg!(debug_assertions) { "development build" } else { "release build" };
    terminal.heading("Tandem")?;
    terminal.entry("version", env!("CARGO_PKG_VERSION"))?;
    terminal.entry("build", format!("{optimised}; {features}"))
}

fn this_machine(terminal: &mut Terminal, findings: &mut Findings) -> io::Result<()> {
    let found = machine::Machine::look();
    terminal.heading("Machine")?;
    terminal.entry("system", format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH))?;
    if let Some(processor) = &found.processor {
        terminal.entry("processor", processor)?;
    }
    terminal.entry("threads", found.threads.to_string())?;
    if let (Some(all), Some(free)) = (found.memory, found.memory_free) {
        terminal.entry("memory", format!("{} of {} free", machine::size(free), machine::size(all)))?;
    }
    let missing = machine::missing_instructions();
    if !missing.is_empty() {
        findings.broken.push(format!(
            "this processor lacks {}, which this build's llama.cpp uses: build with --no-default-features (lookup alone)",
            missing.join(", ")
        ));
    }
    Ok(())
}

fn settings(terminal: &mut Terminal, findings: &mut Findings, loader: &Loader, loaded: &Loaded) -> io::Result<()> {
    terminal.heading("Settings")?;
    let user_file = loader.paths().user_file(loader.environment());
    if !loaded.files.contains(&user_file) {
        terminal.entry("your file", format!("{} (none, or not usable)", user_file.display()))?;
    }
    for file in &loaded.files {
        terminal.entry("file in effect", file.display().to_string())?;
    }
    for (key, value) in changed(&loaded.settings) {
        terminal.entry("not default", format!("{key} = {value}"))?;
    }
    for problem in &loaded.problems {
        terminal.entry("ignored", problem.to_string())?;
        findings.broken.push(format!("a setting is ignored: {problem}"));
    }
    Ok(())
}

/// Keys whose value is not the default.
fn changed(settings: &Settings) -> Vec<(&'static str, Value)> {
    let json = |settings: &Settings| serde_json::to_value(settings).unwrap_or_default();
    let (now, default) = (json(settings), json(&Settings::default()));
    let at = |root: &Value, path: &str| path.split('.').try_fold(root.clone(), |value, name| value.get(name).cloned());
    KEYS.iter()
        .filter_map(|key| Some((key.path, at(&now, key.path)?)))
        .filter(|(path, value)| at(&default, path).as_ref() != Some(value))
        .collect()
}

fn directories(
    terminal: &mut Terminal,
    findings: &mut Findings,
    loader: &Loader,
    settings: &Settings,
) -> io::Result<()> {
    let paths = loader.paths();
    terminal.heading("Files")?;
    for (name, directory) in [("state", &paths.state), ("cache", &paths.cache), ("sockets", &paths.runtime)] {
        terminal.entry(name, directory.display().to_string())?;
        if let Err(error) = try_directory(directory) {
            findings.broken.push(format!("cannot write to {}: {error}", directory.display()));
        }
    }
    let counts = paths.stats_file();
    let counts = match counts.metadata() {
        _ if !settings.stats.enabled => "off (stats.enabled is false)".to_owned(),
        Ok(data) => format!("{} ({}); `tandem stats` shows them", counts.display(), machine::size(data.len())),
        Err(_) => format!("{} (nothing counted yet)", counts.display()),
    };
    terminal.entry("counts", counts)?;
    let log = paths.log_file();
    let log = match log.metadata() {
        Ok(data) => format!("{} ({})", log.display(), machine::size(data.len())),
        Err(_) if settings.log.file => format!("{} (not written yet)", log.display()),
        Err(_) => "stderr of the server; --set log.file=true writes one".to_owned(),
    };
    terminal.entry("log", log)
}

/// Makes the directory as a server would, and a file in it that goes at once.
fn try_directory(directory: &Path) -> io::Result<()> {
    create_private_dir(directory)?;
    let file = directory.join(format!(".doctor-{}", std::process::id()));
    std::fs::write(&file, b"")?;
    std::fs::remove_file(&file)
}

fn show_editors(terminal: &mut Terminal, loader: &Loader) -> io::Result<()> {
    terminal.heading("Editors")?;
    let editors = editors::find(loader.environment());
    if editors.is_empty() {
        terminal.entry(
            "none found",
            "of those that `tandem setup` knows; any editor with an LSP client can start `tandem serve`",
        )?;
    }
    for editor in editors {
        let version = editor.version.as_deref().unwrap_or("version unknown");
        let remark = editor.remark.map_or_else(String::new, |remark| format!("; {remark}"));
        terminal.entry(editor.kind.name(), format!("{version}, {}{remark}", editor.path.display()))?;
    }
    Ok(())
}

fn verdict(terminal: &mut Terminal, findings: &Findings) -> io::Result<()> {
    terminal.line("")?;
    if findings.broken.is_empty() {
        return terminal.styled(&[(Style::Good, "Everything works.")]);
    }
    for sentence in &findings.broken {
        terminal.styled(&[(Style::Bad, "broken: "), (Style::Plain, sentence)])?;
    }
    let number = findings.broken.len();
    terminal.line(format!("{number} {} broken.", if number == 1 { "thing is" } else { "things are" }))
}
