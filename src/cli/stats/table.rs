//! The counts for people: a page of lines, and a table for groups.

use std::io;

use crate::acceptance::{Group, KeptTotals, Latency, Rate, Report, Totals};
use crate::cli::terminal::{Style, Terminal, printable};

pub fn print(terminal: &mut Terminal, report: &Report) -> io::Result<()> {
    let total = &report.total;
    if total.shown == 0 {
        return Ok(());
    }
    let days = match (&report.first_day, &report.last_day) {
        (Some(first), Some(last)) if first != last => format!("Suggestions from {first} to {last}"),
        (Some(day), _) => format!("Suggestions of {day}"),
        _ => "Suggestions".to_owned(),
    };
    terminal.heading(&days)?;
    terminal.entry("shown", number(total.shown))?;
    let share =
        total.acceptance.map_or_else(String::new, |rate| format!("   {} of those decided", with_interval(rate)));
    terminal.entry("accepted", format!("{}{share}", number(total.accepted())))?;
    terminal.entry("  whole", number(total.accepted_whole))?;
    terminal.entry("  a line", number(total.accepted_line))?;
    terminal.entry("  a word", number(total.accepted_word))?;
    terminal.entry("typed by hand", number(total.typed_through))?;
    terminal.entry("rejected", number(total.rejected))?;
    terminal.entry("withdrawn", format!("{}   by Tandem, before you decided", number(total.withdrawn)))?;
    terminal.heading("Accepted text")?;
    terminal.entry("characters", number(total.characters_accepted))?;
    terminal.entry("after 30 s", kept(&total.kept_30s))?;
    terminal.entry("after 5 min", kept(&total.kept_5min))?;
    if let Some(Latency { p50, p95 }) = total.latency_ms {
        terminal.heading("Time to an answer")?;
        terminal.entry("half within", milliseconds(p50))?;
        terminal.entry("95 % within", milliseconds(p95))?;
    }
    match report.groups.as_deref() {
        Some(groups) => group_table(terminal, groups),
        None => Ok(()),
    }
}

fn group_table(terminal: &mut Terminal, groups: &[Group]) -> io::Result<()> {
    let heads = [
        "",
        "shown",
        "accepted",
        "rate",
        "(95 %)",
        "typed",
        "rejected",
        "characters",
        "kept 5 min",
        "p50 ms",
        "p95 ms",
    ];
    let mut rows = vec![heads.map(str::to_owned)];
    rows.extend(groups.iter().map(|group| cells(&printable(&group.name), &group.totals)));
    let mut widths = [0; 11];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    terminal.line("")?;
    for (at, row) in rows.iter().enumerate() {
        let mut line = format!("{:<1$}", row[0], widths[0]);
        for (cell, width) in row.iter().zip(widths).skip(1) {
            line += &format!("  {cell:>width$}");
        }
        terminal.styled(&[(if at == 0 { Style::Bold } else { Style::Plain }, &line)])?;
    }
    Ok(())
}

fn cells(name: &str, totals: &Totals) -> [String; 11] {
    let nothing = || "–".to_owned();
    let name = if name.is_empty() { "(none)" } else { name };
    let rate = totals.acceptance;
    [
        name.to_owned(),
        number(totals.shown),
        number(totals.accepted()),
        rate.map_or_else(nothing, |rate| percent(rate.share)),
        rate.map_or_else(nothing, |rate| format!("{}–{}", whole(rate.low), whole(rate.high))),
        number(totals.typed_through),
        number(totals.rejected),
        number(totals.characters_accepted),
        totals.kept_5min.share().map_or_else(nothing, |rate| percent(rate.share)),
        totals.latency_ms.map_or_else(nothing, |latency| format!("{:.1}", latency.p50)),
        totals.latency_ms.map_or_else(nothing, |latency| format!("{:.1}", latency.p95)),
    ]
}

fn kept(kept: &KeptTotals) -> String {
    let Some(share) = kept.share() else {
        return match kept.unknown {
            0 => "nothing was accepted".to_owned(),
            unknown => format!("not known: {} closed before", number(unknown)),
        };
    };
    let mut parts = vec![format!("{} kept", with_interval(share))];
    for (count, what) in [(kept.partly, "in part"), (kept.gone, "gone"), (kept.unknown, "not known")] {
        if count > 0 {
            parts.push(format!("{} {what}", number(count)));
        }
    }
    parts.join(", ")
}

fn with_interval(rate: Rate) -> String {
    format!("{} ({}–{} with 95 % confidence)", percent(rate.share), whole(rate.low), percent(rate.high))
}

fn percent(share: f64) -> String {
    format!("{} %", whole(share))
}

fn whole(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

fn milliseconds(ms: f64) -> String {
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

/// With a comma between thousands.
fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_readable() {
        assert_eq!([0, 999, 1_000, 1_234_567].map(number), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!([0.4, 9.96, 12.3].map(milliseconds), ["0.4 ms", "10.0 ms", "12 ms"]);
    }

    #[test]
    fn what_is_not_known_is_said() {
        assert_eq!(kept(&KeptTotals::default()), "nothing was accepted");
        assert_eq!(kept(&KeptTotals { unknown: 3, ..KeptTotals::default() }), "not known: 3 closed before");
        let some = KeptTotals { kept: 8, partly: 1, gone: 1, unknown: 2 };
        assert_eq!(kept(&some), "80 % (49–94 % with 95 % confidence) kept, 1 in part, 1 gone, 2 not known");
    }
}
