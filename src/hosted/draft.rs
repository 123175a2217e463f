//! From a prompt of typing to a draft for the gate: cut to its budgets, other files before the text, every byte with its source.
//!
//! The providers tokenise what stands on both sides of the hole as text, so nothing in it can become a mark of theirs.

use std::ops::Range;
use std::sync::Arc;

use crate::config::ProviderKind;
use crate::engine::{FimPrompt, Job};
use crate::gate::{Draft, DraftFill, DraftTurn, Piece, Section, Source};
use crate::providers::{Endpoint, Role};

/// A token of code has about so many bytes (reference: cloud.md, D): budgets in tokens are kept in bytes, roughly. What is
/// reserved is counted exactly, upwards, by `budget`.
const BYTES_A_TOKEN: usize = 3;

/// Where the window's head may stand: at so many places within a window's length. Between two of them typing moves nothing but
/// its end, and the provider finds the rest in its cache.
const STEPS: usize = 4;

/// Tokens of an answer that is to be one line.
const A_LINE: u32 = 48;

/// Most tokens that DeepSeek's interface writes.
const MOST_TOKENS: u32 = 4_000;

/// The draft of a job, all of whose paths may leave.
pub fn draft(job: &Job, endpoint: &Arc<Endpoint>, model: &str) -> Draft {
    let prompt = &job.prompt;
    let mark = if endpoint.kind == ProviderKind::Mistral { "+++++ " } else { "# " };
    let mut pieces = Vec::new();
    let mut put = |text: String, path: &str, bytes: Range<usize>| {
        pieces.push(Piece { text: text.into(), source: Source::File { path: path.to_owned(), bytes } });
    };
    for snippet in fitting(prompt, job.budget.snippets as usize * BYTES_A_TOKEN) {
        let end = if snippet.text.ends_with('\n') { "" } else { "\n" };
        put(format!("{mark}{}\n{}{end}", line(&snippet.path), snippet.text), &snippet.path, 0..0);
    }
    put(format!("{mark}{}\n", line(&prompt.path)), &prompt.path, 0..0);
    let before = before(prompt, job.budget.prefix as usize * BYTES_A_TOKEN);
    let after = after(&prompt.suffix, job.budget.suffix as usize * BYTES_A_TOKEN);
    put(before.to_owned(), &prompt.path, prompt.offset - before.len().min(prompt.offset)..prompt.offset);
    let suffix = Piece {
        text: after.into(),
        source: Source::File { path: prompt.path.clone(), bytes: prompt.offset..prompt.offset + after.len() },
    };
    let of_line = if job.max_lines == 1 { A_LINE } else { MOST_TOKENS };
    Draft {
        endpoint: endpoint.clone(),
        model: model.to_owned(),
        system: Vec::new(),
        turns: vec![DraftTurn { role: Role::User, sections: vec![Section { pieces, cache: None }] }],
        max_output: job.max_tokens.clamp(1, of_line),
        effort: None,
        fill: Some(DraftFill { suffix: Section { pieces: vec![suffix], cache: None }, stops: stops(job) }),
    }
}

/// Within a line nothing is wanted beyond it. At a line's end the text may begin with a break, so the engine counts lines.
fn stops(job: &Job) -> Vec<String> {
    let rest = job.prompt.suffix.split('\n').next().unwrap_or_default();
    if job.max_lines == 1 && !rest.trim().is_empty() { vec!["\n".to_owned()] } else { Vec::new() }
}

/// A name on one line.
fn line(path: &str) -> String {
    path.chars().filter(|character| !character.is_control()).collect()
}

/// The end of the text before the cursor, from the first line behind a place that stays where it is while the user types.
fn before(prompt: &FimPrompt, most: usize) -> &str {
    let text = &*prompt.prefix;
    if text.len() <= most {
        return text;
    }
    let begins = prompt.offset.saturating_sub(text.len());
    let step = (most / STEPS).max(1);
    let head = prompt.offset.saturating_sub(most).div_ceil(step) * step;
    let mut at = head.saturating_sub(begins).min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    let kept = &text[at..];
    match kept.find('\n') {
        // A single line that is longer than all that may be sent loses its head.
        Some(end) if end + 1 < kept.len() => &kept[end + 1..],
        _ => kept,
    }
}

/// The head of the text behind the cursor, whole lines of it where there are any.
fn after(text: &str, most: usize) -> &str {
    if text.len() <= most {
        return text;
    }
    let mut end = most;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    match text[..end].rfind('\n') {
        Some(last) => &text[..=last],
        None => &text[..end],
    }
}

/// The last snippets that fit as a whole, in their order.
fn fitting(prompt: &FimPrompt, most: usize) -> &[crate::engine::Snippet] {
    let mut left = most;
    let fits = |snippet: &&crate::engine::Snippet| {
        let taken = snippet.path.len() + snippet.text.len();
        let does = taken <= left;
        left = left.saturating_sub(taken);
        does
    };
    let count = prompt.snippets.iter().rev().take_while(fits).count();
    &prompt.snippets[prompt.snippets.len() - count..]
}

