//! `tandem threads`: questions and answers that can be gone on with.

use std::process::ExitCode;

use super::Options;
use super::terminal::{Style, Terminal, printable};
use crate::ask::Threads;
use crate::config::Loader;

/// List the questions that you can go on with, read one, or delete it.
///
/// They are files of yours on this machine; ask.keepThreads = false keeps none. Exit code: 0; 1 where there is no such
/// thread, or none at all.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem threads                 the newest first
  tandem threads show ID         all of its questions and answers
  tandem threads delete ID       for good
  tandem ask --thread ID and what calls that")]
pub struct Arguments {
    #[command(subcommand)]
    what: Option<What>,

    /// The list as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum What {
    /// Read a thread
    Show { id: String },
    /// Delete a thread
    Delete { id: String },
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let threads = Threads::in_directory(loader.paths().threads_directory());
    let mut terminal = Terminal::stdout(loader.environment());
    match &arguments.what {
        None => list(&threads, arguments.json, &mut terminal),
        Some(What::Show { id }) => show(&threads, id, &mut terminal),
        Some(What::Delete { id }) => {
            let was_there = threads.delete(id);
            terminal.line(if was_there { "deleted" } else { "there is no such thread" })?;
            Ok(if was_there { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn list(threads: &Threads, is_json: bool, terminal: &mut Terminal) -> anyhow::Result<ExitCode> {
    let all = threads.list();
    if is_json {
        terminal.line(serde_json::to_string_pretty(&serde_json::json!({ "threads": all }))?)?;
    } else if all.is_empty() {
        terminal.line("no threads are kept")?;
    }
    for entry in all.iter().filter(|_| !is_json) {
        let at = jiff::Timestamp::from_second(entry.at).map(|at| at.strftime("%Y-%m-%d %H:%M").to_string());
        terminal.styled(&[
            (Style::Bold, &printable(&entry.id)),
            (Style::Dim, &format!("  {}  ", at.unwrap_or_default())),
            (Style::Plain, &printable(&entry.title)),
            (Style::Dim, &format!("  ({}, {})", turns(entry.turns), printable(&entry.folder))),
        ])?;
    }
    Ok(if all.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn show(threads: &Threads, id: &str, terminal: &mut Terminal) -> anyhow::Result<ExitCode> {
    let Some(thread) = threads.load(id) else {
        terminal.line("there is no such thread")?;
        return Ok(ExitCode::FAILURE);
    };
    terminal.heading(&printable(&thread.title))?;
    for turn in &thread.turns {
        let question: String = turn.question.iter().map(|piece| &*piece.text).collect();
        terminal.line("")?;
        for line in question.lines() {
            terminal.styled(&[(Style::Dim, &format!("> {}", printable(line)))])?;
        }
        terminal.line("")?;
        for line in turn.answer.lines() {
            terminal.line(printable(line))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn turns(count: usize) -> String {
    if count == 1 { "1 question".to_owned() } else { format!("{count} questions") }
}
