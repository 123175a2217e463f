//! A report as headings, sentences, tables and plots: what Markdown and HTML have in common.

use std::collections::BTreeSet;

use super::plot::Plot;
use crate::eval::{Figures, Mean, Rate, Summary, VariantSummary};

#[derive(Clone, Debug, PartialEq)]
pub enum Part {
    Heading(String),
    Text(String),
    Table(Table),
    Plot(Plot),
}

/// The first column names the row; the others are figures.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    pub head: Vec<String>,
    pub rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new<const COLUMNS: usize>(head: [&str; COLUMNS]) -> Self {
        Self { head: head.map(str::to_owned).to_vec(), rows: Vec::new() }
    }

    pub fn row<const COLUMNS: usize>(&mut self, row: [String; COLUMNS]) {
        self.rows.push(row.to_vec());
    }
}

/// What was evaluated, for a title and a first sentence.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct About {
    pub repository: String,
    /// None for files that belong to no commit.
    pub commit: Option<String>,
    /// The files are those of the commit, not of the working tree.
    pub of_commit: bool,
    pub seed: u64,
    pub positions: usize,
    /// Files that positions were drawn from.
    pub files: usize,
    /// Left out because their lines stand in another file, where that was asked for.
    pub skipped_copies: Option<usize>,
    /// The run was interrupted.
    pub is_partial: bool,
    pub version: String,
}

impl About {
    pub fn sentence(&self) -> String {
        let commit = self.commit.as_deref().map_or("no commit", |commit| &commit[..commit.len().min(10)]);
        let state = match (self.of_commit, self.commit.is_some()) {
            (true, _) => format!("at {commit}"),
            (false, true) => format!("as it is, on top of {commit}"),
            (false, false) => "as it is".to_owned(),
        };
        let partial = if self.is_partial { "; interrupted before the end" } else { "" };
        format!(
            "{} {state}: {} positions in {} files, seed {}, tandem {}{partial}",
            self.repository, self.positions, self.files, self.seed, self.version
        )
    }
}

pub fn document(about: &About, summary: &Summary) -> Vec<Part> {
    let mut parts = vec![Part::Heading(format!("Completions in {}", about.repository)), Part::Text(about.sentence())];
    parts.push(Part::Table(overall(summary)));
    parts.push(Part::Text(MEANING.to_owned()));
    parts.push(Part::Text(copies(about, summary)));
    if !summary.differences.is_empty() {
        parts.push(Part::Heading("Differences".to_owned()));
        parts.push(Part::Table(differences(summary)));
        parts.push(Part::Text(DIFFERENCE.to_owned()));
    }
    parts.push(Part::Heading("By kind and language".to_owned()));
    parts.push(Part::Table(groups(summary)));
    parts.push(Part::Heading("The gate".to_owned()));
    parts.push(Part::Table(gates(summary)));
    parts.push(Part::Plot(Plot::precision_recall(&summary.variants)));
    parts.push(Part::Plot(Plot::calibration(&summary.variants)));
    parts.push(Part::Heading("Who wrote, and why nothing was shown".to_owned()));
    parts.push(Part::Table(sources(summary)));
    parts.push(Part::Table(reasons(summary)));
    parts.push(Part::Heading("Time".to_owned()));
    parts.push(Part::Table(times(summary)));
    parts.push(Part::Table(stages(summary)));
    parts.push(Part::Plot(Plot::latency(&summary.variants)));
    if summary.variants.iter().any(|variant| variant.tokens.requests > 0) {
        parts.push(Part::Heading("Tokens".to_owned()));
        parts.push(Part::Table(tokens(summary)));
    }
    parts
}

const MEANING: &str = "Exact, first line and similarity are of the best suggestion at every position, whether the gate shows \
     it or not; where there is none it counts as wrong. Shown is what the gate lets through; right when shown is the \
     share of those whose first line is what stood there. In brackets: 95 % intervals.";
const DIFFERENCE: &str =
    "Paired, at the positions that both were asked. Where the interval holds 0, the difference may be chance.";

pub fn copies(about: &About, summary: &Summary) -> String {
    match about.skipped_copies {
        Some(skipped) => format!("Left out: {skipped} positions whose lines stand in another file, too."),
        None => format!(
            "At {} of the positions the lines stand in another file, too, from where they can be copied; \
             --skip-copies leaves these out.",
            percent(summary.copied.share)
        ),
    }
}

pub fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// `21.5 % (16–28)`.
pub fn rate(rate: &Rate) -> String {
    if rate.of == 0 {
        return "–".to_owned();
    }
    format!("{} ({:.0}–{:.0})", percent(rate.share), rate.low * 100.0, rate.high * 100.0)
}

fn mean(mean: &Mean) -> String {
    if mean.of == 0 {
        return "–".to_owned();
    }
    format!("{:.3} ({:.3}–{:.3})", mean.mean, mean.low, mean.high)
}

/// In points of a hundred, with its sign.
pub fn points(mean: &Mean) -> String {
    if mean.of == 0 {
        return "–".to_owned();
    }
    format!("{:+.1} ({:+.1} to {:+.1})", mean.mean * 100.0, mean.low * 100.0, mean.high * 100.0)
}

