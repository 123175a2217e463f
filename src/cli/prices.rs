//! `tandem prices`: what models cost, how old that knowledge is, and which prices are the user's.

use std::io;
use std::process::ExitCode;
use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::Options;
use super::terminal::{Style, Terminal, printable};
use crate::budget::{OLD_AFTER_DAYS, Picodollars, PriceRow, PriceTable, Rates, Status, thousands};
use crate::config::Loader;
use crate::providers::Usage;

/// Tokens of the question that models are compared by, and of its answer.
const QUESTION: u64 = 60_000;
const ANSWER: u64 = 1_500;

/// See what models cost.
///
/// Prices are in dollars for a million tokens. The table ships with Tandem; rows of your own prices.toml stand above it.
/// Exit code: 0 found, 1 no such model.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem prices                     all models that are served
  tandem prices claude              those with this in their name, the retired ones, too
  tandem prices --json gpt-6.1-sol

docs/budget.md tells how to write prices of your own.")]
pub struct Arguments {
    /// Only models with this in their name
    #[arg(value_name = "MODEL")]
    model: Option<String>,

    /// One JSON object on stdout; money in pico-dollars for a token
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    let table = PriceTable::load(&loader.paths().prices_file());
    let today = Timestamp::now().to_zoned_datetime(TimeZone::UTC).date();
    let is_wanted = |row: &PriceRow| match &arguments.model {
        Some(part) => format!("{}/{}", row.provider, row.id).to_lowercase().contains(&part.to_lowercase()),
        None => !row.is_retired(today),
    };
    let rows: Vec<&Arc<PriceRow>> = table.rows().filter(|row| is_wanted(row)).collect();
    if arguments.json {
        let models: Vec<Value> = rows.iter().map(|row| row_json(row, today)).collect();
        let value = json!({
            "models": models, "asOf": table.as_of().map(|day| day.to_string()), "file": table.file(),
            "problems": table.problems(),
        });
        terminal.line(serde_json::to_string_pretty(&value)?)?;
    } else {
        for problem in table.problems() {
            eprintln!("tandem: {problem}");
        }
        if rows.is_empty() {
            let part = printable(arguments.model.as_deref().unwrap_or_default());
            terminal.line(format!("No row of the table has `{part}` in its name."))?;
        } else {
            print(&mut terminal, &rows, today)?;
        }
        remarks(&mut terminal, &table, today)?;
    }
    Ok(if rows.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// What a question costs that nobody asked before, and one that goes on from it.
fn question(row: &PriceRow) -> (Picodollars, Picodollars) {
    let rates = row.rates(QUESTION);
    let first = rates.dearest_input(None).times(QUESTION).saturating_add(rates.output.times(ANSWER));
    let next = row.cost(&Usage { cache_read: QUESTION, output: ANSWER, ..Usage::default() });
    (first, next)
}

fn print(terminal: &mut Terminal, rows: &[&Arc<PriceRow>], today: Date) -> io::Result<()> {
    let heads = ["", "read", "cached", "kept", "long", "written", "window", "question", "next"].map(str::to_owned);
    let mut cells = vec![heads];
    for row in rows {
        let (first, next) = question(row);
        cells.push(rate_cells(
            format!("{}/{}", row.provider, row.id),
            &row.base,
            row.context.map_or_else(|| "?".to_owned(), thousands),
            [first, next].map(|money| money.to_string()),
        ));
        for tier in &row.tiers {
            let name = format!("  above {}", thousands(tier.above));
            cells.push(rate_cells(name, &tier.rates, String::new(), [String::new(), String::new()]));
        }
    }
    let mut widths = [0; 9];
    for row in &cells {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let mut notes = rows.iter().flat_map(|row| std::iter::once(note(row, today)).chain(row.tiers.iter().map(|_| None)));
    for (at, row) in cells.iter().enumerate() {
        let mut line = format!("{:<1$}", printable(&row[0]), widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            line += &format!("  {cell:>width$}");
        }
        let note = if at == 0 { None } else { notes.next().flatten() };
        let note = note.map_or_else(String::new, |note| format!("  {}", printable(&note)));
        terminal.styled(&[(if at == 0 { Style::Bold } else { Style::Plain }, line.trim_end()), (Style::Dim, &note)])?;
    }
    Ok(())
}

fn rate_cells(name: String, rates: &Rates, window: String, [first, next]: [String; 2]) -> [String; 9] {
    let dollars = |rate: Picodollars| rate.times(1_000_000).exact().trim_start_matches('$').to_owned();
    [
        name,
        dollars(rates.input),
        dollars(rates.cache_read),
        dollars(rates.cache_write_short),
        dollars(rates.cache_write_long),
        dollars(rates.output),
        window,
        first,
        next,
    ]
}

/// What is special about a row.
fn note(row: &PriceRow, today: Date) -> Option<String> {
    let mut notes = Vec::new();
    if row.is_users {
        notes.push(if row.is_lower { "yours, lower than the table's".to_owned() } else { "yours".to_owned() });
    }
    match (row.status, row.ends) {
        (Status::Retired, Some(end)) => notes.push(format!("ended {end}")),
        (_, Some(end)) if end <= today => notes.push(format!("ended {end}")),
        (_, Some(end)) => notes.push(format!("ends {end}")),
        (Status::Active, None) => {}
        (status, None) => notes.push(status.name().to_owned()),
    }
    if let Some(age) = row.age_days(today).filter(|age| *age > OLD_AFTER_DAYS) {
        notes.push(format!("checked {age} days ago"));
    }
    (!notes.is_empty()).then(|| notes.join(", "))
}

fn remarks(terminal: &mut Terminal, table: &PriceTable, today: Date) -> io::Result<()> {
    terminal.line("")?;
    terminal.line(format!(
        "Dollars for a million tokens: read, read from the provider's cache, kept there for minutes and for hours, written. \
         A question of {} tokens with an answer of {}, and the next one, for which all of it is cached.",
        thousands(QUESTION),
        thousands(ANSWER)
    ))?;
    if let Some(day) = table.as_of() {
        let age = day.until(today).map_or(0, |span| i64::from(span.get_days()));
        let text = format!("The table is of {day}, {age} days old.");
        if age > OLD_AFTER_DAYS {
            let text = format!("{text} Prices may have changed: compare them with the providers', or update Tandem.");
            terminal.styled(&[(Style::Bad, &text)])?;
        } else {
            terminal.line(text)?;
        }
    }
    terminal.line(format!("Your own prices go into {}.", table.file().display()))
}

fn row_json(row: &PriceRow, today: Date) -> Value {
    let (first, next) = question(row);
    let rates = |rates: &Rates| {
        json!({
            "input": rates.input, "cacheRead": rates.cache_read, "cacheWriteShort": rates.cache_write_short,
            "cacheWriteLong": rates.cache_write_long, "output": rates.output,
        })
    };
    let tiers: Vec<Value> =
        row.tiers.iter().map(|tier| json!({"above": tier.above, "rates": rates(&tier.rates)})).collect();
    json!({
        "provider": row.provider,
        "id": row.id,
        "rates": rates(&row.base),
        "tiers": tiers,
        "context": row.context,
        "maxInput": row.max_input,
        "maxOutput": row.max_output,
        "cacheMinimum": row.cache_minimum,
        "status": row.status.name(),
        "ends": row.ends.map(|day| day.to_string()),
        "asOf": row.as_of.map(|day| day.to_string()),
        "yours": row.is_users,
        "lower": row.is_lower,
        "warning": row.warning(today),
        "question": {"inputTokens": QUESTION, "outputTokens": ANSWER, "first": first, "next": next},
    })
}
