//! A request for people: a few lines, in plain words.

use std::io;

use jiff::tz::TimeZone;

use crate::budget::Outcome;
use crate::cli::terminal::{Style, Terminal, printable};
use crate::gate::audit::{Came, EndResult, Entry, FileSent, Sent, TypingHour};

pub fn print(terminal: &mut Terminal, entry: &Entry, zone: &TimeZone, with_files: bool) -> io::Result<()> {
    let Entry { n, at, sent, outcome } = entry;
    let at = at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let whose = if sent.is_local { ", a server of yours" } else { "" };
    let retry = if sent.attempt > 1 { format!(", try {}", sent.attempt) } else { String::new() };
    let what = format!(" {} to {} ({}){whose}{retry}", sent.model, sent.provider, sent.host);
    terminal.styled(&[(Style::Dim, &format!("{at}  #{n} ")), (Style::Bold, &printable(&what))])?;
    terminal.line(format!("  {}", contents(sent)))?;
    terminal.line(format!("  {}", ending(sent, outcome.as_ref())))?;
    if with_files {
        for file in &sent.files {
            terminal.line(format!("    {}", one(file)))?;
        }
    }
    Ok(())
}

/// An hour of suggestions by a server of the user's.
pub fn print_typing(terminal: &mut Terminal, hour: &TypingHour, zone: &TimeZone) -> io::Result<()> {
    let TypingHour { n, at, begins, typed } = hour;
    let day = at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string();
    let what = format!(" typing, for suggestions by {}, a server of yours", begins.host);
    terminal.styled(&[(Style::Dim, &format!("{day}  #{n} ")), (Style::Bold, &printable(&what))])?;
    let Some(typed) = typed else {
        return terminal.line("  not over yet, or its program ended before it was: how much was sent is not known");
    };
    let until = typed.until.to_zoned_datetime(zone.clone()).strftime("%H:%M:%S").to_string();
    let bytes = size(usize::try_from(typed.bytes).unwrap_or(usize::MAX));
    let requests = count(usize::try_from(typed.requests).unwrap_or(usize::MAX), "request");
    let mut line = format!("  {requests} until {until}, {bytes}");
    let kept: Vec<String> = typed.withheld.iter().map(|(reason, number)| format!("{number} {reason}")).collect();
    if !kept.is_empty() {
        line.push_str(&format!("; kept here: {}", printable(&kept.join(", "))));
    }
    terminal.line(line)
}

fn contents(sent: &Sent) -> String {
    let of_files: usize = sent.files.iter().map(|file| file.bytes).sum();
    let mut text =
        format!("{}, {} of {} from files", count(sent.files.len(), "file"), size(of_files), size(sent.bytes));
    let secrets: usize = sent.redactions.iter().map(|redacted| redacted.count).sum();
    if secrets > 0 {
        let rules: Vec<&str> = sent.redactions.iter().map(|redacted| redacted.rule.as_str()).collect();
        text.push_str(&format!("; {} left out ({})", count(secrets, "secret"), printable(&rules.join(", "))));
    }
    text
}

fn ending(sent: &Sent, outcome: Option<&Came>) -> String {
    let Some(came) = outcome else {
        return format!("no outcome: still under way, or its program ended; at most {}", sent.cost.1);
    };
    let result = match came.result {
        EndResult::Complete => "answered",
        EndResult::Length => "answered, up to the limit of output",
        EndResult::Refused => "declined by the model",
        EndResult::Filtered => "cut off by the provider's filter",
        EndResult::ContextFull => "cut off: prompt and answer filled the model's window",
        EndResult::Truncated => "cut off",
        EndResult::Failed => "failed",
        EndResult::Rejected => "turned away",
        EndResult::Cancelled => "cancelled",
        EndResult::NotSent => "not sent",
        EndResult::Unknown => "sent; what became of it is not known",
    };
    let detail = came.detail.as_deref().map_or_else(String::new, |detail| format!(" ({})", printable(detail)));
    let cost = match came.cost_is {
        None => "nothing spent".to_owned(),
        Some(Outcome::Counted) => format!("{}, as the provider counted", came.cost),
        Some(Outcome::Estimated) => format!("{}, estimated upwards", came.cost),
        Some(Outcome::Presumed) => format!("{}, all that was reserved", came.cost),
    };
    let tokens = match (came.usage.input(), came.usage.output) {
        (0, 0) => String::new(),
        (input, output) => format!("; {input} tokens in, {output} out"),
    };
    let problem = came.problem.as_deref().map_or_else(String::new, |problem| format!("; {}", printable(problem)));
    format!("{result}{detail}; {cost}{tokens}{problem}")
}

fn one(file: &FileSent) -> String {
    let ranges: Vec<String> = file.ranges.iter().map(|(start, end)| format!("{start}..{end}")).collect();
    let ranges =
        if ranges.is_empty() { "parts derived from it".to_owned() } else { format!("bytes {}", ranges.join(", ")) };
    let internal = if file.is_internal { ", internal" } else { "" };
    format!("{}  {}, {ranges}{internal}", printable(&file.path), size(file.bytes))
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

fn size(bytes: usize) -> String {
    if bytes < 1000 { format!("{bytes} bytes") } else { format!("{} kB", bytes.div_ceil(1000)) }
}
