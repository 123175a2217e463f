//! `tandem doctor`: what works on this machine, what does not, and what to do about it.
//!
//! Each look fills a section (`report`) and has a time limit (`look`); those that can are functions of files below a directory and of
//! an environment, so that tests show them machines that are not at hand.

mod cloud;
mod editors;
mod files;
mod graphics;
mod hosts;
mod index;
mod installed;
mod look;
pub(super) mod machine;
mod model;
mod processor;
mod record;
mod render;
mod report;
mod servers;
mod settings;
mod speed;
mod suggestions;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::terminal::Terminal;
use super::{Options, workspace};
use crate::config::Loader;
use look::{Pending, Scene, begin};
use report::{Report, Section};

/// What a look may take: files are read at once, or a network's disk is gone.
const USUAL: Duration = Duration::from_secs(10);
/// Eight editors may take three seconds each to tell their versions; keys may take ten.
const PATIENT: Duration = Duration::from_secs(30);
/// A driver that starts for the first time compiles its programs.
const DRIVERS: Duration = Duration::from_secs(20);
/// A model has five minutes to load, then it is measured.
const MODEL: Duration = Duration::from_secs(320);

/// See what works here, what does not, and what to do about it.
///
/// Looks at processor, memory, graphics, model and its speed, servers, cloud, index, settings, files and editors. Asks nobody
/// outside of this machine but the server that you set up, shows no key, and changes nothing but directories that are missing.
///
/// Exit code: 0; 1 where something is broken. Warnings break nothing.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem doctor                    all of it, about ten seconds
  tandem doctor --quick            without measuring the model's speed
  tandem doctor --json             for programs; docs/doctor.md tells what the names mean")]
pub struct Arguments {
    /// One JSON object on stdout
    #[arg(long)]
    json: bool,

    /// Do not measure the model's speed
    #[arg(long)]
    quick: bool,

    /// Ask commands and the keyring for the keys that settings name; they are not shown
    #[arg(long)]
    keys: bool,

    /// The folder that is looked at; without it the repository around the current directory
    #[arg(long, value_name = "DIRECTORY")]
    folder: Option<PathBuf>,

    /// List llama.cpp's devices as JSON: what this command asks a process of its own, as drivers may crash
    #[arg(long, hide = true)]
    list_devices: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    if arguments.list_devices {
        terminal.line(serde_json::to_string(&devices()?)?)?;
        return Ok(ExitCode::SUCCESS);
    }
    let folder = workspace::root(arguments.folder.as_deref())?;
    let settings = loader.load(std::slice::from_ref(&folder), None).settings;
    let root = Path::new("/").to_owned();
    let scene = Scene { root, loader: loader.clone(), folder, settings, asks_for_keys: arguments.keys };
    let report = Report::of(all(&Arc::new(scene), arguments.quick));
    if arguments.json {
        terminal.line(serde_json::to_string_pretty(&report)?)?;
    } else {
        render::print(&mut terminal, &report)?;
    }
    Ok(if report.broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Every look, in the order in which people read.
fn all(scene: &Arc<Scene>, is_quick: bool) -> Vec<Section> {
    // What the graphics' look found is what the choice of a model goes by.
    let devices: Arc<OnceLock<graphics::Devices>> = Arc::default();
    let found = devices.clone();
    let first = [
        begin(scene, Section::new("tandem", "Tandem"), USUAL, |_, section| build(section)),
        begin(scene, Section::new("machine", "Machine"), USUAL, processor::look),
        begin(scene, Section::new("graphics", "Graphics"), DRIVERS + USUAL, move |scene, section| {
            let program = std::env::current_exe()?;
            graphics::look(scene, section, found.get_or_init(|| graphics::ask_apart(&program, DRIVERS)))
        }),
    ];
    let rest = [
        begin(scene, Section::new("hosts", "Engine hosts"), USUAL, hosts::look),
        begin(scene, Section::new("servers", "Servers"), PATIENT, servers::look),
        begin(scene, Section::new("cloud", "Cloud models"), PATIENT, cloud::look),
        begin(scene, Section::new("privacy", "Privacy"), USUAL, record::look),
        begin(scene, Section::new("index", "Index"), USUAL, index::look),
        begin(scene, Section::new("settings", "Settings"), USUAL, settings::look),
        begin(scene, Section::new("files", "Files"), USUAL, files::look),
        begin(scene, Section::new("editors", "Editors"), PATIENT, editors::look),
    ];
    let mut sections: Vec<Section> = first.into_iter().map(Pending::end).collect();
    let rest: Vec<Section> = rest.into_iter().map(Pending::end).collect();
    // Alone: what is measured beside other work is not what typing gets.
    let model = move |scene: &Scene, section: &mut Section| {
        let gpus = devices.get().and_then(|devices| devices.as_ref().ok()).map_or(&[][..], Vec::as_slice);
        model::look(scene, section, gpus, is_quick)
    };
    sections.push(begin(scene, Section::new("model", "Model"), MODEL, model).end());
    sections.extend(rest);
    sections
}

fn build(section: &mut Section) -> anyhow::Result<()> {
    let features: Vec<&str> = [
        ("llama", cfg!(feature = "llama")),
        ("cloud", cfg!(feature = "cloud")),
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
    let features = if features.is_empty() { "lookup only".to_owned() } else { features.join(", ") };
    let optimised = if cfg!(debug_assertions) { "development build" } else { "release build" };
    section.fact("version", env!("CARGO_PKG_VERSION"));
    section.fact("build", format!("{optimised}; {features}"));
    if !cfg!(feature = "llama") {
        let what = "this build has no llama.cpp: the lookup engine completes alone";
        section.note(
            "no-llama",
            what,
            report::Fix::by_hand("take the release's archive, or build with the default features"),
        );
    }
    Ok(())
}

#[cfg(feature = "llama")]
fn devices() -> anyhow::Result<Vec<graphics::Listed>> {
    let found = crate::engine::llama::all_gpus().map_err(anyhow::Error::msg)?;
    Ok(found.into_iter().map(|(gpu, backend)| graphics::Listed { gpu, backend }).collect())
}

#[cfg(not(feature = "llama"))]
fn devices() -> anyhow::Result<Vec<graphics::Listed>> {
    anyhow::bail!("this build has no llama.cpp")
}
