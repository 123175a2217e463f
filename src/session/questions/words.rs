//! What is said about a question, as Markdown: what it would send, what it cost, where the limits stand. The same in an
//! editor and in a terminal.

use std::fmt::Write;
use std::sync::Arc;

use crate::ask::{ConsentRequest, Footer, Kind, Question};
use crate::budget::{Outcome, Picodollars, WindowState};
use crate::gate::{Manifest, Preview, SentFile};

/// Longest title of a question, in characters.
const TITLE: usize = 60;
/// Files that a line names before it counts the rest.
const NAMED_FILES: usize = 8;
/// Where a key without billing is accepted, too: nothing in an answer tells.
const GEMINI: &str = "generativelanguage.googleapis.com";
/// Characters of a bar.
const BAR: usize = 20;
/// Why nothing leaves where the editor keeps a folder's code from running.
pub const RESTRICTED: &str =
    "the editor does not trust this folder, so nothing leaves this machine; trust it in the editor to ask a model";

/// What a question is called in menus, progress and file names.
pub fn title(question: &Question) -> String {
    let about = question.focus.as_ref().map_or("this workspace", |focus| focus.name.as_deref().unwrap_or(&focus.path));
    let words = match (question.text.trim(), question.kind) {
        ("", Kind::Ask | Kind::Explain) => format!("Explain {about}"),
        ("", Kind::WhyError) => format!("Why is this error in {about}"),
        ("", Kind::Tests) => format!("Write tests for {about}"),
        ("", Kind::Document) => format!("Document {about}"),
        ("", Kind::Refactor) => format!("Refactor {about}"),
        (text, _) => text.to_owned(),
    };
    cut(&plain(&words), TITLE)
}

