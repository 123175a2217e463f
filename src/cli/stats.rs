//! `tandem stats`: what became of the suggestions on this machine.

mod table;

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::bail;
use jiff::tz::TimeZone;
use serde_json::json;

use super::Options;
use super::terminal::Terminal;
use crate::acceptance::{Grouping, Report, Store};
use crate::budget::{Clock, Grouping as Spending, Purpose, Total, open_ledger, totals};
use crate::config::{Loader, Settings};

const SECONDS_A_DAY: i64 = 86_400;

/// See how many suggestions you accepted, and whether they stayed.
///
/// Everything is counted on this machine and sent nowhere. Exit code: 0; 1 where there is nothing yet.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem stats                     all that is counted
  tandem stats --days 7            the last week
  tandem stats --by language       each language by itself
  tandem stats --reset             delete it all, after a question

docs/stats.md tells what each line means. To switch counting off: stats.enabled = false.")]
pub struct Arguments {
    /// Only the last so many days
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=3650))]
    days: Option<u32>,

    /// Split the counts
    #[arg(long, value_enum, value_name = "WHAT")]
    by: Option<By>,

    /// One JSON object on stdout
    #[arg(long)]
    json: bool,

    /// Delete all counts
    #[arg(long, conflicts_with_all = ["days", "by", "json"])]
    reset: bool,

    /// With --reset: without a question
    #[arg(long, requires = "reset")]
    yes: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum By {
    Language,
    Engine,
    Day,
    Source,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    let file = loader.paths().stats_file();
    if arguments.reset {
        return reset(arguments, &mut terminal, &file);
    }
    let grouping = arguments.by.map(|by| match by {
        By::Language => Grouping::Language,
        By::Engine => Grouping::Engine,
        By::Day => Grouping::Day,
        By::Source => Grouping::Source,
    });
    let since = arguments.days.map_or(i64::MIN, |days| now() - i64::from(days) * SECONDS_A_DAY);
    let report = match Store::read(&file)? {
        Some(store) => Report::of(&store, since, grouping)?,
        None => Report { groups: grouping.map(|_| Vec::new()), ..Report::default() },
    };
    let settings = loader.load(&[], None).settings;
    let (is_enabled, paid) = (settings.stats.enabled, paid(loader, &settings, since));
    if arguments.json {
        let mut report = serde_json::to_value(&report)?;
        report["file"] = json!(file.display().to_string());
        report["enabled"] = json!(is_enabled);
        if let Some(paid) = &paid {
            report["paid"] = json!({ "requests": paid.requests, "picodollars": paid.money, "tokens": paid.tokens });
        }
        terminal.line(serde_json::to_string_pretty(&report)?)?;
    } else {
        table::print(&mut terminal, &report)?;
        if let Some(paid) = &paid {
            terminal.line("")?;
            terminal.line(format!(
                "Suggestions of a paid service: {} requests, {} in all; tandem budget tells more.",
                paid.requests, paid.money
            ))?;
        }
        remarks(arguments, &mut terminal, &report, &file, is_enabled)?;
    }
    Ok(if report.total.shown > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What was paid for suggestions since then; None where nothing was, or where a ledger would have to be asked over a network.
fn paid(loader: &Loader, settings: &Settings, since: i64) -> Option<Total> {
    if !settings.budget.ledger.is_empty() || !loader.paths().ledger_file().exists() {
        return None;
    }
    let ledger = open_ledger(&settings.budget, loader.paths(), Clock::system())
        .and_then(|ledger| ledger.entries(since, i64::MAX));
    let entries = match ledger {
        Ok(entries) => entries,
        Err(error) => {
            eprintln!("tandem: what was paid for suggestions is not known: {error}");
            return None;
        }
    };
    let is_typed = |total: &Total| total.key == Purpose::Suggestion.plural();
    totals(&entries, Spending::Purpose, &TimeZone::UTC).into_iter().find(is_typed)
}

/// What to do where there is nothing, and where the counts are.
fn remarks(
    arguments: &Arguments,
    terminal: &mut Terminal,
    report: &Report,
    file: &Path,
    is_enabled: bool,
) -> io::Result<()> {
    if report.total.shown > 0 {
        terminal.line("")?;
        terminal.line(format!("Counted on this machine alone, in {}.", file.display()))?;
    } else if let Some(days) = arguments.days {
        terminal.line(format!(
            "Nothing was suggested in the last {days} days. Without --days all that is counted is shown."
        ))?;
    } else {
        terminal.line(
            "Nothing is counted yet. Suggestions count from the next one that an editor shows with `tandem serve`.",
        )?;
    }
    if !is_enabled {
        terminal.line("Counting is switched off: stats.enabled is false.")?;
    }
    Ok(())
}

fn reset(arguments: &Arguments, terminal: &mut Terminal, file: &Path) -> anyhow::Result<ExitCode> {
    if !file.exists() {
        terminal.line("There is nothing to delete.")?;
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.yes {
        if !io::stdin().is_terminal() {
            bail!("--reset asks before it deletes, and nobody is there to answer; add --yes");
        }
        eprint!("Delete the counts of all suggestions in {}? [y/N] ", file.display());
        io::stderr().flush()?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            terminal.line("Nothing was deleted.")?;
            return Ok(ExitCode::FAILURE);
        }
    }
    let erased = Store::erase(file)?;
    terminal.line(format!("Deleted the counts of {erased} suggestions."))?;
    Ok(ExitCode::SUCCESS)
}

/// Seconds since 1970, by the user's clock.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}
