//! `tandem search WORDS…`: places of the workspace about something.

use std::process::ExitCode;

use super::meaning;
use super::terminal::{Style, Terminal, printable};
use super::workspace::{self, WorkspaceArguments};
use crate::config::Loader;

/// Find places in the workspace by words, or definitions by name.
///
/// Words are split as identifiers are: `parse request` finds parseHTTPRequest. Best first; equal indexes give equal
/// answers. Where `engine.embeddingModel` names a model, places are found by what they mean, too, and each says by what it
/// was found. Exit code: 0 found, 1 nothing found.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem search retry backoff                 functions, comments and text about it
  tandem search --words retry backoff         by words alone, where there is a model for meaning
  tandem search --symbols docopn              definitions whose names hold these letters in order
  tandem search --json --limit 3 token budget | jq -r '.hits[].path'")]
pub struct Arguments {
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,

    /// Definitions by fuzzy name, instead of text
    #[arg(long)]
    symbols: bool,

    /// By words alone, though there is a model that finds by meaning
    #[arg(long = "words", conflicts_with = "symbols")]
    words_only: bool,

    /// Most results
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    limit: usize,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArguments,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let workspace = arguments.workspace.open(loader)?;
    let mut terminal = workspace::terminal(loader);
    let query = arguments.words.join(" ");
    let by_meaning = !arguments.symbols && !arguments.words_only;
    let _understood = by_meaning.then(|| meaning::understand(&workspace, loader, false)).transpose()?;
    meaning::settle(&workspace);
    let found = if arguments.symbols {
        let hits = workspace.index.search_symbols(&query, arguments.limit);
        if !workspace.print_json(&mut terminal, "symbols", &hits)? {
            for hit in &hits {
                super::outline::print_found(&mut terminal, &hit.found, &hit.score.to_string())?;
            }
        }
        !hits.is_empty()
    } else {
        let hits = workspace.index.search(&query, arguments.limit);
        if !workspace.print_json(&mut terminal, "hits", &hits)? {
            for hit in &hits {
                print(&mut terminal, hit)?;
            }
        }
        !hits.is_empty()
    };
    if !workspace.json {
        if !found {
            terminal.line("nothing found")?;
        }
        workspace.print_provenance(&mut terminal)?;
        if let Some(status) = workspace.index.vector_status().filter(|status| status.vectors < status.pieces) {
            terminal.styled(&[(Style::Dim, &status.describe())])?;
        }
    }
    Ok(if found { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(terminal: &mut Terminal, hit: &crate::index::Hit) -> anyhow::Result<()> {
    let place = format!("{}:{}-{}", printable(&hit.path), hit.rows.start + 1, hit.rows.end);
    let kind = hit.kind.map_or("", |kind| kind.word());
    let name = hit.name.as_deref().map_or_else(String::new, printable);
    let score = match hit.by {
        None => format!("  {:.1}", hit.score),
        Some(by) => format!("  by {}", by.word()),
    };
    terminal.styled(&[(Style::Bold, &place), (Style::Plain, &format!("  {kind} {name}")), (Style::Dim, &score)])?;
    terminal.line(format!("  {}: {}", hit.best_row + 1, printable(&hit.line)))?;
    Ok(())
}
