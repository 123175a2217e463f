//! When windows begin, and clocks that cannot be trusted.

use super::*;

fn at(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_second()
}

/// Spends 100 of 100, then asks when there is room again.
fn opens_again(zone: &str, period: Period, spent_at: &str) -> i64 {
    let scene = Scene { zone: zone.to_owned(), ..Scene::new() };
    scene.set(at(spent_at));
    let ledger = scene.open();
    let limits = [money(100, period, Scope::User)];
    ask(&ledger, &account(), &limits, 100).unwrap();
    let resets_at = refused(ask(&ledger, &account(), &limits, 1)).0.resets_at.unwrap();
    scene.set(resets_at - 1);
    refused(ask(&ledger, &account(), &limits, 1));
    scene.set(resets_at);
    ask(&ledger, &account(), &limits, 100).unwrap();
    resets_at
}

#[test]
fn a_window_opens_when_it_is_said_to_and_not_a_second_sooner() {
    assert_eq!(opens_again("UTC", Period::Hour, "2026-03-18T12:34:56Z"), at("2026-03-18T13:00:00Z"));
    assert_eq!(opens_again("UTC", Period::Day, "2026-03-18T12:34:56Z"), at("2026-03-19T00:00:00Z"));
    assert_eq!(opens_again("UTC", Period::Month, "2026-02-28T23:59:59Z"), at("2026-03-01T00:00:00Z"));
    assert_eq!(opens_again("Europe/Berlin", Period::Month, "2026-02-28T22:59:59Z"), at("2026-02-28T23:00:00Z"));
    assert_eq!(opens_again("Europe/Berlin", Period::Day, "2026-03-29T00:30:00Z"), at("2026-03-29T22:00:00Z"));
    assert_eq!(opens_again("Europe/Berlin", Period::Day, "2026-10-25T00:30:00Z"), at("2026-10-25T23:00:00Z"));
    assert_eq!(opens_again("Europe/Berlin", Period::Hour, "2026-10-25T00:30:00Z"), at("2026-10-25T01:00:00Z"));
}

#[test]
fn what_is_settled_after_midnight_counts_on_the_day_it_was_reserved() {
    let scene = Scene::new();
    scene.set(at("2026-03-18T23:59:00Z"));
    let ledger = scene.open();
    let (day, month) = (money(100, Period::Day, Scope::User), money(150, Period::Month, Scope::User));
    let limits = [day.clone(), month.clone()];
    let late = ask(&ledger, &account(), &limits, 100).unwrap();
    scene.set(at("2026-03-19T00:01:00Z"));
    assert_eq!((stand(&ledger, &day), stand(&ledger, &month)), ((0, 0), (0, 100)));
    ledger.settle(late, &cost(120)).unwrap();
    assert_eq!((stand(&ledger, &day), stand(&ledger, &month)), ((0, 0), (120, 0)), "the month has it");
    assert_eq!(refused(ask(&ledger, &account(), &limits, 31)).0.limit, month);
    ask(&ledger, &account(), &limits, 30).unwrap();
    let spent: u64 = ledger.entries(at("2026-03-18T00:00:00Z"), at("2026-03-19T00:00:00Z")).unwrap()[0].money.0;
    assert_eq!(spent, 120, "and so has the day before");
}

#[test]
fn a_clock_that_jumps_back_opens_nothing() {
    let scene = Scene::new();
    let limits = [money(100, Period::Hour, Scope::User), money(200, Period::Day, Scope::User)];
    let ledger = scene.open();
    scene.set(NOON + HOUR);
    ask(&ledger, &account(), &limits, 100).unwrap();
    for back in [NOON, NOON - 24 * HOUR, NOON - 1_000 * HOUR, 0, i64::MIN] {
        scene.set(back);
        refused(ask(&ledger, &account(), &limits, 1));
        refused(ask(&scene.open(), &account(), &limits, 1));
        assert_eq!(ledger.clock_is_behind().unwrap(), (NOON + HOUR).abs_diff(back).min(i64::MAX as u64), "{back}");
    }
    scene.set(NOON + 2 * HOUR);
    ask(&ledger, &account(), &limits, 100).unwrap();
    assert_eq!(ledger.clock_is_behind().unwrap(), 0);
    scene.set(NOON);
    refused(ask(&ledger, &account(), &limits, 1));
}

