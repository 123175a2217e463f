//! `tandem audit`: what left this machine, and whether its record is whole.

mod page;
mod table;

use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::SystemTime;

use anyhow::{Context, bail};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Options;
use super::terminal::{Style, Terminal};
use crate::budget;
use crate::config::Loader;
use crate::gate::audit::{Contents, Entry, Reading, TypingHour, Verdict, Verification, to_ms, verify};

/// So many requests are shown where nobody says how many.
const USUAL: usize = 20;

/// See what left this machine: each request to a model outside of Tandem, where it went, what was in it, what it cost; and, by
/// the hour, what typing sent to a server of yours on another machine.
///
/// The record is written before anything is sent. Exit code: 0; 1 where nothing is recorded, or with --verify where the record is not
/// what was written.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem audit                     the last 20 requests
  tandem audit --since 7d --files  those of a week, with every file and which of its bytes
  tandem audit --verify            whether the record is whole
  tandem audit --export all.csv    all of it, for another program

docs/audit.md tells what the record holds, and what it can and cannot prove.")]
pub struct Arguments {
    /// Only the last so many requests
    #[arg(long, value_name = "NUMBER")]
    last: Option<usize>,

    /// Only requests since a day, as 2026-11-01, or for so long, as 36h or 7d
    #[arg(long, value_name = "WHEN")]
    since: Option<String>,

    /// Show each file, and which of its bytes were sent
    #[arg(long)]
    files: bool,

    /// One JSON array on stdout
    #[arg(long, conflicts_with = "files")]
    json: bool,

    /// Check every record against the one before it
    #[arg(long, conflicts_with_all = ["last", "since", "files", "export"])]
    verify: bool,

    /// Write all of it, or what --last and --since leave, to a file as JSON, or as CSV where its name ends so; - is stdout
    #[arg(long, value_name = "FILE", conflicts_with_all = ["files", "json"])]
    export: Option<String>,

    /// With --export: CSV, whatever the name
    #[arg(long, requires = "export")]
    csv: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    let log = loader.paths().audit_file();
    let settings = loader.load(&[], None).settings;
    if arguments.verify {
        return check(arguments, &mut terminal, &log);
    }
    let zone = budget::zone(&settings.budget.time_zone).unwrap_or(TimeZone::UTC);
    let since = arguments.since.as_deref().map(|text| since(text, to_ms(SystemTime::now()), &zone)).transpose()?;
    let Reading { entries, typing, stopped_at } =
        Reading::of(&log).with_context(|| format!("{} cannot be read", log.display()))?;
    let requests = entries.into_iter().map(Box::new).map(Item::Request);
    let mut entries: Vec<Item> = requests.chain(typing.into_iter().map(Item::Typing)).collect();
    entries.sort_by_key(Item::number);
    entries.retain(|entry| since.is_none_or(|since| entry.at() >= since));
    let all = entries.len();
    let is_page = !arguments.json && arguments.export.is_none();
    let last = arguments.last.or(is_page.then_some(USUAL)).unwrap_or(usize::MAX);
    entries.drain(..all.saturating_sub(last));

