//! The command line: one file a subcommand. The only module that writes to stdout beside the protocol.
//!
//! A command returns its exit code; 0 is success, 1 means "it worked, and the answer is no", 2 is a mistake in the
//! arguments or a file that cannot be used.

mod ask;
mod audit;
mod bench;
mod budget;
mod complete;
mod completions;
mod demo;
mod doctor;
mod editors;
pub mod engine;
pub mod engines;
mod eval;
mod fitting;
mod index;
mod man;
mod map;
mod meaning;
mod model;
mod outline;
mod place;
mod prices;
mod refs;
mod search;
mod serve;
mod setup;
mod stats;
mod terminal;
mod threads;
mod trust;
mod user_file;
mod why;
mod workspace;

use std::io;
use std::path::Path;
use std::process::ExitCode;
use std::sync::LazyLock;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{CommandFactory, Parser, Subcommand};
use serde_json::{Map, Value};

use crate::config::{Environment, Key, Loader, is_model_name};
use crate::observe;

/// Exit code for bad arguments and files that cannot be used; clap's own is the same.
pub const USAGE_OR_FILE_ERROR: u8 = 2;

/// Longest wait for the log before the process ends.
pub const LOG_DEADLINE: Duration = Duration::from_millis(500);

const EXAMPLES: &str = "\
Examples:
  tandem demo                              watch it complete code
  tandem doctor                            what works on this machine, and what does not
  tandem setup helix                       put Tandem into an editor's configuration
  tandem complete src/main.rs:12:9         what would be suggested there
  tandem why src/main.rs:12:9              what led to it, or to silence
  tandem ask how is a job retried          a cited answer, under your budget and policy
  tandem search retry backoff              places of this repository about it
  tandem map --tokens 2048                 its most important signatures
  tandem eval                              how well this repository is completed
  tandem bench                             how fast the engine is here, and which settings follow
  tandem model list                        local models: which there are, and which are here
  tandem budget                            what cloud models may cost, and what they did
  tandem serve                             the language server, for an editor to start

Settings come from your config.toml, the editor, a repository's .tandem.toml (which may only
tighten) and TANDEM_* variables. --set KEY=VALUE stands above them all. `tandem doctor` shows
which files are in effect, docs/configuration.md lists the keys.";

/// What `tandem --version` says: a report of a bug needs to know what this build is made of, and so does the packaging.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let features = [
        ("cloud", cfg!(feature = "cloud")),
        ("cuda", cfg!(feature = "cuda")),
        ("dynamic-backends", cfg!(feature = "dynamic-backends")),
        ("llama", cfg!(feature = "llama")),
        ("metal", cfg!(feature = "metal")),
        ("openmp", cfg!(feature = "openmp")),
        ("vulkan", cfg!(feature = "vulkan")),
    ];
    let built_in: Vec<&str> = features.iter().filter(|(_, is_in)| *is_in).map(|(name, _)| *name).collect();
    let built_in = if built_in.is_empty() { "none".to_owned() } else { built_in.join(" ") };
    format!("{}\nfeatures: {built_in}", env!("CARGO_PKG_VERSION"))
});

/// A language server that completes code with a model on this machine.
///
/// Typing never waits and nothing leaves the machine. An editor starts `tandem serve`; the other commands are for
/// people.
#[derive(Debug, Parser)]
#[command(name = "tandem", version, long_version = VERSION.as_str(), after_help = EXAMPLES, max_term_width = 100)]
pub struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Options of the commands for people.
#[derive(Clone, Debug, Default, clap::Args)]
struct Options {
    /// Set one setting for this run, for example --set completion.maxLines=1
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// Use this model, a GGUF file or the name of an installed one: short for --set engine.model=MODEL
    // Some commands have a model as their subject, too.
    #[arg(long = "model", id = "engine-model", value_name = "MODEL")]
    model: Option<String>,

    /// Log what matches, for example debug or tandem::complete=debug: short for --set log.filter=FILTER
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::Arguments),
    Complete(complete::Arguments),
    Why(why::Arguments),
    Demo(demo::Arguments),
    Doctor(doctor::Arguments),
    Setup(setup::Arguments),
    Ask(ask::AskArguments),
    Preview(ask::PreviewArguments),
    Threads(threads::Arguments),
    Trust(trust::Arguments),
    Search(search::Arguments),
    Map(map::Arguments),
    Outline(outline::Arguments),
    Refs(refs::Arguments),
    Index(index::Arguments),
    Stats(stats::Arguments),
    Audit(audit::Arguments),
    Model(Box<model::Arguments>),
    Budget(budget::Arguments),
    Prices(prices::Arguments),
    Eval(Box<eval::Arguments>),
    Bench(Box<bench::Arguments>),

    /// The process that owns the model; `tandem serve` starts it.
    #[command(hide = true)]
    Engine(engine::EngineArgs),

    // What packages are made of, and who builds with cargo asks for once.
    #[command(hide = true)]
    Completions(completions::Arguments),
    #[command(hide = true)]
    Man(man::Arguments),
}

