//! `tandem search --measure`: whether the model of vectors is worth it on this folder.

use std::io::{self, IsTerminal, Write as _};
use std::process::ExitCode;

use anyhow::bail;
use serde::Serialize;

use crate::cli::meaning;
use crate::cli::terminal::{Style, Terminal};
use crate::cli::workspace::{self, Workspace, WorkspaceArguments};
use crate::config::{IndexSettings, Loader, Settings};
use crate::eval::{Found, QuestionKind, SearchFigures, SearchPlan, SearchRanks, ask, prepare};
use crate::index::VectorStatus;

/// Equal files give equal questions.
const SEED: u64 = 1;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report {
    /// Absent without a model.
    vectors: Option<VectorStatus>,
    of_comments: SearchFigures,
    of_names: SearchFigures,
    of_all: SearchFigures,
    questions: Vec<SearchRanks>,
}

/// Measures on an index of its own, which is in memory alone: it has no comments in it.
pub fn run(arguments: &WorkspaceArguments, questions: usize, loader: &Loader) -> anyhow::Result<ExitCode> {
    let workspace = open(arguments, loader)?;
    let mut terminal = workspace::terminal(loader);
    let questions = prepare(&workspace.index, SearchPlan { questions, seed: SEED });
    if questions.is_empty() {
        bail!("no function of this folder has a comment of a sentence, or a name that can be said in other words");
    }
    let _understood = meaning::understand(&workspace, loader, true, meaning::PATIENCE)?;
    meaning::settle(&workspace);
    let watched = io::stderr().is_terminal();
    let ranks: Vec<SearchRanks> = (1..)
        .zip(&questions)
        .map(|(number, question)| {
            if watched {
                eprint!("\r\x1b[Kquestion {number} of {}", questions.len());
                let _ = io::stderr().flush();
            }
            ask(&workspace.index, question)
        })
        .collect();
    if watched {
        eprint!("\r\x1b[K");
    }
    let of = |kind| SearchFigures::of(ranks.iter().filter(move |one| one.question.kind == kind));
    let report = Report {
        vectors: workspace.index.vector_status(),
        of_comments: of(QuestionKind::Comment),
        of_names: of(QuestionKind::Name),
        of_all: SearchFigures::of(ranks.iter()),
        questions: ranks,
    };
    if !workspace.print_json(&mut terminal, "measured", &report)? {
        print(&mut terminal, &report)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn open(arguments: &WorkspaceArguments, loader: &Loader) -> anyhow::Result<Workspace> {
    let own = |settings: Settings| {
        let index = IndexSettings { persist: false, cpu_share: 100, ..settings.index };
        Settings { index, ..settings }
    };
    let workspace = arguments.start_with(loader, own)?;
    workspace::wait_for(&workspace.index, None);
    Ok(workspace)
}

fn print(terminal: &mut Terminal, report: &Report) -> anyhow::Result<()> {
    for (title, figures) in [
        ("What comments say, without the comments", &report.of_comments),
        ("Names in other words", &report.of_names),
        ("All", &report.of_all),
    ] {
        terminal.heading(&format!("{title} ({} questions)", figures.words.recall.of))?;
        terminal.entry("words", found(&figures.words))?;
        if report.vectors.is_some() {
            terminal.entry("vectors", found(&figures.vectors))?;
            terminal.entry("both", found(&figures.both))?;
            let (recall, reciprocal) = (figures.gain_recall, figures.gain_reciprocal);
            let gain = format!(
                "{:+.1} points among the first ten ({:+.1} to {:+.1}), {:+.3} of 1/rank ({:+.3} to {:+.3})",
                recall.mean * 100.0,
                recall.low * 100.0,
                recall.high * 100.0,
                reciprocal.mean,
                reciprocal.low,
                reciprocal.high
            );
            terminal.entry("both − words", gain)?;
        }
    }
    let conclusion = match &report.vectors {
        None => "There is no model of vectors here (engine.embeddingModel): this is what words find.".to_owned(),
        Some(vectors) => format!("{}. {}", vectors.describe(), report.of_all.advice()),
    };
    terminal.styled(&[(Style::Dim, &conclusion)])?;
    Ok(())
}

fn found(found: &Found) -> String {
    format!(
        "{:.1} % among the first ten ({:.1} to {:.1}), 1/rank {:.3} ({:.3} to {:.3})",
        found.recall.share * 100.0,
        found.recall.low * 100.0,
        found.recall.high * 100.0,
        found.reciprocal.mean,
        found.reciprocal.low,
        found.reciprocal.high
    )
}
