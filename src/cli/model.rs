//! `tandem model`: which models there are, which are installed, and which one is used.

mod import;
mod info;
mod list;
mod pull;
mod remove;
mod selection;
mod verify;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::bail;

use super::Options;
use super::terminal::Terminal;
use crate::config::Loader;
use crate::models::{Installed, ModelName, Store};

/// See, choose and look after local models.
///
/// Models are known by names (`qwen2.5-coder-1.5b`, or `qwen2.5-coder-1.5b:q8_0` for one of its files). What is installed stays
/// yours: nothing is loaded from anywhere unless you say `pull`.
///
/// Exit code: 0 done, or all is well; 1 the answer is no (not installed, damaged, not confirmed); 2 a mistake in the arguments or
/// a file that cannot be used.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem model list                          what there is, what is installed, what fits
  tandem model info qwen2.5-coder-1.5b       size, memory, licence, and what nobody confirmed
  tandem model pull qwen2.5-coder-1.5b --use  download it, verify it, use it from now on
  tandem model info ~/models/some.gguf       what a file says of itself
  tandem model import ollama                 use what Ollama has, without a copy
  tandem model use qwen2.5-coder-1.5b        into your config.toml; comments in it stay
  tandem model use starter                   the small one inside the program again
  tandem model verify                        compare files with the digests that they had
  tandem model rm qwen2.5-coder-1.5b

docs/models.md tells what the names mean and where the files are.")]
pub struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    List(list::Arguments),
    Pull(Box<pull::Arguments>),
    Info(info::Arguments),
    Use(selection::Arguments),
    Rm(remove::Arguments),
    Verify(verify::Arguments),
    Import(import::Arguments),
}

impl Arguments {
    pub(super) fn options(&self) -> &Options {
        match &self.action {
            Action::List(arguments) => &arguments.options,
            Action::Pull(arguments) => &arguments.options,
            Action::Info(arguments) => &arguments.options,
            Action::Use(arguments) => &arguments.options,
            Action::Rm(arguments) => &arguments.options,
            Action::Verify(arguments) => &arguments.options,
            Action::Import(arguments) => &arguments.options,
        }
    }
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    match &arguments.action {
        Action::List(arguments) => list::run(&mut terminal, loader, arguments),
        Action::Pull(arguments) => pull::run(&mut terminal, loader, arguments),
        Action::Info(arguments) => info::run(&mut terminal, loader, arguments),
        Action::Use(arguments) => selection::run(&mut terminal, loader, arguments),
        Action::Rm(arguments) => remove::run(&mut terminal, loader, arguments),
        Action::Verify(arguments) => verify::run(&mut terminal, loader, arguments),
        Action::Import(arguments) => import::run(&mut terminal, loader, arguments),
    }
}

/// The store of the user's settings: what an editor or a folder says does not count here.
fn store(loader: &Loader) -> Store {
    Store::of(&loader.load(&[], None).user.models, loader.paths())
}

/// The installed model that a name means alone. Of several quantisations one must be named: what is done here is done to files.
fn one_installed(store: &Store, name: &ModelName) -> anyhow::Result<Installed> {
    let mut found = store.find(name)?;
    match (found.pop(), found.is_empty()) {
        (Some(installed), true) => Ok(installed),
        (Some(installed), false) => {
            found.push(installed);
            let names: Vec<String> = found.iter().map(|installed| installed.name.to_string()).collect();
            bail!("{name} is installed more than once: say which one, {}", names.join(" or "))
        }
        (None, _) => {
            let list = store.list()?;
            let known: Vec<String> = list.iter().map(|installed| installed.name.to_string()).collect();
            match name.nearest(known.iter().map(String::as_str)).as_slice() {
                [] => bail!("{name} is not installed; `tandem model list` shows what is"),
                near => bail!("{name} is not installed; did you mean {}?", near.join(" or ")),
            }
        }
    }
}

/// How far something long is, over and over in one line of a terminal. Nothing where nobody watches.
struct Progress {
    what: String,
    is_watched: bool,
    last: u64,
}

impl Progress {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), is_watched: io::stderr().is_terminal(), last: u64::MAX }
    }

    fn show(&mut self, done: u64, total: u64) {
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(100);
        if self.is_watched && percent != self.last {
            self.last = percent;
            eprint!("\r\x1b[K{}: {percent} %", self.what);
            let _ = io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_watched && self.last != u64::MAX {
            eprint!("\r\x1b[K");
        }
    }
}