/// Runs one command. An error is a sentence for the user.
pub fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let environment = Environment::of_process();
    let settings = match &arguments.command {
        Command::Serve(arguments) => arguments.options.settings()?,
        Command::Complete(arguments) => arguments.question.options.settings()?,
        Command::Why(arguments) => arguments.question.options.settings()?,
        Command::Demo(arguments) => arguments.options.settings()?,
        Command::Doctor(arguments) => arguments.options.settings()?,
        Command::Setup(arguments) => arguments.options.settings()?,
        Command::Ask(arguments) => arguments.question.workspace.options.settings()?,
        Command::Preview(arguments) => arguments.question.workspace.options.settings()?,
        Command::Threads(arguments) => arguments.options.settings()?,
        Command::Trust(arguments) => arguments.options.settings()?,
        Command::Search(arguments) => arguments.workspace.options.settings()?,
        Command::Map(arguments) => arguments.workspace.options.settings()?,
        Command::Outline(arguments) => arguments.workspace.options.settings()?,
        Command::Refs(arguments) => arguments.workspace.options.settings()?,
        Command::Index(arguments) => arguments.workspace.options.settings()?,
        Command::Stats(arguments) => arguments.options.settings()?,
        Command::Audit(arguments) => arguments.options.settings()?,
        Command::Model(arguments) => arguments.options().settings()?,
        Command::Budget(arguments) => arguments.options().settings()?,
        Command::Prices(arguments) => arguments.options.settings()?,
        Command::Eval(arguments) => arguments.options().settings()?,
        Command::Bench(arguments) => arguments.options().settings()?,
        Command::Engine(_) => Value::Null,
        // These two are about the program alone: no settings, no log, nothing of the user's is looked at.
        Command::Completions(arguments) => return completions::run(arguments),
        Command::Man(arguments) => return man::run(arguments),
    };
    let loader = Loader::new(environment, settings).with_defaults(arguments.command.defaults());
    let loaded = loader.load(&[], None);
    for problem in observe::start(&loaded.settings.log, &loader.paths().log_file()) {
        eprintln!("tandem: {problem}");
    }
    match arguments.command {
        Command::Serve(arguments) => serve::run(&arguments, loader),
        Command::Complete(arguments) => complete::run(&arguments, &loader),
        Command::Why(arguments) => why::run(&arguments, &loader),
        Command::Demo(arguments) => demo::run(&arguments, &loader),
        Command::Doctor(arguments) => doctor::run(&arguments, &loader),
        Command::Setup(arguments) => setup::run(&arguments, &loader),
        Command::Ask(arguments) => ask::run(&arguments, &loader),
        Command::Preview(arguments) => ask::run_preview(&arguments, &loader),
        Command::Threads(arguments) => threads::run(&arguments, &loader),
        Command::Trust(arguments) => trust::run(&arguments, &loader),
        Command::Search(arguments) => search::run(&arguments, &loader),
        Command::Map(arguments) => map::run(&arguments, &loader),
        Command::Outline(arguments) => outline::run(&arguments, &loader),
        Command::Refs(arguments) => refs::run(&arguments, &loader),
        Command::Index(arguments) => index::run(&arguments, &loader),
        Command::Stats(arguments) => stats::run(&arguments, &loader),
        Command::Audit(arguments) => audit::run(&arguments, &loader),
        Command::Model(arguments) => model::run(&arguments, &loader),
        Command::Budget(arguments) => budget::run(&arguments, &loader),
        Command::Prices(arguments) => prices::run(&arguments, &loader),
        Command::Eval(arguments) => eval::run(&arguments, &loader),
        Command::Bench(arguments) => bench::run(&arguments, &loader),
        Command::Engine(arguments) => engine::run(&arguments).map(|()| ExitCode::SUCCESS),
        Command::Completions(arguments) => completions::run(&arguments),
        Command::Man(arguments) => man::run(&arguments),
    }
}

impl Command {
    /// What this command takes for granted where nobody says otherwise.
    fn defaults(&self) -> Value {
        match self {
            Command::Serve(_) | Command::Engine(_) => Value::Null,
            // As the server would, but the host need not wait for anybody after it.
            Command::Doctor(_) => serde_json::json!({"engine.hostIdleSeconds": 2, "log.filter": "warn"}),
            // What an editor gets is what is measured.
            Command::Bench(_) => serde_json::json!({"log.filter": "warn"}),
            // One answer needs no process that outlives it, and a person's terminal no news of success.
            _ => serde_json::json!({"engine.host": "in-process", "log.filter": "warn"}),
        }
    }
}

