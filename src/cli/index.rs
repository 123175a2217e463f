//! `tandem index`: build, check, describe or follow the index of a workspace.

use std::collections::BTreeMap;
use std::process::ExitCode;
use std::time::Instant;

use serde::Serialize;

use super::meaning;
use super::terminal::{Style, Terminal, printable};
use super::workspace::{self, Workspace, WorkspaceArguments};
use crate::config::Loader;
use crate::index::{Omission, Provenance, Totals, VectorStatus};

/// Index the workspace and store the index for the next start.
///
/// Editors need not be told: the server does the same by itself. Exit code: 0; with --check 1 where the index differs.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem index                     bring the stored index up to date
  tandem index --stats             what is in it, by language, and what was left out and why
  tandem index --check             compare it with a rebuild from nothing
  tandem index --watch             follow the files until interrupted")]
pub struct Arguments {
    /// Keep running and say what changes
    #[arg(long, conflicts_with = "check")]
    watch: bool,

    /// Rebuild everything in memory and name each file that differs
    #[arg(long)]
    check: bool,

    /// Show what is indexed, and what is left out
    #[arg(long)]
    stats: bool,

    #[command(flatten)]
    pub(super) workspace: WorkspaceArguments,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    root: String,
    stored_at: Option<String>,
    seconds: f64,
    totals: Totals,
    /// Estimate of the memory that the index takes.
    bytes: usize,
    languages: BTreeMap<String, Share>,
    /// Files that are not in it, or only in part, by reason.
    omitted: BTreeMap<&'static str, usize>,
    beyond_limit: u64,
    names_not_utf8: u64,
    unreadable_directories: u64,
    vendored: usize,
    generated: usize,
    /// Absent without a model for them.
    #[serde(skip_serializing_if = "Option::is_none")]
    vectors: Option<VectorStatus>,
}

#[derive(Default, Serialize)]
struct Share {
    files: usize,
    bytes: u64,
    definitions: usize,
    references: usize,
    imports: usize,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let started = Instant::now();
    let mut terminal = workspace::terminal(loader);
    let workspace = if arguments.watch {
        let workspace = arguments.workspace.start(loader)?;
        // Before the scan, so that nothing falls between the two.
        workspace.index.watch();
        workspace
    } else {
        arguments.workspace.open(loader)?
    };
    if arguments.watch {
        return watch(&workspace, &mut terminal);
    }
    if arguments.check {
        return check(&workspace, &mut terminal);
    }
    let _understood = meaning::understand(&workspace, loader, true, meaning::PATIENCE)?;
    meaning::settle(&workspace);
    let report = report(&workspace, started);
    if !workspace.print_json(&mut terminal, "index", &report)? {
        print(&mut terminal, &workspace, &report, arguments.stats)?;
    }
    workspace.index.save()?;
    Ok(ExitCode::SUCCESS)
}

