//! `tandem why`: everything that led to a suggestion, or to silence: for a place in a file, or for the last request of a
//! running server.

mod last;

use std::io;
use std::process::ExitCode;

use super::complete::{Asked, Question};
use super::place::Place;
use super::terminal::{Style, Terminal, printable};
use crate::budget::Picodollars;
use crate::complete::{Decision, Source, Trigger, Why};
use crate::config::Loader;
use crate::engine::Cost;

/// Definitions that are listed without `--all`.
const LISTED: usize = 20;
/// Features of a suggestion that are told without `--all`, if they add as much in log-odds.
const TOLD: usize = 6;
const LEAST_TOLD: f32 = 0.05;

/// Explain what is suggested at a place, or why nothing is: prompt, context, timings, decision.
///
/// A place is asked as if you had just typed there. Without one, the last request of a running server is explained, as your
/// editor made it: of the server whose workspace you are in, or of the one that was asked last. Exit code: 0 a suggestion,
/// 1 none, 2 a place that does not exist, a file that cannot be read, or no server.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem why                               why did my editor show this, or nothing, just now?
  tandem why --list                        the running servers and their last requests
  tandem why src/main.rs:12:9              in words
  tandem why --prompt src/main.rs:12:9     with the exact prompt
  tandem why --json src/main.rs:12:9 | jq .context

completion.why=false keeps servers from answering.")]
pub struct Arguments {
    /// Line and column from 1, as editors show them. Without a column the end of the line. Without a place the last request
    /// of a running server.
    #[arg(value_name = "FILE:LINE:COLUMN")]
    place: Option<Place>,

    #[command(flatten)]
    pub(super) question: Question,

    /// As if you had asked by key
    #[arg(long, requires = "place")]
    invoked: bool,

    /// Print the exact prompt, with its special tokens
    #[arg(long)]
    prompt: bool,

    /// List every definition that was considered, and all that the gate went by
    #[arg(long)]
    all: bool,

    /// List the running servers and what they were asked last
    #[arg(long, conflicts_with = "place")]
    list: bool,

    /// Ask the server with this process number
    #[arg(long, value_name = "PROCESS", conflicts_with = "place")]
    server: Option<u32>,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let Some(place) = &arguments.place else { return last::run(arguments, loader) };
    let trigger = if arguments.invoked { Trigger::Invoked } else { Trigger::Automatic };
    let asked = arguments.question.ask(place, trigger, loader)?;
    let mut terminal = Terminal::stdout(loader.environment());
    let Asked { why: Some(why), .. } = &asked else {
        anyhow::bail!("there is no account of this request");
    };
    if arguments.question.json {
        terminal.line(serde_json::to_string_pretty(why)?)?;
    } else {
        print(why, arguments, &mut terminal)?;
    }
    Ok(exit_code(why))
}

