//! Secrets in what is about to leave. They are looked for in the whole, so that a border between two pieces hides none, and in
//! each piece, so that what stands before a border does not either.

use std::ops::Range;
use std::sync::Arc;

use crate::privacy::secrets::{Finding, Placeholders, Scanner};

use super::Redacted;

/// Texts with placeholders for their secrets.
#[derive(Default)]
pub struct Clean {
    /// In the order of the texts that came in. A secret over a border has its placeholder where it began.
    pub texts: Vec<Arc<str>>,
    /// By rule, in the order of the alphabet.
    pub redactions: Vec<Redacted>,
    /// Rules that found something with which no text may leave, redacted or not.
    pub blocking: Vec<String>,
    /// The names, one for each that came in.
    pub names: Vec<String>,
}

/// `texts` stand behind each other without anything in between. `names` are of files; secrets in them are not counted.
pub fn clean(texts: &[&Arc<str>], names: &[&str], placeholders: &Placeholders) -> Clean {
    let whole: String = texts.iter().map(|text| &***text).collect();
    let listed = names.join("\n");
    let mut searched = vec![whole.as_str(), listed.as_str()];
    if texts.len() > 1 {
        searched.extend(texts.iter().map(|text| &***text));
    }
    let mut found = Scanner::shared().find_in(&searched).into_iter();
    let mut findings = found.next().unwrap_or_default();
    let in_names = found.next().unwrap_or_default();

    let mut borders = Vec::with_capacity(texts.len());
    let mut at = 0;
    for text in texts {
        borders.push(at..at + text.len());
        at += text.len();
    }
    for (of_piece, border) in found.zip(&borders) {
        findings.extend(of_piece.into_iter().map(|finding| Finding {
            range: finding.range.start + border.start..finding.range.end + border.start,
            ..finding
        }));
    }
    let findings = merged(findings);
    Clean {
        texts: texts
            .iter()
            .zip(&borders)
            .map(|(text, border)| cut(text, border, &whole, &findings, placeholders))
            .collect(),
        redactions: counted(&findings),
        blocking: blocking(&findings),
        names: redacted_names(names, &merged(in_names), placeholders),
    }
}

/// In order; those that overlap are one, with the name of the one that blocks, or else of the longest.
fn merged(mut findings: Vec<Finding>) -> Vec<Finding> {
    findings.sort_by_key(|finding| (finding.range.start, std::cmp::Reverse(finding.range.end)));
    let mut merged: Vec<Finding> = Vec::with_capacity(findings.len());
    for next in findings {
        match merged.last_mut().filter(|last| next.range.start < last.range.end) {
            Some(last) => {
                let is_stronger =
                    (next.blocks, next.range.len()) > (last.blocks, last.range.len()) && next.rule != last.rule;
                last.range.end = last.range.end.max(next.range.end);
                if is_stronger {
                    last.rule = next.rule;
                }
                last.blocks |= next.blocks;
            }
            None => merged.push(next),
        }
    }
    merged
}

fn cut(
    text: &Arc<str>,
    border: &Range<usize>,
    whole: &str,
    findings: &[Finding],
    placeholders: &Placeholders,
) -> Arc<str> {
    let first = findings.partition_point(|finding| finding.range.end <= border.start);
    let within = findings[first..].iter().take_while(|finding| finding.range.start < border.end);
    let mut clean = String::new();
    let mut from = border.start;
    for Finding { rule, range, .. } in within {
        clean.push_str(&whole[from..range.start.max(from)]);
        if range.start >= border.start {
            clean.push_str(&placeholders.of(rule, &whole[range.clone()]));
        }
        from = range.end.min(border.end);
    }
    // Untouched, it is shared rather than copied.
    if from == border.start && clean.is_empty() {
        return Arc::clone(text);
    }
    clean.push_str(&whole[from..border.end]);
    clean.into()
}

fn counted(findings: &[Finding]) -> Vec<Redacted> {
    let mut rules: Vec<&str> = findings.iter().map(|finding| &*finding.rule).collect();
    rules.sort_unstable();
    let runs = rules.chunk_by(|one, other| one == other);
    runs.map(|run| Redacted { rule: run[0].to_owned(), count: run.len() }).collect()
}

fn blocking(findings: &[Finding]) -> Vec<String> {
    let blocking: Vec<Finding> = findings.iter().filter(|finding| finding.blocks).cloned().collect();
    counted(&blocking).into_iter().map(|redacted| redacted.rule).collect()
}

fn redacted_names(names: &[&str], findings: &[Finding], placeholders: &Placeholders) -> Vec<String> {
    let mut at = 0;
    let mut clean = Vec::with_capacity(names.len());
    let listed: Arc<str> = names.join("\n").into();
    for name in names {
        let border = at..at + name.len();
        clean.push(cut(&Arc::from(*name), &border, &listed, findings, placeholders).to_string());
        at = border.end + 1;
    }
    clean
}
