//! The record as comma-separated values (RFC 4180), a request a line.

use super::Item;
use crate::gate::audit::{Entry, TypingHour, time_text};

const HEADS: &[&str] = &[
    "n",
    "at",
    "session",
    "workspace",
    "provider",
    "host",
    "model",
    "is_local",
    "attempt",
    "digest",
    "bytes",
    "files",
    "redactions",
    "input_tokens_low",
    "input_tokens_high",
    "max_output_tokens",
    "cost_low_picodollars",
    "cost_high_picodollars",
    "price",
    "result",
    "detail",
    "request_id",
    "input_tokens",
    "output_tokens",
    "cost_picodollars",
    "cost_is",
    "requests",
];

pub fn csv(entries: &[Item]) -> String {
    let mut text = line(HEADS.iter().map(ToString::to_string));
    for entry in entries {
        let cells = match entry {
            Item::Request(entry) => cells(entry),
            Item::Typing(hour) => cells_of_typing(hour),
        };
        text.push_str(&line(cells.into_iter()));
    }
    text
}

/// An hour of suggestions. What only a single request has is empty.
fn cells_of_typing(TypingHour { n, at, begins, typed }: &TypingHour) -> Vec<String> {
    let cell = |head: &&str| match *head {
        "n" => n.to_string(),
        "at" => time_text(at),
        "session" => begins.session.clone(),
        "workspace" => begins.workspace.clone(),
        "host" => begins.host.clone(),
        "is_local" => true.to_string(),
        "bytes" => typed.as_ref().map_or_else(String::new, |typed| typed.bytes.to_string()),
        "requests" => typed.as_ref().map_or_else(String::new, |typed| typed.requests.to_string()),
        "result" => "typing".to_owned(),
        _ => String::new(),
    };
    HEADS.iter().map(cell).collect()
}

fn cells(Entry { n, at, sent, outcome }: &Entry) -> Vec<String> {
    let files: Vec<String> = sent
        .files
        .iter()
        .map(|file| {
            let ranges: Vec<String> = file.ranges.iter().map(|(start, end)| format!("{start}-{end}")).collect();
            format!("{}:{}", file.path, ranges.join("+"))
        })
        .collect();
    let redactions: Vec<String> =
        sent.redactions.iter().map(|redacted| format!("{}:{}", redacted.rule, redacted.count)).collect();
    let mut cells = vec![
        n.to_string(),
        time_text(at),
        sent.session.clone(),
        sent.workspace.clone(),
        sent.provider.clone(),
        sent.host.clone(),
        sent.model.clone(),
        sent.is_local.to_string(),
        sent.attempt.to_string(),
        sent.digest.to_hex(),
        sent.bytes.to_string(),
        files.join(" "),
        redactions.join(" "),
        sent.input_tokens.0.to_string(),
        sent.input_tokens.1.to_string(),
        sent.max_output_tokens.to_string(),
        sent.cost.0.0.to_string(),
        sent.cost.1.0.to_string(),
        sent.price.clone(),
    ];
    match outcome {
        None => cells.resize(HEADS.len() - 1, String::new()),
        Some(came) => cells.extend([
            word(&came.result),
            came.detail.clone().unwrap_or_default(),
            came.request_id.clone().unwrap_or_default(),
            came.usage.input().to_string(),
            came.usage.output.to_string(),
            came.cost.0.to_string(),
            came.cost_is.map_or_else(|| "released".to_owned(), |is| word(&is)),
        ]),
    }
    cells.push("1".to_owned());
    cells
}

/// As JSON has it, without the quotes.
fn word(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn line(cells: impl Iterator<Item = String>) -> String {
    cells.map(|cell| quoted(&cell)).collect::<Vec<_>>().join(",") + "\r\n"
}

/// What a spreadsheet would take for a formula is kept text.
fn quoted(cell: &str) -> String {
    let guard = if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) { "'" } else { "" };
    if guard.is_empty() && !cell.contains([',', '"', '\n', '\r']) {
        return cell.to_owned();
    }
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_where_they_must_be() {
        assert_eq!(
            line(["a", "b,c", "say \"x\"", "=1+1", ""].map(str::to_owned).into_iter()),
            "a,\"b,c\",\"say \"\"x\"\"\",\"'=1+1\",\r\n"
        );
    }
}
