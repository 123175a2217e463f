//! The limits and where they stand, and what was spent.

use std::io;

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::state::State;
use crate::budget::{
    Amount, Entry, Grouping, LedgerError, Period, Purpose, THRESHOLDS, Total, WindowState, differences,
    estimate_errors, thousands, totals,
};
use crate::cli::terminal::{Style, Terminal, printable};

/// Characters of a bar.
const BAR: u64 = 20;

/// What there is to show.
struct Shown {
    windows: Result<Vec<WindowState>, LedgerError>,
    entries: Result<Vec<Entry>, LedgerError>,
}

pub fn run(terminal: &mut Terminal, state: &State, days: u32, is_json: bool) -> anyhow::Result<()> {
    let shown = Shown { windows: state.windows(), entries: state.entries(days) };
    if is_json {
        terminal.line(serde_json::to_string_pretty(&as_json(state, &shown))?)?;
        return Ok(());
    }
    for problem in &state.problems {
        eprintln!("tandem: {problem}");
    }
    heading(terminal, state)?;
    match &shown.windows {
        Ok(windows) => limits(terminal, state, windows)?,
        Err(error) => terminal.styled(&[(Style::Bad, &format!("  {error}"))])?,
    }
    if let Ok(entries) = &shown.entries {
        spent(terminal, entries, days, &state.zone)?;
    }
    Ok(())
}

/// Whether a cloud model may be asked at all, and what is missing.
fn heading(terminal: &mut Terminal, state: &State) -> io::Result<()> {
    let missing: Vec<String> =
        state.conditions().into_iter().filter(|(holds, _)| !holds).map(|(_, sentence)| sentence).collect();
    if missing.is_empty() {
        let cloud = &state.settings.cloud;
        let who = format!("Questions may go to {}, `{}`", printable(&cloud.provider), printable(&cloud.model));
        terminal.styled(&[(Style::Bold, &who)])?;
        return suggestions(terminal, state);
    }
    terminal.styled(&[(Style::Bold, "No cloud model is asked")])?;
    for sentence in missing {
        terminal.styled(&[(Style::Bad, "  - "), (Style::Plain, &printable(&sentence))])?;
    }
    suggestions(terminal, state)
}

/// Who is paid while the user types.
fn suggestions(terminal: &mut Terminal, state: &State) -> io::Result<()> {
    let Some(name) = state.suggester() else { return Ok(()) };
    let text = format!("Suggestions while you type may come from {} (completion.cloud)", printable(&name));
    terminal.styled(&[(Style::Bold, &text)])
}

fn limits(terminal: &mut Terminal, state: &State, windows: &[WindowState]) -> io::Result<()> {
    if windows.is_empty() {
        return Ok(());
    }
    terminal.heading("Limits")?;
    let names: Vec<String> = windows.iter().map(|window| printable(&window.limit.to_string())).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default();
    for (window, name) in windows.iter().zip(&names) {
        let style = match window.percent() {
            95.. => Style::Bad,
            _ => Style::Good,
        };
        let name = format!("  {name:<width$}  ");
        match window.limit.period {
            Period::Request => terminal.styled(&[(Style::Plain, &name), (Style::Dim, "for each request")])?,
            Period::Session => {
                terminal
                    .styled(&[(Style::Plain, &name), (Style::Dim, "for each server or command, from its start")])?;
            }
            _ => {
                let text = format!("  {}", standing(window, state));
                terminal.styled(&[(Style::Plain, &name), (style, &bar(window)), (Style::Plain, &text)])?;
            }
        }
    }
    // It is the same clock for all of them.
    if let Some(problem) = windows.iter().find_map(WindowState::clock_problem) {
        terminal.styled(&[(Style::Bad, &format!("  {problem}"))])?;
    }
    let [first, second, third] = THRESHOLDS;
    terminal.styled(&[(Style::Dim, &format!("  You are told once at {first}, {second} and {third} %."))])
}

/// `#` is spent, `+` is reserved for what is being answered.
fn bar(window: &WindowState) -> String {
    let part = |units: u64| {
        let share = u128::from(units) * u128::from(BAR);
        u64::try_from(share.div_ceil(u128::from(window.allowed().max(1)))).unwrap_or(BAR).min(BAR)
    };
    let settled = if window.allowed() == 0 { BAR } else { part(window.settled) };
    let open = part(window.settled.saturating_add(window.open)).saturating_sub(settled);
    let repeat = |sign: &str, count: u64| sign.repeat(usize::try_from(count).unwrap_or_default());
    format!("[{}{}{}]", repeat("#", settled), repeat("+", open), repeat("-", BAR.saturating_sub(settled + open)))
}

fn standing(window: &WindowState, state: &State) -> String {
    let unit = window.limit.amount;
    let number = |units: u64| match unit {
        Amount::Money(_) => unit.show(units),
        Amount::Tokens(_) => thousands(units),
    };
    let mut text = format!("{} of {} ({} %)", number(window.settled), unit.show(window.allowed()), window.percent());
    if window.open > 0 {
        text += &format!(", {} reserved", number(window.open));
    }
    if let Some(at) = window.resets_at {
        text += &format!(", starts again {}", state.show_time(at));
    }
    text
}