fn check(workspace: &Workspace, terminal: &mut Terminal) -> anyhow::Result<ExitCode> {
    let differences = workspace.index.differences();
    if !workspace.print_json(terminal, "differences", &differences)? {
        for difference in &differences {
            terminal.line(format!("{}: {}", printable(&difference.path), difference.what))?;
        }
        if differences.is_empty() {
            let provenance = workspace.index.provenance();
            terminal.line(format!("equal to a rebuild: {}", provenance.describe()))?;
        }
    }
    Ok(if differences.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// A line for each change, until the user interrupts.
fn watch(workspace: &Workspace, terminal: &mut Terminal) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut progress = workspace.index.progress();
    let mut told: Option<(Provenance, u64)> = None;
    runtime.block_on(async {
        loop {
            let now = progress.borrow_and_update().clone();
            let state = (workspace.index.provenance(), workspace.index.read().generation());
            if now.is_caught_up && told.as_ref() != Some(&state) {
                if workspace.json {
                    terminal.line(serde_json::to_string(&state.0)?)?;
                } else {
                    terminal.line(state.0.describe())?;
                }
                if let Some(problem) = &now.watch_problem {
                    eprintln!("tandem: {problem}");
                }
                told = Some(state);
            }
            tokio::select! {
                changed = progress.changed() => if changed.is_err() { break },
                _ = tokio::signal::ctrl_c() => break,
            }
        }
        anyhow::Ok(())
    })?;
    workspace.index.save()?;
    Ok(ExitCode::SUCCESS)
}

fn report(workspace: &Workspace, started: Instant) -> Report {
    let index = &workspace.index;
    let progress = index.progress().borrow().clone();
    let state = index.read();
    let mut languages: BTreeMap<String, Share> = BTreeMap::new();
    let mut omitted: BTreeMap<&'static str, usize> = BTreeMap::new();
    let (mut vendored, mut generated) = (0, 0);
    for (_, file) in state.files() {
        let name = file.language.map_or("plain text", |language| &language.name);
        if let Some(omission) = file.omission {
            *omitted.entry(omission.describe()).or_default() += 1;
        }
        if file.omission.is_none_or(|omission| omission == Omission::ParseTime) {
            let share = languages.entry(name.to_owned()).or_default();
            share.files += 1;
            share.bytes += file.stamp.bytes;
            share.definitions += file.facts.symbols.len();
            share.references += file.facts.use_count();
            share.imports += file.facts.imports().count();
        }
        vendored += usize::from(file.is_vendored);
        generated += usize::from(file.is_generated);
    }
    Report {
        root: index.root().display().to_string(),
        stored_at: index.stored_at().map(|file| file.display().to_string()),
        seconds: started.elapsed().as_secs_f64(),
        totals: state.totals(),
        bytes: state.bytes(),
        languages,
        omitted,
        beyond_limit: progress.beyond,
        names_not_utf8: progress.unnameable,
        unreadable_directories: progress.unreadable_count,
        vendored,
        generated,
        vectors: index.vector_status(),
    }
}

fn print(terminal: &mut Terminal, workspace: &Workspace, report: &Report, with_stats: bool) -> anyhow::Result<()> {
    let totals = report.totals;
    terminal.line(workspace.index.provenance().describe())?;
    terminal.line(format!(
        "{} definitions, {} references, {} imports in {:.1} MB of text; {:.1} MB of memory; {:.2} s",
        totals.definitions,
        totals.references,
        totals.imports,
        totals.source_bytes as f64 / 1e6,
        report.bytes as f64 / 1e6,
        report.seconds
    ))?;
    if let Some(vectors) = &report.vectors {
        terminal.line(format!("{}; {:.1} MB of memory", vectors.describe(), vectors.bytes as f64 / 1e6))?;
    }
    let left_out = [
        (report.beyond_limit, "files beyond index.maxFiles"),
        (report.names_not_utf8, "names that are not UTF-8"),
        (report.unreadable_directories, "directories that cannot be listed"),
    ];
    for (number, what) in left_out.into_iter().filter(|(number, _)| *number > 0) {
        terminal.styled(&[(Style::Bad, &format!("left out: {number} {what}"))])?;
    }
    if !with_stats {
        return Ok(());
    }
    terminal.heading("Languages")?;
    for (name, share) in &report.languages {
        let text = format!(
            "{} files, {:.1} MB, {} definitions, {} references, {} imports",
            share.files,
            share.bytes as f64 / 1e6,
            share.definitions,
            share.references,
            share.imports
        );
        terminal.entry(name, text)?;
    }
    if !report.omitted.is_empty() {
        terminal.heading("Left out")?;
    }
    for (reason, files) in &report.omitted {
        terminal.entry(reason, format!("{files} files"))?;
    }
    terminal.heading("Marked")?;
    terminal.entry("vendored", format!("{} files", report.vendored))?;
    terminal.entry("generated", format!("{} files", report.generated))?;
    if let Some(stored) = &report.stored_at {
        terminal.entry("stored at", stored)?;
    }
    Ok(())
}