fn exit_code(why: &Why) -> ExitCode {
    if matches!(why.decision, Decision::Shown { .. }) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn print(why: &Why, arguments: &Arguments, terminal: &mut Terminal) -> io::Result<()> {
    match &why.decision {
        Decision::Hidden { sentence, .. } => terminal.line(format!("nothing: {sentence}"))?,
        Decision::Shown { suggestions, .. } => {
            for suggestion in suggestions {
                let source = named(suggestion.source);
                let confidence = suggestion.confidence * 100.0;
                terminal.entry("shown", format!("{} (by {source}, {confidence:.0} %)", one_line(&suggestion.text)))?;
            }
        }
    }
    why.notes.iter().try_for_each(|note| terminal.entry("note", printable(note)))?;
    match &why.lookup {
        Some((text, _)) if text.is_empty() => terminal.entry("lookup", "knows no continuation")?,
        Some((text, confidence)) => {
            terminal.entry("lookup", format!("{} ({:.0} %)", one_line(text), confidence * 100.0))?;
        }
        None => terminal.entry("lookup", "was not asked")?,
    }
    match (&why.raw, &why.finish) {
        (Some(raw), finish) => {
            let end = finish.as_ref().map_or_else(String::new, |finish| format!(" ({finish:?})"));
            terminal.entry("model", format!("{}{end}", one_line(raw)))?;
        }
        (None, _) => terminal.entry("model", "was not asked")?,
    }
    if let Some(prompt) = &why.prompt {
        let shares: Vec<String> =
            prompt.shares.iter().map(|share| format!("{} {}", share.source, share.tokens)).collect();
        let sum = format!("{} tokens: {}", prompt.tokens, shares.join(", "));
        terminal.entry("prompt", format!("{sum}; {} reused, {} evaluated", prompt.reused, prompt.evaluated))?;
    }
    if let Some(sent) = &why.sent {
        terminal.entry("sent", format!("{} bytes to {}", sent.bytes, printable(&sent.host)))?;
    }
    if let Some(Cost { picodollars, is_counted }) = why.cost {
        let how = if is_counted { "as the provider counted" } else { "at most: the provider's count did not come" };
        terminal.entry("cost", format!("{} ({how})", Picodollars(picodollars).exact()))?;
    }
    print_gate(why, arguments.all, terminal)?;
    let stages: Vec<String> =
        why.stages.iter().map(|stage| format!("{} {:.2} ms", stage.name, stage.us as f64 / 1000.0)).collect();
    terminal.entry("time", stages.join(", "))?;
    print_context(why, arguments.all, terminal)?;
    if arguments.prompt
        && let Some(text) = why.prompt.as_ref().and_then(|prompt| prompt.text.as_ref())
    {
        terminal.heading("Prompt")?;
        text.split('\n').try_for_each(|line| terminal.line(printable(line)))?;
    }
    Ok(())
}

/// What the gate thinks of each suggestion, and what made it think so.
fn print_gate(why: &Why, all: bool, terminal: &mut Terminal) -> io::Result<()> {
    let Some(gate) = &why.gate else { return Ok(()) };
    let from = format!("shown from {:.0} % on", gate.threshold * 100.0);
    for verdict in &gate.verdicts {
        let (text, source) = (one_line(&verdict.text), named(verdict.source));
        let (probability, own) = (verdict.probability * 100.0, verdict.confidence * 100.0);
        terminal
            .entry("gate", format!("{probability:.0} % right: {text} (by {source}, which says {own:.0} %); {from}"))?;
        let Some(base) = verdict.base else { continue };
        terminal.styled(&[(Style::Dim, &format!("    {base:+6.2}  log-odds of a usual suggestion"))])?;
        let most = if all { verdict.contributions.len() } else { TOLD };
        for part in verdict.contributions.iter().take(most).filter(|part| all || part.log_odds.abs() >= LEAST_TOLD) {
            let line = format!("    {:+6.2}  {} {:.2}", part.log_odds, part.feature, part.value);
            terminal.styled(&[(Style::Dim, &line)])?;
        }
    }
    match gate.measured_on.is_empty() {
        true => Ok(()),
        false => terminal.entry("", format!("weights: {}", printable(&gate.measured_on))),
    }
}

/// What was considered, and what of it stands in the prompt.
fn print_context(why: &Why, all: bool, terminal: &mut Terminal) -> io::Result<()> {
    if why.context.is_empty() {
        return terminal.entry("context", "nothing from elsewhere was considered");
    }
    let shown = why.context.iter().filter(|entry| entry.is_shown).count();
    terminal.entry("context", format!("{} definitions considered, {shown} in the prompt (*)", why.context.len()))?;
    let most = if all { why.context.len() } else { LISTED };
    for entry in why.context.iter().take(most) {
        let mark = if entry.is_shown { "*" } else { " " };
        let line = format!("  {mark} {:6.2}  {}  ", entry.score, printable(&entry.name));
        terminal.styled(&[(Style::Plain, &line), (Style::Dim, &printable(&entry.path))])?;
    }
    Ok(())
}

fn named(source: Source) -> &'static str {
    match source {
        Source::Lookup => "lookup",
        Source::Model => "the model",
        Source::Both => "lookup and the model",
    }
}

fn one_line(text: &str) -> String {
    format!("`{}`", printable(text).replace('\n', "⏎"))
}
