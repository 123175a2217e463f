//! `tandem model rm`: forgets a model, and deletes what of it is ours.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use super::selection::users;
use super::{one_installed, store};
use crate::cli::Options;
use crate::cli::doctor::machine::size;
use crate::cli::terminal::Terminal;
use crate::config::Loader;
use crate::models::import::what_removal_does;
use crate::models::{Holding, Installed, ModelName, Store};

/// Remove a model.
///
/// Files that Tandem downloaded are deleted. Of those that belong to other programs only the link goes, or the entry.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    #[arg(value_name = "NAME")]
    name: ModelName,

    /// Without a question
    #[arg(long)]
    yes: bool,

    #[command(flatten)]
    pub(in crate::cli) options: Options,
}

pub fn run(terminal: &mut Terminal, loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = store(loader);
    let installed = one_installed(&store, &arguments.name)?;
    let name = &installed.name;
    terminal.line(format!("{name} ({}): {}.", size(installed.bytes()), what_removal_does(installed.holding)))?;
    for key in users(&loader.load(&[], None).settings, &store, &installed) {
        terminal.line(format!("{key} names it: until you choose another, what needs it goes on without a model."))?;
    }
    for program in running(&store, &installed) {
        terminal.line(format!("The running process {program} has it open and goes on with it until it ends."))?;
    }
    if !arguments.yes && !is_confirmed()? {
        terminal.line("Nothing was changed.")?;
        return Ok(ExitCode::FAILURE);
    }
    store.remove(name)?;
    terminal.line(match installed.holding {
        Holding::Own => format!("{name} is gone, {} are free.", size(installed.bytes())),
        _ => format!("{name} is forgotten."),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn is_confirmed() -> anyhow::Result<bool> {
    if !io::stdin().is_terminal() {
        eprintln!("tandem: nobody is here to be asked; --yes removes it");
        return Ok(false);
    }
    eprint!("Remove it? y = yes, anything else = no: ");
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// The numbers of this user's processes that have one of the files mapped. Only Linux tells.
fn running(store: &Store, installed: &Installed) -> Vec<u32> {
    let paths: Vec<String> = installed
        .files
        .iter()
        .filter_map(|file| store.path(file).canonicalize().ok())
        .map(|path| path.display().to_string())
        .collect();
    let own = std::process::id();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().filter_map(Result::ok);
    let mut found: Vec<u32> = entries
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|number| *number != own)
        .filter(|number| {
            let maps = std::fs::read_to_string(format!("/proc/{number}/maps")).unwrap_or_default();
            maps.lines().any(|line| paths.iter().any(|path| line.ends_with(path.as_str())))
        })
        .collect();
    found.sort_unstable();
    found
}
