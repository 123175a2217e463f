//! Figures of a handful of records, computed by hand.

use super::*;
use crate::eval::record::{Guess, Prompt};
use crate::eval::testing::record;

fn with_guess(variant: usize, hole: usize, change: impl FnOnce(&mut Record, &mut Guess)) -> Record {
    let mut record = record(variant, hole);
    let mut guess = record.guess.take().unwrap();
    change(&mut record, &mut guess);
    record.guess = Some(guess);
    record
}

/// A right one that is shown.
fn right(variant: usize, hole: usize) -> Record {
    with_guess(variant, hole, |record, guess| {
        (guess.exact, guess.first_line, guess.similarity, guess.confidence) = (true, true, 1.0, 0.9);
        (record.shown, record.reason) = (true, None);
    })
}

fn nothing(variant: usize, hole: usize) -> Record {
    Record { guess: None, reason: Some("nothingToSay".to_owned()), ..record(variant, hole) }
}

fn summary_of(records: &[Record]) -> Summary {
    Summary::new(&["one".to_owned(), "two".to_owned()], records)
}

#[test]
fn shares_are_of_all_holes_and_precision_of_what_is_shown() {
    let half = with_guess(0, 3, |record, guess| {
        (guess.first_line, guess.similarity, guess.adds_errors, guess.confidence) = (true, 0.5, Some(true), 0.6);
        (record.shown, record.reason) = (true, None);
    });
    let summary = summary_of(&[right(0, 0), record(0, 1), nothing(0, 2), half]);
    let one = &summary.variants[0];
    assert_eq!(one.asked, 4);
    assert_eq!(one.overall.exact, Rate::new(1, 4));
    assert_eq!(one.overall.first_line, Rate::new(2, 4));
    assert_eq!(one.overall.similarity.mean, (1.0 + 0.25 + 0.0 + 0.5) / 4.0);
    assert_eq!(one.overall.shown, Rate::new(2, 4));
    assert_eq!((one.overall.precision, one.overall.precision_exact), (Rate::new(2, 2), Rate::new(1, 2)));
    assert_eq!(one.overall.adds_errors, Rate::new(1, 2));
    assert_eq!(one.hidden, [("lowConfidence".to_owned(), 1), ("nothingToSay".to_owned(), 1)].into());
    assert_eq!(one.by_source, [("lookup", Rate::new(2, 3))].into());
    assert_eq!(one.gate.curve.len(), 3, "what is hidden counts for the gate, too");
    assert_eq!((one.lookup_ms.of, one.lookup_ms.p50, one.model_ms.of), (4, 1.5, 0));
    assert_eq!((summary.variants[1].asked, &summary.differences[..]), (0, &[][..]), "nothing to compare");
}

#[test]
fn groups_are_of_kinds_languages_and_both() {
    let python = Record { language: "python".to_owned(), kind: Kind::Block, ..right(0, 1) };
    let summary = summary_of(&[record(0, 0), python]);
    let groups: Vec<_> = summary.variants[0]
        .groups
        .iter()
        .map(|group| (group.language.as_deref(), group.kind, group.figures.exact.hits, group.figures.exact.of))
        .collect();
    assert_eq!(
        groups,
        [
            (None, Some(Kind::Line), 0, 1),
            (None, Some(Kind::Block), 1, 1),
            (Some("python"), None, 1, 1),
            (Some("python"), Some(Kind::Block), 1, 1),
            (Some("rust"), None, 0, 1),
            (Some("rust"), Some(Kind::Line), 0, 1),
        ]
    );
}

#[test]
fn variants_are_compared_where_both_were_asked() {
    let mut records: Vec<Record> = (0..20).map(|hole| record(0, hole)).collect();
    records.extend((0..10).map(|hole| if hole < 5 { right(1, hole) } else { record(1, hole) }));
    let summary = summary_of(&records);
    let [difference] = summary.differences.as_slice() else { panic!("{summary:?}") };
    assert_eq!((difference.variant.as_str(), difference.against.as_str()), ("two", "one"));
    assert_eq!((difference.exact.of, difference.exact.mean), (10, 0.5));
    assert_eq!(difference.similarity.mean, 0.375);
    assert!(!difference.is_none());
    let same: Vec<Record> = (0..4).flat_map(|hole| [record(0, hole), record(1, hole)]).collect();
    assert!(summary_of(&same).differences[0].is_none());
    assert!(!difference.exact.holds_zero());
}

#[test]
fn copies_are_counted_once_a_hole() {
    let mut copied = record(0, 0);
    copied.copies.other_files = 2;
    let again = Record { variant: 1, ..copied.clone() };
    assert_eq!(summary_of(&[copied, again, record(0, 1)]).copied, Rate::new(1, 2));
}

#[test]
fn tokens_are_means_of_the_requests_with_a_prompt() {
    let prompt = |tokens, reused, snippets: u32| Prompt {
        tokens,
        reused,
        evaluated: tokens - reused,
        generated: 4,
        shares: [("snippets".to_owned(), snippets), ("prefix".to_owned(), tokens - snippets)].into(),
    };
    let asked = |hole, prompt| Record { prompt: Some(prompt), ..record(0, hole) };
    let summary = summary_of(&[asked(0, prompt(100, 0, 20)), asked(1, prompt(200, 50, 0)), record(0, 2)]);
    let tokens = &summary.variants[0].tokens;
    assert_eq!((tokens.requests, tokens.prompt, tokens.reused, tokens.evaluated), (2, 150.0, 25.0, 125.0));
    assert_eq!(tokens.by_source, [("prefix".to_owned(), 140.0), ("snippets".to_owned(), 10.0)].into());
    assert_eq!((summary.variants[0].model_ms.of, summary.variants[0].lookup_ms.of), (2, 1));
}