pub fn milliseconds(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1}") } else { format!("{ms:.0}") }
}

fn figures(name: String, positions: usize, figures: &Figures) -> [String; 8] {
    [
        name,
        positions.to_string(),
        rate(&figures.exact),
        rate(&figures.first_line),
        mean(&figures.similarity),
        rate(&figures.shown),
        rate(&figures.precision),
        rate(&figures.adds_errors),
    ]
}

const FIGURES: [&str; 8] =
    ["", "positions", "exact", "first line", "similarity", "shown", "right when shown", "errors when shown"];

fn overall(summary: &Summary) -> Table {
    let mut table = Table::new(FIGURES);
    for variant in &summary.variants {
        table.row(figures(variant.name.clone(), variant.asked, &variant.overall));
    }
    table
}

fn groups(summary: &Summary) -> Table {
    let mut table = Table::new(FIGURES);
    for variant in &summary.variants {
        for group in &variant.groups {
            let kind = group.kind.map(|kind| kind.word());
            let of = [group.language.as_deref(), kind].into_iter().flatten().collect::<Vec<_>>().join(" ");
            let name = if summary.variants.len() > 1 { format!("{}: {of}", variant.name) } else { of };
            table.row(figures(name, group.figures.exact.of, &group.figures));
        }
    }
    table
}

fn differences(summary: &Summary) -> Table {
    let mut table = Table::new(["in points", "positions", "exact", "first line", "similarity", "shown"]);
    for difference in &summary.differences {
        table.row([
            format!("{} against {}", difference.variant, difference.against),
            difference.exact.of.to_string(),
            points(&difference.exact),
            points(&difference.first_line),
            points(&difference.similarity),
            points(&difference.shown),
        ]);
    }
    table
}

fn gates(summary: &Summary) -> Table {
    let mut table = Table::new([
        "",
        "shown",
        "right when shown",
        "all of it right when shown",
        "wrong hidden at 90 % recall",
        "calibration error",
    ]);
    for variant in &summary.variants {
        table.row([
            variant.name.clone(),
            rate(&variant.overall.shown),
            rate(&variant.overall.precision),
            rate(&variant.overall.precision_exact),
            variant.gate.wrong_hidden_at_90_recall.as_ref().map_or("–".to_owned(), rate),
            format!("{:.3}", variant.gate.calibration_error),
        ]);
    }
    table
}

fn sources(summary: &Summary) -> Table {
    let mut table = Table::new(["best suggestion by", "how many", "first line right"]);
    for variant in &summary.variants {
        for (source, right) in &variant.by_source {
            table.row([format!("{}: {source}", variant.name), right.of.to_string(), rate(right)]);
        }
    }
    table
}

fn reasons(summary: &Summary) -> Table {
    let mut table = Table::new(["nothing shown because", "positions"]);
    for variant in &summary.variants {
        for (reason, positions) in &variant.hidden {
            table.row([format!("{}: {reason}", variant.name), positions.to_string()]);
        }
    }
    table
}

fn times(summary: &Summary) -> Table {
    let mut table = Table::new([
        "ms",
        "model asked",
        "p50",
        "p95",
        "lookup alone",
        "p50 alone",
        "p95 alone",
        "out of patience",
        "later than an editor waits",
    ]);
    for variant in &summary.variants {
        let (model, lookup) = (&variant.model_ms, &variant.lookup_ms);
        table.row([
            variant.name.clone(),
            model.of.to_string(),
            milliseconds(model.p50),
            milliseconds(model.p95),
            lookup.of.to_string(),
            milliseconds(lookup.p50),
            milliseconds(lookup.p95),
            variant.timed_out.hits.to_string(),
            variant.late.hits.to_string(),
        ]);
    }
    table
}

fn stages(summary: &Summary) -> Table {
    let mut table = Table::new(["stage, ms", "requests", "p50", "p95"]);
    for variant in &summary.variants {
        for (stage, spread) in &variant.stages_ms {
            let name = format!("{}: {stage}", variant.name);
            table.row([name, spread.of.to_string(), format!("{:.2}", spread.p50), format!("{:.2}", spread.p95)]);
        }
    }
    table
}

fn tokens(summary: &Summary) -> Table {
    let sources: BTreeSet<&String> =
        summary.variants.iter().flat_map(|variant| variant.tokens.by_source.keys()).collect();
    let head = ["mean tokens", "requests", "prompt", "reused", "evaluated", "generated"].map(str::to_owned);
    let of_sources = sources.iter().map(|source| format!("of it {source}"));
    let mut table = Table { head: head.into_iter().chain(of_sources).collect(), rows: Vec::new() };
    for VariantSummary { name, tokens, .. } in &summary.variants {
        let means = [tokens.prompt, tokens.reused, tokens.evaluated, tokens.generated];
        let by_source = sources.iter().map(|source| tokens.by_source.get(*source).copied().unwrap_or(0.0));
        let means = means.into_iter().chain(by_source).map(|mean| format!("{mean:.0}"));
        table.rows.push([name.clone(), tokens.requests.to_string()].into_iter().chain(means).collect());
    }
    table
}