/// One line without control characters.
pub fn plain(text: &str) -> String {
    let spaced: String = text.chars().map(|character| if character.is_control() { ' ' } else { character }).collect();
    spaced.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A line in Markdown that is nothing but text: no link, image, HTML or formula, whoever it quotes.
pub fn prose(text: &str) -> String {
    let mut line = String::new();
    for character in plain(text).chars() {
        if matches!(character, '\\' | '<' | '[' | ']' | '!' | '&' | '$' | '|') {
            line.push('\\');
        }
        line.push(character);
    }
    line
}

/// At most so many characters; where some are missing, the last one says so.
pub fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// A name in Markdown that can be nothing but a name.
fn code(text: &str) -> String {
    format!("`{}`", plain(text).replace('`', "'"))
}

/// `12.3 kB`.
pub fn bytes(count: usize) -> String {
    match count {
        0..1_000 => format!("{count} bytes"),
        1_000..1_000_000 => format!("{:.1} kB", count as f64 / 1e3),
        _ => format!("{:.1} MB", count as f64 / 1e6),
    }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// 12,345
fn grouped(number: u64) -> String {
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

fn files(files: &[SentFile]) -> String {
    let mut names: Vec<String> = files.iter().take(NAMED_FILES).map(|file| code(&file.path)).collect();
    if files.len() > NAMED_FILES {
        names.push(format!("and {} more", files.len() - NAMED_FILES));
    }
    names.join(", ")
}

fn redactions(manifest: &Manifest) -> usize {
    manifest.redactions.iter().map(|redacted| redacted.count).sum()
}

/// `$0.01 to $0.20`; one amount where they are the same.
fn cost_range((least, most): (Picodollars, Picodollars)) -> String {
    if least == most { most.to_string() } else { format!("{least} to {most}") }
}

/// The line that asks for consent: what, where to, how much.
pub fn consent(request: &ConsentRequest) -> String {
    let preview = &request.preview;
    let manifest = &preview.manifest;
    let mut text = format!(
        "Send {} of {} (at most {} tokens) to {} at {}? Cost: {}.",
        bytes(manifest.bytes),
        counted(manifest.files.len(), "file"),
        grouped(preview.input_tokens.1),
        plain(&preview.model),
        plain(&preview.host),
        cost_range(preview.cost),
    );
    let redacted = redactions(manifest);
    if redacted > 0 {
        let _ = write!(text, " {} redacted.", counted(redacted, "secret"));
    }
    let internal = manifest.files.iter().filter(|file| file.is_internal).count();
    if internal > 0 {
        let _ = write!(text, " {} marked internal.", counted(internal, "file"));
    }
    if let Some(lowered) = &preview.lowered {
        let _ = write!(text, " {}.", plain(&lowered.to_string()));
    }
    if let Some(fullest) = fullest(&preview.windows) {
        let _ = write!(text, " Budget: {}.", standing(fullest));
    }
    if let Some(terms) = terms(&preview.host) {
        let _ = write!(text, " {terms}");
    }
    if let Some(why) = &request.why {
        let _ = write!(text, " You are asked because {}.", plain(why).trim_end_matches('.'));
    }
    text
}

/// What a provider may do with what it is sent, where that depends on something that cannot be seen from here.
/// A sentence.
pub fn terms(host: &str) -> Option<&'static str> {
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    name.eq_ignore_ascii_case(GEMINI)
        .then_some("Without billing at Google's, what is sent may be read by people and used to improve products.")
}

/// What would be sent, whole. `texts`: as they would be sent, in their order.
pub fn payload(preview: &Preview, texts: &[Arc<str>]) -> String {
    let manifest = &preview.manifest;
    let mut out = String::from("# What would be sent\n\n");
    let place = if preview.is_local { "a server of yours" } else { "leaves this machine" };
    let _ = writeln!(
        out,
        "* To: {} at {} ({place}), model {}",
        code(&preview.provider),
        code(&preview.host),
        code(&preview.model)
    );
    let (least, most) = preview.input_tokens;
    let _ = writeln!(
        out,
        "* Input: {}, {} to {} tokens; the answer at most {} tokens",
        bytes(manifest.bytes),
        grouped(least),
        grouped(most),
        grouped(u64::from(preview.max_output_tokens)),
    );
    if let Some(lowered) = &preview.lowered {
        let _ = writeln!(out, "* {}", prose(&lowered.to_string()));
    }
    let _ = writeln!(out, "* Cost: {}; the larger amount is reserved before it is sent", cost_range(preview.cost));
    if let Some(terms) = terms(&preview.host) {
        let _ = writeln!(out, "* {terms}");
    }
    for redacted in &manifest.redactions {
        let _ = writeln!(out, "* Redacted: {} by rule {}", counted(redacted.count, "secret"), code(&redacted.rule));
    }
    if manifest.redactions.is_empty() {
        out.push_str("* Redacted: nothing\n");
    }
    let digest: String = preview.digest().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let _ = writeln!(out, "* Fingerprint of the content: {digest}…");
    if !preview.windows.is_empty() {
        out.push_str("\n## Budget\n\n");
        out.push_str(&budget(&preview.windows));
    }
    let _ = writeln!(out, "\n## Files\n");
    for file in &manifest.files {
        let internal = if file.is_internal { ", internal" } else { "" };
        let ranges = file.ranges.iter().map(|range| format!("{}–{}", range.start, range.end)).collect::<Vec<_>>();
        let ranges = if ranges.is_empty() { String::new() } else { format!(", bytes {}", ranges.join(", ")) };
        let _ = writeln!(out, "* {}: {}{ranges}{internal}", code(&file.path), bytes(file.bytes));
    }
    if manifest.files.is_empty() {
        out.push_str("None.\n");
    }
    if !texts.is_empty() {
        out.push_str("\n## Text\n\n");
        let whole: String = texts.iter().map(|text| &**text).collect();
        out.push_str(&fenced(&whole));
    }
    out
}

/// In a fence that nothing inside can close.
pub fn fenced(text: &str) -> String {
    // A lone carriage return ends a line in Markdown, too.
    let text = &text.replace("\r\n", "\n").replace('\r', "\n");
    let longest = text.lines().map(|line| line.trim_start().chars().take_while(|mark| *mark == '`').count()).max();
    let fence = "`".repeat(longest.unwrap_or(0).max(2) + 1);
    let end = if text.ends_with('\n') || text.is_empty() { "" } else { "\n" };
    format!("{fence}\n{text}{end}{fence}\n")
}

/// What stands below an answer.
pub fn footer(footer: &Footer) -> String {
    let mut out = String::from("\n\n---\n\n");
    if let Some(diff) = &footer.diff {
        let what = counted(diff.files.len(), "file");
        match &diff.problem {
            None => {
                let _ = writeln!(out, "* The change above touches {what} and applies. Nothing was changed: review it.");
            }
            Some(problem) => {
                let _ = writeln!(out, "* The change above does not apply as it stands: {}", prose(problem));
            }
        }
    }
    if let Some(why) = &footer.incomplete {
        let _ = writeln!(out, "* **Not the whole answer:** {}", prose(why));
    }
    if let Some(lowered) = &footer.lowered {
        let _ = writeln!(out, "* {}", prose(lowered));
    }
    let usage = &footer.usage;
    let mut line = format!("* Answered by {}: {}", prose(&footer.answered_by), cost(footer));
    if usage.input() > 0 || usage.output > 0 {
        let _ = write!(line, ", {} tokens in", grouped(usage.input()));
        if usage.cache_read > 0 {
            let percent = usage.cache_read * 100 / usage.input().max(1);
            let whose = if footer.has_left { "the provider's cache" } else { "the turn before" };
            let _ = write!(line, " ({percent} % from {whose})");
        }
        let _ = write!(line, ", {} out", grouped(usage.output));
    }
    if footer.elapsed_ms > 0 {
        let _ = write!(line, ", {:.1} s", footer.elapsed_ms as f64 / 1e3);
    }
    out.push_str(&line);
    out.push('\n');
    if !footer.route_reason.is_empty() {
        let _ = writeln!(out, "* Route: {}", prose(&footer.route_reason));
    }
    if footer.cited + footer.unverified > 0 {
        let _ = write!(out, "* Citations: {} found in the files", footer.cited);
        if footer.unverified > 0 {
            let _ = write!(out, ", {} not found and marked", footer.unverified);
        }
        out.push('\n');
    }
    if footer.has_left {
        let size: usize = footer.files.iter().map(|file| file.bytes).sum();
        let _ = write!(out, "* Sent: {} of {}", bytes(size), counted(footer.files.len(), "file"));
        if !footer.files.is_empty() {
            let _ = write!(out, " ({})", files(&footer.files));
        }
        if footer.redactions > 0 {
            let _ = write!(out, "; {} redacted", counted(footer.redactions, "secret"));
        }
        out.push('\n');
    } else {
        out.push_str("* Sent: nothing left this machine\n");
    }
    if let Some(thread) = &footer.thread {
        let _ = writeln!(out, "* Thread: {}", code(thread));
    }
    out
}

/// What it cost, and how sure that is.
pub fn cost(footer: &Footer) -> String {
    match footer.cost_is {
        Some(Outcome::Estimated) => format!("about {}", footer.cost),
        Some(Outcome::Presumed) => format!("at most {}", footer.cost),
        Some(Outcome::Counted) | None => footer.cost.to_string(),
    }
}

/// A bar for each limit, as a table of code, so that columns hold.
pub fn budget(windows: &[WindowState]) -> String {
    if windows.is_empty() {
        return "No limit is set. Cloud models are off until `budget.limits` has a monthly one, for example \
                `[\"$20 per month\"]`.\n"
            .to_owned();
    }
    let rows: String = windows.iter().map(|window| format!("{} {}\n", bar(window), standing(window))).collect();
    fenced(&rows)
}

fn bar(window: &WindowState) -> String {
    let most = window.limit.units().max(1);
    let share = |units: u64| (u128::from(units) * BAR as u128).div_ceil(u128::from(most)).min(BAR as u128) as usize;
    let settled = share(window.settled);
    let open = share(window.settled.saturating_add(window.open)) - settled;
    format!(
        "[{}{}{}] {:>3} %",
        "#".repeat(settled),
        "+".repeat(open),
        ".".repeat(BAR - settled - open),
        percent(window)
    )
}

/// Of the limit that is spent or reserved, rounded down; 100 where the limit is nothing.
pub fn percent(window: &WindowState) -> u64 {
    let used = u128::from(window.settled.saturating_add(window.open));
    match u128::from(window.limit.units()) {
        0 => 100,
        most => u64::try_from(used * 100 / most).unwrap_or(u64::MAX),
    }
}

/// Of the limit that is spent or reserved, 0 to 1; 1 where the limit is nothing.
pub fn share(window: &WindowState) -> f64 {
    let used = window.settled.saturating_add(window.open);
    match window.limit.units() {
        0 => 1.0,
        most => (used as f64 / most as f64).min(1.0),
    }
}

/// `$3.10 of $20 per month, $0.10 of it reserved, resets 2026-12-01 00:00 UTC`.
pub fn standing(window: &WindowState) -> String {
    let amount = window.limit.amount;
    let used = window.settled.saturating_add(window.open);
    let mut text = format!("{} of {}", amount.show(used), plain(&window.limit.to_string()));
    if window.open > 0 {
        let _ = write!(text, ", {} of it reserved", amount.show(window.open));
    }
    let resets = window.resets_at.and_then(|at| jiff::Timestamp::from_second(at).ok());
    if let Some(resets) = resets {
        let _ = write!(text, ", resets {}", resets.strftime("%Y-%m-%d %H:%M UTC"));
    }
    text
}

/// The limit of which most is gone.
pub fn fullest(windows: &[WindowState]) -> Option<&WindowState> {
    windows.iter().max_by_key(|window| percent(window))
}

#[cfg(test)]
mod tests;
