//! Drafts change the cost of an answer, never the answer.

use tandem::engine::Job;

use crate::support::{Answer, ask, config, job, start};

/// Cursors spread over this repository's own sources: (text with a mark, what really follows).
pub fn cursors(count: usize) -> Vec<(String, String)> {
    let sources = [
        include_str!("../../src/engine/job.rs"),
        include_str!("../../src/engine/fim.rs"),
        include_str!("../../src/engine/prompt.rs"),
        include_str!("../../src/engine/llama/queue.rs"),
        include_str!("../../src/config/schema.rs"),
    ];
    (0..count)
        .map(|index| {
            let source = sources[index % sources.len()];
            let mut at = (index * 7919 + 997) % (source.len() - 200);
            while !source.is_char_boundary(at) {
                at += 1;
            }
            let start = source[..at].len().saturating_sub(1800);
            let start = (start..at).find(|start| source.is_char_boundary(*start)).unwrap_or(at);
            let end = (at + 500..source.len()).find(|end| source.is_char_boundary(*end)).unwrap_or(source.len());
            let clean = |text: &str| text.replace("$0", "$ 0");
            let follows = source[at..end].chars().take(60).collect();
            (format!("{}$0{}", clean(&source[start..at]), clean(&source[at..end])), follows)
        })
        .collect()
}

fn outcome(answer: &Answer) -> (String, usize) {
    (answer.text().to_owned(), answer.scores.first().map_or(0, Vec::len))
}

#[test]
fn drafts_never_change_an_answer() {
    let mut plain = config();
    plain.max_draft_tokens = 0;
    let (plain, drafting) = (start(plain), start(config()));
    let (mut drafted, mut accepted) = (0, 0);
    for (index, (text, follows)) in cursors(40).into_iter().enumerate() {
        let base = Job { max_tokens: 32, max_lines: 8, ..job(&text) };
        let expected = ask(&plain, base.clone());
        assert_eq!(expected.report.drafted, 0);
        // A good draft, a wrong one, and none (copies from the prompt).
        let draft =
            [Some(follows), Some(format!("{}zzz += zzz;", expected.text().chars().take(9).collect::<String>())), None];
        let got = ask(&drafting, Job { draft: draft[index % 3].clone(), ..base });
        assert_eq!(outcome(&got), outcome(&expected), "cursor {index}");
        assert_eq!(got.finish(), expected.finish(), "cursor {index}");
        let difference = sum(&got) - sum(&expected);
        assert!(difference.abs() < 0.05 * (1.0 + sum(&expected).abs()), "cursor {index}: {difference}");
        drafted += got.report.drafted;
        accepted += got.report.accepted;
    }
    assert!(drafted > 0 && accepted > 0 && accepted <= drafted, "{accepted} of {drafted}");
}

fn sum(answer: &Answer) -> f32 {
    answer.scores.iter().flatten().map(|score| score.logprob).sum()
}

#[test]
fn a_right_draft_saves_decodes() {
    let engine = start(config());
    let base =
        Job { max_tokens: 40, max_lines: 12, ..job("fn main() {\n    let values = vec![1, 2, 3];\n    $0\n}\n") };
    let expected = ask(&engine, base.clone());
    let drafted = ask(&engine, Job { draft: Some(expected.text().to_owned()), ..base });
    assert_eq!(drafted.text(), expected.text());
    assert!(drafted.report.decodes < drafted.report.generated, "{:?}", drafted.report);
}
