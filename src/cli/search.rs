//! `tandem search WORDS…`: places of the workspace about something.

mod measure;

use std::process::ExitCode;

use anyhow::ensure;

use super::meaning;
use super::terminal::{Style, Terminal, printable};
use super::workspace::{self, WorkspaceArguments};
use crate::config::Loader;
use crate::index::SearchBy;

/// Find places in the workspace by words, or definitions by name.
///
/// Words are split as identifiers are: `parse request` finds parseHTTPRequest. Best first; equal indexes give equal
/// answers. Where `engine.embeddingModel` names a model, places are found by what they mean, too, and each says by what it
/// was found. Exit code: 0 found, 1 nothing found.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem search retry backoff                 functions, comments and text about it
  tandem search --words retry backoff         by words alone, where there is a model for meaning
  tandem search --meaning try it once more    by meaning alone
  tandem search --measure                     what the model adds to words, on this folder's own functions
  tandem search --symbols docopn              definitions whose names hold these letters in order
  tandem search --json --limit 3 token budget | jq -r '.hits[].path'")]
pub struct Arguments {
    #[arg(required_unless_present = "measure", conflicts_with = "measure", value_name = "WORDS")]
    words: Vec<String>,

    /// Definitions by fuzzy name, instead of text
    #[arg(long)]
    symbols: bool,

    /// By words alone, though there is a model that finds by meaning
    #[arg(long = "words", conflicts_with_all = ["symbols", "meaning"])]
    words_only: bool,

    /// By meaning alone, as far as there are vectors
    #[arg(long, conflicts_with = "symbols")]
    meaning: bool,

    /// Measure instead: what comments say of this folder's functions is asked without the comments, by words, vectors and both
    #[arg(long, conflicts_with_all = ["symbols", "words_only", "meaning", "limit"])]
    measure: bool,

    /// With --measure: most questions of each kind
    #[arg(long, value_name = "NUMBER", default_value_t = 300, requires = "measure")]
    questions: usize,

    /// Most results
    #[arg(long, value_name = "NUMBER", default_value_t = 10)]
    limit: usize,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArguments,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    if arguments.measure {
        return measure::run(&arguments.workspace, arguments.questions, loader);
    }
    let workspace = arguments.workspace.open(loader)?;
    let mut terminal = workspace::terminal(loader);
    let query = arguments.words.join(" ");
    let by_meaning = !arguments.symbols && !arguments.words_only;
    let understand = || meaning::understand(&workspace, loader, false, meaning::PATIENCE);
    let _understood = by_meaning.then(understand).transpose()?;
    ensure!(
        !arguments.meaning || workspace.index.vector_status().is_some(),
        "--meaning wants a model: name one (engine.embeddingModel), then type `tandem index`"
    );
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
        let by = if arguments.meaning { SearchBy::Meaning } else { SearchBy::Best };
        let hits = workspace.index.search_by(&query, arguments.limit, by);
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
    let score = match hit.ranks {
        None => format!("  {:.1}", hit.score),
        Some(ranks) => format!("  {}", ranks.describe()),
    };
    terminal.styled(&[(Style::Bold, &place), (Style::Plain, &format!("  {kind} {name}")), (Style::Dim, &score)])?;
    terminal.line(format!("  {}: {}", hit.best_row + 1, printable(&hit.line)))?;
    Ok(())
}