    if let Some(file) = &arguments.export {
        export(&entries, file, arguments.csv || Path::new(file).extension().is_some_and(|end| end == "csv"))?;
    } else if arguments.json {
        terminal.line(serde_json::to_string_pretty(&entries)?)?;
    } else {
        for entry in &entries {
            match entry {
                Item::Request(entry) => page::print(&mut terminal, entry, &zone, arguments.files)?,
                Item::Typing(hour) => page::print_typing(&mut terminal, hour, &zone)?,
            }
        }
        remarks(arguments, &mut terminal, &entries, all, &log)?;
    }
    if let Some(record) = stopped_at {
        eprintln!("tandem: from record {record} on it cannot be read; tandem audit --verify says more");
    }
    Ok(if entries.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What is listed: a request, or an hour of suggestions.
#[derive(serde::Serialize)]
#[serde(untagged)]
enum Item {
    Request(Box<Entry>),
    Typing(#[serde(serialize_with = "marked")] TypingHour),
}

impl Item {
    fn number(&self) -> u64 {
        match self {
            Self::Request(entry) => entry.n,
            Self::Typing(hour) => hour.n,
        }
    }

    fn at(&self) -> Timestamp {
        match self {
            Self::Request(entry) => entry.at,
            Self::Typing(hour) => hour.at,
        }
    }
}

/// With what tells it from a request, which has no kind.
fn marked<S: serde::Serializer>(hour: &TypingHour, serializer: S) -> Result<S::Ok, S::Error> {
    #[derive(serde::Serialize)]
    struct Marked<'a> {
        kind: &'static str,
        #[serde(flatten)]
        hour: &'a TypingHour,
    }
    serde::Serialize::serialize(&Marked { kind: "typing", hour }, serializer)
}

fn remarks(arguments: &Arguments, terminal: &mut Terminal, entries: &[Item], all: usize, log: &Path) -> io::Result<()> {
    if entries.is_empty() {
        return terminal.line(match arguments.since.is_some() {
            true => "Nothing left this machine in that time.",
            false => "Nothing is recorded: no question and no typing left this machine for a model outside of Tandem.",
        });
    }
    if all > entries.len() {
        terminal.line(format!("{} more before these: --last or --since show them.", all - entries.len()))?;
    }
    if Contents::of(log).exist() {
        terminal.line(format!("What was sent is kept in {}.", log.with_extension("contents").display()))?;
    }
    terminal.line(format!("Recorded on this machine alone, in {}.", log.display()))
}

/// `2026-11-01`: from that day's start; `7d`, `36h`: back from now.
fn since(text: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let hours = |digits: &str, each: i64| digits.parse::<u16>().ok().map(|number| i64::from(number) * each);
    let back = match text.char_indices().last() {
        Some((at, 'd')) => hours(&text[..at], 24),
        Some((at, 'h')) => hours(&text[..at], 1),
        _ => None,
    };
    if let Some(hours) = back {
        return Ok(now.checked_sub(SignedDuration::from_hours(hours)).unwrap_or(Timestamp::MIN));
    }
    match text.parse::<Date>().ok().and_then(|day| day.to_zoned_datetime(zone.clone()).ok()) {
        Some(start) => Ok(start.timestamp()),
        None => bail!("--since {text}: write a day, as 2026-11-01, or how far back, as 36h or 7d"),
    }
}

fn export(entries: &[Item], file: &str, is_csv: bool) -> anyhow::Result<()> {
    let text = if is_csv { table::csv(entries) } else { serde_json::to_string_pretty(entries)? + "\n" };
    if file == "-" {
        io::stdout().lock().write_all(text.as_bytes())?;
        return Ok(());
    }
    std::fs::write(file, text).with_context(|| format!("{file} cannot be written"))?;
    eprintln!("tandem: wrote {} requests to {file}", entries.len());
    Ok(())
}

fn check(arguments: &Arguments, terminal: &mut Terminal, log: &Path) -> anyhow::Result<ExitCode> {
    let found = verify(log).with_context(|| format!("{} cannot be read", log.display()))?;
    let is_good = found.verdict.is_good();
    if arguments.json {
        let mut report = serde_json::to_value(&found)?;
        report["isGood"] = is_good.into();
        report["file"] = log.display().to_string().into();
        terminal.line(serde_json::to_string_pretty(&report)?)?;
    } else {
        let style = if is_good { Style::Good } else { Style::Bad };
        terminal.styled(&[(style, &in_words(&found.verdict))])?;
        counts(terminal, &found)?;
        terminal.line(log.display().to_string())?;
    }
    Ok(if is_good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn counts(terminal: &mut Terminal, found: &Verification) -> io::Result<()> {
    let Verification { records, requests, open, torn, dropped_through, .. } = *found;
    terminal
        .line(format!("{records} records hang together: {requests} requests, {open} of them without an outcome."))?;
    if torn > 0 {
        terminal.line(format!("{torn} unfinished lines of programs that died are accounted for."))?;
    }
    match dropped_through {
        Some(number) => terminal.line(format!("Records up to {number} were dropped for their age.")),
        None => Ok(()),
    }
}

fn in_words(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Empty => "Nothing is recorded.".to_owned(),
        Verdict::Whole => "The record is whole.".to_owned(),
        Verdict::Crashed => {
            "The record is whole. A program died while it wrote the last line; what that line was for was not sent."
                .to_owned()
        }
        Verdict::Broken { record, line } => {
            format!("Record {record}, in line {line}, is not what was written, or the one before it is gone.")
        }
        Verdict::EndRemoved { known, found } => {
            format!("The end is gone: there were records up to {known}, and the last one now is {found}.")
        }
        Verdict::BeginningRemoved { known, begun: Some(begun) } => {
            format!("Records up to {known} are gone, and not for their age; record {begun} began a new file.")
        }
        Verdict::BeginningRemoved { known, begun: None } => format!("The record is gone. It had {known} records."),
        Verdict::HeadMissing { record } => format!(
            "The records hang together, but the file that says how many there are was missing at record {record}: some may have \
             been removed before it."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days_or_how_far_back() {
        let now: Timestamp = "2026-11-28T12:00:00Z".parse().unwrap();
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let text = |when: &str| since(when, now, &berlin).map(|at| at.to_string()).map_err(|error| error.to_string());
        assert_eq!(text("36h").unwrap(), "2026-11-27T00:00:00Z");
        assert_eq!(text("7d").unwrap(), "2026-11-21T12:00:00Z");
        assert_eq!(text("2026-11-01").unwrap(), "2026-10-31T23:00:00Z");
        for wrong in ["", "d", "yesterday", "-1d", "2026-13-01", "99999999d"] {
            assert!(text(wrong).unwrap_err().starts_with("--since "), "{wrong}");
        }
    }
}