impl Options {
    /// The settings that the command line makes. Here a mistake is an error: whoever typed it is looking.
    fn settings(&self) -> anyhow::Result<Value> {
        let mut settings = Map::new();
        let short = [("engine.model", &self.model), ("log.filter", &self.log)];
        for (key, value) in short {
            if let Some(value) = value {
                settings.insert(key.to_owned(), Value::String(value.clone()));
            }
        }
        settings.extend(assignments("--set", &self.set)?);
        // What is named in a shell is relative to where its user stands.
        if let Some(Value::String(path)) = settings.get_mut("engine.model")
            && !path.starts_with("~/")
            && !is_model_name(Path::new(path))
        {
            *path = std::path::absolute(&*path)?.to_string_lossy().into_owned();
        }
        Ok(Value::Object(settings))
    }
}

/// Settings of `KEY=VALUE`s behind `option`, each checked. An error names the option.
fn assignments(option: &str, list: &[String]) -> anyhow::Result<Map<String, Value>> {
    let mut settings = Map::new();
    for assignment in list {
        let (key, value) = assignment
            .split_once('=')
            .with_context(|| format!("{option} {assignment}: write KEY=VALUE, for example completion.maxLines=1"))?;
        let Some(known) = Key::find(key) else {
            let hint = Key::nearest(key).map_or_else(String::new, |near| format!("; did you mean {near}?"));
            bail!("{option} {assignment}: no setting has the name {key}{hint}");
        };
        let parsed = known.kind.parse(value).filter(|value| known.kind.admits(value));
        let Some(parsed) = parsed else {
            bail!("{option} {assignment}: {value} is not {}", known.kind.expected());
        };
        settings.insert(key.to_owned(), parsed);
    }
    Ok(settings)
}

/// The command line as people may see it: without the commands that one process of ours gives another.
fn public() -> clap::Command {
    let all = Arguments::command();
    let commands: Vec<_> = all.get_subcommands().filter(|command| !command.is_hide_set()).cloned().collect();
    clap::Command::new("tandem")
        .version(env!("CARGO_PKG_VERSION"))
        .about(all.get_about().cloned().unwrap_or_default())
        .long_about(all.get_long_about().cloned().unwrap_or_default())
        .after_help(all.get_after_help().cloned().unwrap_or_default())
        .args(all.get_arguments().cloned())
        .subcommand_required(true)
        .subcommands(commands)
}

/// The reader of our output went away.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::BrokenPipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(set: &[&str]) -> Options {
        Options { set: set.iter().map(ToString::to_string).collect(), ..Options::default() }
    }

    #[test]
    fn the_definitions_hold_together() {
        Arguments::command().debug_assert();
    }

    #[test]
    fn the_engine_host_s_arguments_do_not_meet_ours() {
        let arguments = ["tandem", "engine", "--directory", "d", "--name", "n", "--log", "l", "--binary", "b"];
        let more = ["--model", "m", "--idle-ms", "1", "--settings", "{}"];
        let parsed = Arguments::try_parse_from(arguments.into_iter().chain(more)).unwrap();
        assert!(matches!(parsed.command, Command::Engine(_)));
    }

    #[test]
    fn settings_of_the_command_line_are_checked_at_once() {
        let settings = options(&["completion.maxLines=2", "completion.disabledLanguages=c,cpp"]).settings().unwrap();
        assert_eq!(
            settings,
            serde_json::json!({"completion.maxLines": 2, "completion.disabledLanguages": ["c", "cpp"]})
        );
        let error = |assignment: &str| options(&[assignment]).settings().unwrap_err().to_string();
        assert_eq!(
            error("completion.maxLine=2"),
            "--set completion.maxLine=2: no setting has the name completion.maxLine; did you mean completion.maxLines?"
        );
        assert_eq!(
            error("completion.maxLines=0"),
            "--set completion.maxLines=0: 0 is not a whole number from 1 to 200"
        );
        assert!(error("completion.maxLines").contains("write KEY=VALUE"));
    }

    #[test]
    fn a_model_on_the_command_line_is_relative_to_the_shell() {
        let options = Options { model: Some("m.gguf".into()), ..Options::default() };
        let settings = options.settings().unwrap();
        let path = std::path::Path::new(settings["engine.model"].as_str().unwrap());
        assert!(path.is_absolute() && path.ends_with("m.gguf"), "{path:?}");
    }

    #[test]
    fn a_reader_that_left_is_not_a_failure() {
        let broken = anyhow::Error::from(io::Error::from(io::ErrorKind::BrokenPipe)).context("writing the report");
        assert!(is_broken_pipe(&broken));
        assert!(!is_broken_pipe(&anyhow::anyhow!("something else")));
    }
}