fn spent(terminal: &mut Terminal, entries: &[Entry], days: u32, zone: &TimeZone) -> io::Result<()> {
    let what = if days == 1 { "Today".to_owned() } else { format!("The last {days} days") };
    terminal.heading(&what)?;
    let by_day = totals(entries, Grouping::Day, zone);
    if by_day.is_empty() {
        return terminal.line("  nothing was asked");
    }
    table(terminal, &by_day)?;
    let by_purpose = totals(entries, Grouping::Purpose, zone);
    if by_purpose.iter().any(|total| total.key == Purpose::Suggestion.plural()) {
        terminal.heading("By purpose")?;
        table(terminal, &by_purpose)?;
    }
    terminal.heading("By provider")?;
    table(terminal, &totals(entries, Grouping::Provider, zone))?;
    terminal.heading("By model")?;
    table(terminal, &totals(entries, Grouping::Model, zone))?;
    let errors = estimate_errors(entries);
    if !errors.is_empty() {
        terminal.heading("What was reserved, and what it did cost")?;
    }
    for error in errors {
        let above = match error.above {
            0 => "never more than reserved".to_owned(),
            times => format!("more than reserved {times} times"),
        };
        let text = format!(
            "{} {}: {} reserved, {} spent in {}; half cost less than {:.0} % of it, {above}",
            error.provider,
            error.model,
            error.reserved,
            error.settled,
            counted(error.requests, "request"),
            error.median * 100.0
        );
        terminal.line(format!("  {}", printable(&text)))?;
    }
    for difference in differences(entries) {
        let text = format!(
            "{} {} says that {} cost {}; by the price `{}` it is {}. The price may be old: see `tandem prices`",
            difference.provider,
            difference.model,
            counted(difference.requests, "request"),
            difference.theirs,
            difference.price,
            difference.ours
        );
        terminal.styled(&[(Style::Bad, "  ! "), (Style::Plain, &printable(&text))])?;
    }
    Ok(())
}

fn table(terminal: &mut Terminal, rows: &[Total]) -> io::Result<()> {
    let width = rows.iter().map(|row| row.key.chars().count()).max().unwrap_or_default();
    for row in rows {
        let open = if row.open == 0 { String::new() } else { format!(", {} still open", row.open) };
        let tokens = format!("{} tokens", thousands(row.tokens));
        let requests = counted(row.requests, "request");
        let key = printable(&row.key);
        terminal.line(format!("  {key:<width$}  {:>10}  {requests:>13}  {tokens:>18}{open}", row.money.to_string()))?;
    }
    Ok(())
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn as_json(state: &State, shown: &Shown) -> Value {
    let conditions = state.conditions();
    let missing: Vec<&String> = conditions.iter().filter(|(holds, _)| !holds).map(|(_, sentence)| sentence).collect();
    let mut value = json!({
        "provider": state.settings.cloud.provider,
        "model": state.settings.cloud.model,
        "suggestions": state.suggester(),
        "ready": missing.is_empty(),
        "missing": missing,
        "problems": state.problems,
        "timeZone": state.settings.budget.time_zone,
        "thresholds": THRESHOLDS,
    });
    match &shown.windows {
        Ok(windows) => value["limits"] = windows.iter().map(window_json).collect(),
        Err(error) => value["error"] = json!(error.to_string()),
    }
    let Ok(entries) = &shown.entries else { return value };
    let groups = [
        ("days", Grouping::Day),
        ("purposes", Grouping::Purpose),
        ("providers", Grouping::Provider),
        ("models", Grouping::Model),
    ];
    for (name, grouping) in groups {
        value[name] = totals(entries, grouping, &state.zone).iter().map(total_json).collect();
    }
    let error_json = |error: &crate::budget::EstimateError| {
        json!({
            "provider": error.provider, "model": error.model, "requests": error.requests, "reserved": error.reserved,
            "settled": error.settled, "medianShare": error.median, "above": error.above,
        })
    };
    value["estimates"] = estimate_errors(entries).iter().map(error_json).collect();
    value
}

fn window_json(window: &WindowState) -> Value {
    json!({
        "limit": window.limit.to_string(),
        "unit": match window.limit.amount { Amount::Money(_) => "picodollars", Amount::Tokens(_) => "tokens" },
        "period": window.limit.period.name(),
        "allowed": window.allowed(),
        "settled": window.settled,
        "open": window.open,
        "left": window.left(),
        "resetsAt": window.resets_at,
    })
}

fn total_json(total: &Total) -> Value {
    json!({
        "name": total.key, "requests": total.requests, "open": total.open, "money": total.money, "tokens": total.tokens,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(limit: &str, settled: u64, open: u64) -> String {
        bar(&WindowState { limit: limit.parse().unwrap(), settled, open, resets_at: None, clock_is_behind: 0 })
    }

    #[test]
    fn a_bar_shows_what_is_spent_and_what_is_reserved() {
        assert_eq!(shown("100 tokens per day", 0, 0), "[--------------------]");
        assert_eq!(shown("100 tokens per day", 50, 25), "[##########+++++-----]");
        assert_eq!(shown("100 tokens per day", 1, 1), "[#-------------------]");
        assert_eq!(shown("100 tokens per day", 120, 9), "[####################]");
        assert_eq!(shown("100 tokens per day", 90, 900), "[##################++]");
        assert_eq!(shown("$0 per day", 0, 0), "[####################]");
    }
}
