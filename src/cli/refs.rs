//! `tandem refs SYMBOL`: where something is defined, who uses it, and what it uses.

use std::process::ExitCode;

use super::outline::print_found;
use super::terminal::{Style, Terminal, printable};
use super::workspace::{self, WorkspaceArguments};
use crate::config::Loader;
use crate::index::{Circle, Relations};

/// Show where a symbol is defined, who uses it, and what it calls.
///
/// By names and imports, without types: a use counts for the nearest definition, and a name that many files define
/// counts for none that is not near. Exit code: 0 found, 1 no such definition.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem refs parse_request               every definition of that name, with its uses
  tandem refs Server.start                the one in Server; Server::start is the same
  tandem refs --json start | jq '.relations[].references[].path'")]
pub struct Arguments {
    #[arg(value_name = "SYMBOL")]
    symbol: String,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArguments,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let workspace = arguments.workspace.open(loader)?;
    let mut terminal = workspace::terminal(loader);
    let relations = workspace.index.relations(&arguments.symbol);
    if !workspace.print_json(&mut terminal, "relations", &relations)? {
        for relation in &relations {
            print(&mut terminal, relation)?;
        }
        if relations.is_empty() {
            terminal.line(format!("nothing defines {}", printable(&arguments.symbol)))?;
            for hit in workspace.index.search_symbols(&arguments.symbol, 5) {
                print_found(&mut terminal, &hit.found, "a name like it")?;
            }
        }
        workspace.print_provenance(&mut terminal)?;
    }
    Ok(if relations.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(terminal: &mut Terminal, relations: &Relations) -> anyhow::Result<()> {
    let uses = relations.references.len();
    print_found(terminal, &relations.definition, &format!("{uses} {}", if uses == 1 { "use" } else { "uses" }))?;
    for reference in &relations.references {
        let place = format!("{}:{}:{}", printable(&reference.path), reference.at.row + 1, reference.at.column + 1);
        let inside = reference.inside.as_ref().map_or_else(String::new, |inside| {
            format!(" in {} {}", inside.kind.word(), printable(&inside.full_name()))
        });
        let circle = match reference.circle {
            Circle::File | Circle::Imported => "",
            Circle::Directory => "  same directory",
            Circle::Workspace => "  by name alone",
        };
        terminal.styled(&[
            (Style::Plain, &format!("  {place}  {}{inside}", reference.kind.word())),
            (Style::Dim, circle),
        ])?;
    }
    if !relations.callees.is_empty() {
        terminal.styled(&[(Style::Dim, "  calls")])?;
    }
    for callee in &relations.callees {
        let place = format!("{}:{}", printable(&callee.path), callee.name_at.row + 1);
        terminal.line(format!("    {place}  {} {}", callee.kind.word(), printable(&callee.full_name())))?;
    }
    Ok(())
}
