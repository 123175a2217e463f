//! `tandem outline FILE`: what a file defines.

use std::path::PathBuf;
use std::process::ExitCode;

use serde::Serialize;

use super::terminal::{Style, Terminal, printable};
use super::workspace::{self, WorkspaceArguments};
use crate::config::Loader;
use crate::index::{FileLinks, Found, OutlineEntry};

/// Show what a file defines, and which files it imports and is imported by.
///
/// Exit code: 0, 1 for a file that defines nothing, 2 for one that is not in the index.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArguments,
}

#[derive(Serialize)]
struct Report {
    path: String,
    language: Option<String>,
    /// Why the outline is not the whole one, if it is not.
    omission: Option<&'static str>,
    definitions: Vec<OutlineEntry>,
    #[serde(flatten)]
    links: FileLinks,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let workspace = arguments.workspace.open(loader)?;
    let mut terminal = workspace::terminal(loader);
    let path = workspace.relative(&arguments.file)?;
    let Some(definitions) = workspace.index.outline(&path) else {
        anyhow::bail!("{path} is not in the index: not there, ignored, or not reached yet");
    };
    let (language, omission) = {
        let state = workspace.index.read();
        let file = state.file_at(&path);
        let language = file.and_then(|file| file.language).map(|language| language.name.clone());
        (language, file.and_then(|file| file.omission).map(|omission| omission.describe()))
    };
    let links = workspace.index.file_links(&path).unwrap_or_default();
    let report = Report { path, language, omission, definitions, links };
    if !workspace.print_json(&mut terminal, "outline", &report)? {
        print(&mut terminal, &report)?;
        workspace.print_provenance(&mut terminal)?;
    }
    Ok(if report.definitions.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn print(terminal: &mut Terminal, report: &Report) -> anyhow::Result<()> {
    let language = report.language.as_deref().unwrap_or("plain text");
    terminal.styled(&[(Style::Bold, &printable(&report.path)), (Style::Dim, &format!("  {language}"))])?;
    if let Some(omission) = report.omission {
        terminal.line(format!("  {omission}"))?;
    }
    for entry in &report.definitions {
        let rows = format!("{:>5}-{:<5}", entry.found.start.row + 1, entry.found.end.row + 1);
        let indent = "  ".repeat(entry.found.containers.len());
        let text = entry.signature.as_deref().unwrap_or(&entry.found.name);
        terminal.styled(&[
            (Style::Dim, &rows),
            (Style::Plain, &format!(" {indent}{}", printable(text))),
            (Style::Dim, &format!("  {}", entry.found.kind.word())),
        ])?;
    }
    for (title, paths) in [("imports", &report.links.imports), ("imported by", &report.links.imported_by)] {
        if !paths.is_empty() {
            terminal.styled(&[(Style::Dim, title)])?;
        }
        for path in paths {
            terminal.line(format!("  {}", printable(path)))?;
        }
    }
    Ok(())
}

/// One definition on one line.
pub fn print_found(terminal: &mut Terminal, found: &Found, remark: &str) -> std::io::Result<()> {
    let place = format!("{}:{}:{}", printable(&found.path), found.name_at.row + 1, found.name_at.column + 1);
    terminal.styled(&[
        (Style::Bold, &place),
        (Style::Plain, &format!("  {} {}", found.kind.word(), printable(&found.full_name()))),
        (Style::Dim, &format!("  {remark}")),
    ])
}
