//! What is counted, and how sure the shares are.

use std::collections::HashMap;

use super::*;
use crate::acceptance::store::tests::row;
use crate::acceptance::{Event, Mark, Row};

fn store(rows: Vec<(Row, Option<[Kept; 2]>)>) -> (tempfile::TempDir, Store) {
    let place = tempfile::tempdir().unwrap();
    let mut store = Store::open(&place.path().join("stats.db")).unwrap();
    let mut events = Vec::new();
    for (number, (row, kept)) in (0..).zip(rows) {
        events.push(Event::Decided { number, row });
        let kept = Mark::ALL.into_iter().zip(kept.into_iter().flatten());
        events.extend(kept.map(|(mark, kept)| Event::Kept { number, mark, kept }));
    }
    store.write(&events, &mut HashMap::new()).unwrap();
    (place, store)
}

#[test]
fn every_outcome_is_counted_where_it_belongs() {
    let rows = OUTCOMES.iter().map(|outcome| (row(*outcome), None)).collect();
    let (_place, store) = store(rows);
    let Report { total, groups, first, .. } = Report::of(&store, 0, None).unwrap();
    assert_eq!((total.shown, total.accepted(), groups, first), (6, 3, None, Some(1_700_000_000)));
    let each = [total.accepted_whole, total.accepted_line, total.accepted_word, total.typed_through, total.rejected];
    assert_eq!((each, total.withdrawn, total.characters_accepted), ([1; 5], 1, 24));
    assert_eq!(total.acceptance.map(|rate| rate.share), Some(0.6), "of what the user decided");
}

#[test]
fn kept_is_told_in_thirds_and_unknown_is_said() {
    let kept = [100, 90, 89, 50, 49, 0].map(|percent| Some([Kept::Percent(percent), Kept::Unknown]));
    let rows = kept.into_iter().chain([None]).map(|kept| (row(Outcome::Whole), kept)).collect();
    let (_place, store) = store(rows);
    let total = Report::of(&store, 0, None).unwrap().total;
    assert_eq!(total.kept_30s, KeptTotals { kept: 2, partly: 2, gone: 2, unknown: 1 });
    assert_eq!(total.kept_5min, KeptTotals { unknown: 7, ..KeptTotals::default() });
    assert_eq!(total.kept_5min.share(), None);
}

#[test]
fn groups_are_the_whole_in_parts() {
    let mut python = row(Outcome::Rejected);
    (python.figures.language, python.figures.source) = ("python".into(), Source::Model);
    python.figures.engine = "starter 1a2b3c4d".into();
    python.at += 3 * 86_400;
    let (_place, store) = store(vec![(python, None), (row(Outcome::Whole), None), (row(Outcome::Whole), None)]);
    let names = |grouping| {
        let groups = Report::of(&store, 0, Some(grouping)).unwrap().groups.unwrap();
        groups.into_iter().map(|group| (group.name, group.totals.shown)).collect::<Vec<_>>()
    };
    assert_eq!(names(Grouping::Language), [("rust".into(), 2), ("python".into(), 1)]);
    assert_eq!(names(Grouping::Engine), [("lookup".into(), 2), ("starter 1a2b3c4d".into(), 1)]);
    assert_eq!(names(Grouping::Source), [("lookup".into(), 2), ("model".into(), 1)]);
    let days = names(Grouping::Day);
    assert!(days.is_sorted() && days.iter().map(|(_, shown)| *shown).eq([2, 1]), "{days:?}");
    assert_eq!(Report::of(&store, 1_700_000_001, None).unwrap().total.shown, 1, "only what is new enough");
}

#[test]
fn latency_is_of_ranks() {
    let rows = (1..=100u64).map(|ms| {
        let mut row = row(Outcome::Rejected);
        row.figures.latency_us = ms * 1000;
        (row, None)
    });
    let (_place, store) = store(rows.collect());
    assert_eq!(Report::of(&store, 0, None).unwrap().total.latency_ms, Some(Latency { p50: 50.0, p95: 95.0 }));
}

#[test]
fn nothing_is_counted_as_nothing() {
    let (_place, store) = store(Vec::new());
    let report = Report::of(&store, 0, Some(Grouping::Day)).unwrap();
    assert_eq!(report, Report { groups: Some(Vec::new()), ..Report::default() });
}

#[test]
fn the_interval_is_wilsons() {
    let check = |hits, number, low: f64, high: f64| {
        let rate = wilson(hits, number).unwrap();
        assert!((rate.low - low).abs() < 5e-4 && (rate.high - high).abs() < 5e-4, "{hits} of {number}: {rate:?}");
    };
    // Computed apart from this code, to four digits.
    check(0, 10, 0.0, 0.2775);
    check(5, 10, 0.2366, 0.7634);
    check(10, 10, 0.7225, 1.0);
    check(300, 1000, 0.2724, 0.3291);
    assert_eq!(wilson(0, 0), None);
}