#[test]
fn a_clock_that_was_wrong_once_can_be_put_right_and_nothing_is_lost() {
    let scene = Scene::new();
    let ledger = scene.open();
    let limits = [money(100, Period::Month, Scope::User)];
    ask(&ledger, &account(), &limits, 30).unwrap();
    scene.set(NOON + 20 * 365 * 24 * HOUR);
    ask(&ledger, &account(), &limits, 50).unwrap();
    scene.set(NOON + 60);
    assert_eq!(stand(&ledger, &limits[0]), (0, 50), "the ledger stays in that month");
    assert_eq!(ledger.trust_clock().unwrap(), 1);
    assert_eq!(stand(&ledger, &limits[0]), (0, 80));
    refused(ask(&ledger, &account(), &limits, 21));
    assert_eq!(ledger.clock_is_behind().unwrap(), 0);
}

#[test]
fn what_was_presumed_by_a_wrong_clock_is_presumed_until_now_alone() {
    let scene = Scene::new();
    let limits = [money(100, Period::Hour, Scope::User)];
    scene.set(NOON + 20 * 365 * 24 * HOUR);
    std::fs::create_dir_all(scene.file().parent().unwrap()).unwrap();
    std::fs::write(scene.file(), "damaged").unwrap();
    let zone = crate::budget::zone("UTC").unwrap();
    SqliteLedger::repair(&scene.file(), scene.clock(), zone, AfterRepair::Spent).unwrap().unwrap();
    scene.set(NOON);
    let ledger = scene.open();
    refused(ask(&ledger, &account(), &limits, 1));
    ledger.trust_clock().unwrap();
    refused(ask(&ledger, &account(), &limits, 1));
    scene.set(NOON + HOUR);
    ask(&ledger, &account(), &limits, 100).unwrap();
}

#[test]
fn a_refusal_says_that_the_clock_is_behind_and_what_helps() {
    let scene = Scene::new();
    let limits = [money(100, Period::Hour, Scope::User)];
    let ledger = scene.open();
    scene.set(NOON + 30 * HOUR);
    ask(&ledger, &account(), &limits, 100).unwrap();
    scene.set(NOON + 30 * HOUR - 60);
    let (window, _) = refused(ask(&ledger, &account(), &limits, 1));
    assert_eq!((window.clock_is_behind, window.clock_problem()), (60, None), "clocks are set right all the time");
    scene.set(NOON);
    let (window, wanted) = refused(ask(&ledger, &account(), &limits, 1));
    let sentence = Refusal::OverLimit { window: Box::new(window), wanted }.to_string();
    assert!(sentence.contains("30 hours behind") && sentence.contains("--trust-clock"), "{sentence}");
}

#[test]
fn a_clock_that_shows_no_time_refuses() {
    let scene = Scene::new();
    let ledger = scene.open();
    scene.set(i64::MAX);
    let limits = [money(100, Period::Month, Scope::User)];
    assert!(matches!(ask(&ledger, &account(), &limits, 1), Err(Refusal::Ledger(LedgerError::Unusable(_)))));
}

#[test]
fn the_running_period_is_told() {
    let scene = Scene { zone: "Asia/Tokyo".to_owned(), ..Scene::new() };
    let ledger = scene.open();
    let span = ledger.span(Period::Day).unwrap().unwrap();
    assert_eq!((span.start, span.end), (at("2026-03-17T15:00:00Z"), at("2026-03-18T15:00:00Z")));
    assert_eq!((ledger.span(Period::Session).unwrap(), ledger.span(Period::Request).unwrap()), (None, None));
}