/// A request as typing makes them, with nothing of the user's in it: to see whether one could be sent at all, and at what price.
pub fn probe(endpoint: &Arc<Endpoint>, model: &str) -> Draft {
    let piece = |text: &str| Piece { text: text.into(), source: Source::Instructions };
    let section = |text: &str| Section { pieces: vec![piece(text)], cache: None };
    Draft {
        endpoint: endpoint.clone(),
        model: model.to_owned(),
        system: Vec::new(),
        turns: vec![DraftTurn { role: Role::User, sections: vec![section("fn main() {\n    ")] }],
        max_output: 1,
        effort: None,
        fill: Some(DraftFill { suffix: section("\n}\n"), stops: Vec::new() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProviderSettings;
    use crate::engine::{PromptBudget, Snippet, Task, Urgency};

    fn endpoint(kind: ProviderKind) -> Arc<Endpoint> {
        let settings = ProviderSettings { kind: Some(kind), ..ProviderSettings::default() };
        Arc::new(Endpoint::of("it", &settings).unwrap())
    }

    fn job(prefix: &str, suffix: &str, tokens: u32) -> Job {
        Job {
            lane: 1,
            urgency: Urgency::Awaited,
            task: Task::Write,
            prompt: FimPrompt {
                path: "src/a.rs".to_owned(),
                prefix: prefix.into(),
                suffix: suffix.into(),
                // The document begins before what a prompt is given.
                offset: 1_000 + prefix.len(),
                ..FimPrompt::default()
            },
            budget: PromptBudget { prefix: tokens, suffix: tokens, snippets: tokens },
            max_tokens: 96,
            max_lines: 8,
            candidates: 1,
            draft: None,
            explain: false,
            corpus: None,
        }
    }

    fn pieces(draft: &Draft) -> Vec<(&str, Range<usize>)> {
        let all = draft.turns[0].sections[0].pieces.iter().chain(&draft.fill.as_ref().unwrap().suffix.pieces);
        all.map(|piece| match &piece.source {
            Source::File { bytes, .. } => (&*piece.text, bytes.clone()),
            other => panic!("{other:?}"),
        })
        .collect()
    }

    #[test]
    fn every_byte_has_its_place_in_the_file() {
        let mut job = job("fn a() {\n    ", "\n}\n", 100);
        job.prompt.snippets = vec![Snippet { path: "src/b\n.rs".to_owned(), text: "fn b();".to_owned() }];
        let mistral = draft(&job, &endpoint(ProviderKind::Mistral), "m");
        assert_eq!(
            pieces(&mistral),
            [
                ("+++++ src/b.rs\nfn b();\n", 0..0),
                ("+++++ src/a.rs\n", 0..0),
                ("fn a() {\n    ", 1_000..1_013),
                ("\n}\n", 1_013..1_016)
            ]
        );
        let deepseek = draft(&job, &endpoint(ProviderKind::DeepSeek), "m");
        assert!(pieces(&deepseek)[1].0 == "# src/a.rs\n");
        assert_eq!((deepseek.max_output, deepseek.fill.unwrap().stops), (96, vec![]));
        job.max_lines = 1;
        let line = draft(&job, &endpoint(ProviderKind::Mistral), "m");
        assert_eq!((line.max_output, line.fill.unwrap().stops.len()), (A_LINE, 0), "it may begin with a break");
        job.prompt.suffix = " + b\n}\n".into();
        assert_eq!(draft(&job, &endpoint(ProviderKind::Mistral), "m").fill.unwrap().stops, ["\n"]);
    }

    #[test]
    fn the_windows_head_stays_while_somebody_types() {
        let text: String = (0..200).map(|number| format!("let line{number} = {number};\n")).collect();
        let head = |prefix: &str| {
            let job = job(prefix, "", 200);
            let draft = draft(&job, &endpoint(ProviderKind::Mistral), "m");
            let (kept, range) = pieces(&draft)[1].clone();
            assert!(kept.len() <= 600 && prefix.ends_with(kept) && kept.len() == range.len());
            assert!(kept.starts_with("let line"), "{kept}");
            range.start
        };
        let mut heads: Vec<usize> = (3_000..3_400).map(|end| head(&text[..end])).collect();
        heads.dedup();
        assert!((2..=4).contains(&heads.len()), "{heads:?}");
    }

    #[test]
    fn what_is_too_long_is_cut_at_lines_and_characters() {
        let long = "ä".repeat(1_000);
        let draft = draft(&job(&long, &format!("\n{long}"), 100), &endpoint(ProviderKind::Mistral), "m");
        let all = pieces(&draft);
        assert!(all[1].0.len() <= 300 && all[1].0.chars().all(|character| character == 'ä'));
        assert_eq!(all[2].0, "\n");
        assert_eq!(after(&"one\ntwo\n".repeat(9), 10), "one\ntwo\n");
        let snippet = |path: &str| Snippet { path: path.to_owned(), text: "x".repeat(90) };
        let mut job = job("a", "b", 70);
        job.prompt.snippets = vec![snippet("far"), snippet("near"), snippet("next")];
        let kept: Vec<_> = fitting(&job.prompt, 200).iter().map(|snippet| snippet.path.as_str()).collect();
        assert_eq!(kept, ["near", "next"], "the last ones are the likeliest");
    }
}
