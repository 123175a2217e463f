//! Reports over entries that were made up.

use super::*;
use crate::budget::Purpose;

fn entry(model: &str, at: i64, state: State, reserved: u64, money: u64) -> Entry {
    Entry {
        reserved: Reserved(at),
        at,
        account: Account {
            session: "s".into(),
            workspace: if at % 2 == 0 { "even".into() } else { "odd".into() },
            provider: "openrouter".into(),
            model: model.into(),
            purpose: Purpose::Question,
        },
        user: "ann".into(),
        price: "row@2026-01-01".into(),
        state,
        reserved_money: Picodollars(reserved),
        reserved_tokens: reserved,
        money: Picodollars(money),
        tokens: money * 2,
        own_cost: None,
        provider_cost: None,
        pid: 1,
    }
}

const COUNTED: State = State::Settled(Outcome::Counted);

#[test]
fn totals_add_up_by_what_they_are_grouped_by() {
    let entries = [
        entry("a", 0, COUNTED, 50, 20),
        entry("b", 1, State::Open(Stage::Sent), 30, 30),
        entry("a", 86_399, State::Settled(Outcome::Presumed), 10, 10),
        entry("a", 2, State::Released, 90, 0),
    ];
    let shown = |grouping, zone: &TimeZone| {
        totals(&entries, grouping, zone)
            .into_iter()
            .map(|total| format!("{} {} {} {} {}", total.key, total.requests, total.open, total.money.0, total.tokens))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(Grouping::Model, &TimeZone::UTC), ["a 2 0 30 60", "b 1 1 30 60"]);
    assert_eq!(shown(Grouping::Workspace, &TimeZone::UTC), ["even 1 0 20 40", "odd 2 1 40 80"]);
    assert_eq!(shown(Grouping::Provider, &TimeZone::UTC), ["openrouter 3 1 60 120"]);
    assert_eq!(shown(Grouping::User, &TimeZone::UTC), ["ann 3 1 60 120"]);
    assert_eq!(shown(Grouping::Session, &TimeZone::UTC), ["s 3 1 60 120"]);
    assert_eq!(shown(Grouping::Day, &TimeZone::UTC), ["1970-01-01 3 1 60 120"]);
    let tokyo = TimeZone::get("Asia/Tokyo").unwrap();
    assert_eq!(shown(Grouping::Day, &tokyo), ["1970-01-01 2 1 50 100", "1970-01-02 1 0 10 20"]);
}

#[test]
fn estimates_are_compared_with_what_the_provider_counted_only() {
    let entries = [
        entry("a", 0, COUNTED, 100, 50),
        entry("a", 1, COUNTED, 100, 80),
        entry("a", 2, COUNTED, 100, 130),
        entry("a", 3, State::Settled(Outcome::Estimated), 100, 1),
        entry("a", 4, State::Settled(Outcome::Presumed), 100, 100),
        entry("free", 5, COUNTED, 0, 0),
    ];
    let errors = estimate_errors(&entries);
    assert_eq!(errors.len(), 1);
    let error = &errors[0];
    assert_eq!((error.model.as_str(), error.requests, error.above, error.median), ("a", 3, 1, 0.8));
    assert_eq!((error.reserved, error.settled), (Picodollars(300), Picodollars(260)));
}

#[test]
fn a_price_table_that_is_out_of_date_shows_itself() {
    // As they are settled: at the dearer one of the two.
    let with = |model: &str, ours: u64, theirs: u64| Entry {
        own_cost: Some(Picodollars(ours)),
        provider_cost: Some(Picodollars(theirs)),
        ..entry(model, 0, COUNTED, 200, ours.max(theirs))
    };
    let entries = [
        with("dearer", 100, 106),
        with("cheaper", 106, 100),
        with("right", 100, 105),
        with("evens-out", 100, 200),
        with("evens-out", 200, 100),
        entry("silent", 0, COUNTED, 100, 100),
        with("free", 0, 0),
        // Of a Tandem that did not write our own down: of these only one direction shows.
        Entry { own_cost: None, ..with("old-cheaper", 106, 100) },
        Entry { own_cost: None, ..with("old-dearer", 100, 106) },
    ];
    let found: Vec<_> =
        differences(&entries).into_iter().map(|found| (found.model, found.ours.0, found.theirs.0)).collect();
    let expected = [("cheaper", 106, 100), ("dearer", 100, 106), ("old-cheaper", 106, 100)];
    assert_eq!(found, expected.map(|(model, ours, theirs)| (model.to_owned(), ours, theirs)));
}
