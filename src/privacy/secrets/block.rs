//! Keys that fill lines: whole ones, and what is left of one where a piece of a file begins or ends within it.

use std::ops::Range;

use super::rule::Rule;

/// Longest key in bytes, its lines included.
const MAX_BLOCK: usize = 64 << 10;

/// Letters of base64 without anything in between that a key has and code between two constants has not. Lines of keys have 64.
const KEY_RUN: usize = 30;

/// Bytes that may stand in the lines of a key: base64, and what files, quotes, escapes and diffs put around the lines.
fn is_of_key(byte: u8) -> bool {
    is_base64(byte) || byte.is_ascii_whitespace() || b"\\\"',>-:|.".contains(&byte)
}

fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

/// Where the marks of a rule stand in the text: keywords of beginnings and of ends, in order.
pub(super) fn find(rule: &Rule, text: &[u8], marks: &[usize]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut open: Option<Range<usize>> = None;
    let mut free_from = 0;
    for at in marks {
        let reach = &text[*at..text.len().min(at + 128)];
        if let Some(begin) = rule.regex().and_then(|regex| regex.find(reach)) {
            // The one before has no end.
            close(text, open.take(), *at, &mut found);
            open = Some(*at..at + begin.end());
            free_from = open.as_ref().map_or(free_from, |open| open.end);
        } else if let Some(end) = rule.end().and_then(|end| end.find(reach)) {
            let end = at + end.end();
            match open.take() {
                Some(begin) if end - begin.start <= MAX_BLOCK => {
                    if longest_run(&text[begin.end..*at]) >= KEY_RUN {
                        found.push(begin.start..end);
                    }
                }
                _ => found.extend(ends_here(text, free_from, *at).map(|start| start..end)),
            }
            free_from = end;
        }
    }
    close(text, open, text.len(), &mut found);
    found
}

/// A key that begins and does not end before `limit`.
fn close(text: &[u8], begin: Option<Range<usize>>, limit: usize, found: &mut Vec<Range<usize>>) {
    let Some(begin) = begin else { return };
    let limit = limit.min(begin.end + MAX_BLOCK);
    let body = text[begin.end..limit].iter().take_while(|byte| is_of_key(**byte)).count();
    let body = &text[begin.end..begin.end + body];
    // The key goes as far as its last full line, or the part of one that was cut off behind it.
    if let Some(last) = runs(body).filter(|run| run.len() >= KEY_RUN).last() {
        let rest = runs(&body[last.end..]).next().filter(|run| run.len() >= 4 && run.start <= 8);
        found.push(begin.start..begin.end + last.end + rest.map_or(0, |rest| rest.end));
    }
}

/// Where a key begins that ends at `at` and began in a piece that is not there.
fn ends_here(text: &[u8], from: usize, at: usize) -> Option<usize> {
    let from = from.max(at.saturating_sub(MAX_BLOCK));
    let body = text[from..at].iter().rev().take_while(|byte| is_of_key(**byte)).count();
    let body = at - body;
    let first = runs(&text[body..at]).find(|run| run.len() >= KEY_RUN)?;
    Some(body + first.start)
}

fn longest_run(text: &[u8]) -> usize {
    runs(text).map(|run| run.len()).max().unwrap_or(0)
}

/// Stretches of base64. An `n` behind a backslash is the end of a line.
fn runs(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        loop {
            match text.get(at)? {
                b'\\' => at += 2,
                byte if is_base64(*byte) => break,
                _ => at += 1,
            }
        }
        let start = at;
        at += text[at..].iter().take_while(|byte| is_base64(**byte)).count();
        Some(start..at)
    })
}
