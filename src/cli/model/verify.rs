//! `tandem model verify`: what is on the disk against the digests that it had when it came.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::{Progress, store};
use crate::cli::Options;
use crate::cli::doctor::machine::size;
use crate::cli::terminal::{Style, Terminal};
use crate::config::Loader;
use crate::models::{Installed, ModelName, Store, hash_file};

/// Compare installed files with their digests.
///
/// Reads all of them: some seconds for each gigabyte. Exit code: 0 all as they were, 1 not.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Only this model
    #[arg(value_name = "NAME")]
    name: Option<ModelName>,

    /// One JSON object on stdout
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(in crate::cli) options: Options,
}

pub fn run(terminal: &mut Terminal, loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let store = store(loader);
    let models = match &arguments.name {
        Some(name) => {
            let found = store.find(name)?;
            if found.is_empty() {
                // With what may have been meant.
                super::one_installed(&store, name)?;
            }
            found
        }
        None => store.list()?,
    };
    let mut is_well = true;
    let mut results = Vec::new();
    for model in &models {
        let problem = problem(&store, model);
        is_well &= problem.is_none();
        if !arguments.json {
            match &problem {
                None => terminal.styled(&[
                    (Style::Good, "ok  "),
                    (Style::Plain, &format!("{} ({})", model.name, size(model.bytes()))),
                ])?,
                Some(problem) => terminal.styled(&[(Style::Bad, "BAD "), (Style::Plain, problem)])?,
            }
        }
        results.push(json!({"name": model.name, "bytes": model.bytes(), "problem": problem}));
    }
    let strays = if arguments.name.is_none() { store.strays()? } else { Vec::new() };
    if arguments.json {
        let strays: Vec<Value> = strays.iter().map(|(path, bytes)| json!({"path": path, "bytes": bytes})).collect();
        let value = json!({"models": results, "strays": strays, "isWell": is_well});
        terminal.line(serde_json::to_string_pretty(&value)?)?;
    } else {
        if models.is_empty() {
            terminal.line("Nothing is installed.")?;
        }
        for (path, bytes) in &strays {
            terminal.line(format!(
                "{} ({}) belongs to no installed model; `tandem model import` takes it up from another place, or delete it",
                path.display(),
                size(*bytes)
            ))?;
        }
    }
    Ok(if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is wrong, with the way out.
fn problem(store: &Store, model: &Installed) -> Option<String> {
    if let Err(error) = store.check(model) {
        return Some(error.to_string());
    }
    let mut progress = Progress::new(model.name.to_string());
    let total = model.bytes();
    let mut before = 0;
    for file in &model.files {
        let path = store.path(file);
        let digest = hash_file(&path, |done| {
            progress.show(before + done, total);
            true
        });
        match digest {
            Ok(digest) if digest == file.sha256 => before += file.bytes,
            Ok(digest) => {
                return Some(format!(
                    "{}: {} is not what it was (SHA-256 {digest} in place of {}); {}",
                    model.name,
                    path.display(),
                    file.sha256,
                    model.way_out()
                ));
            }
            Err(error) => return Some(format!("{}: {} cannot be read: {error}", model.name, path.display())),
        }
    }
    None
}
