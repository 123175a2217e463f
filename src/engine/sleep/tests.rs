//! A model's days: used and unused, memory short and eased, mains and battery.

use super::*;
use crate::config::Politeness;

fn rules() -> Rules {
    Rules {
        unload_after: Some(Duration::from_secs(1800)),
        unload_under_pressure: true,
        on_battery: Politeness::Polite,
        when_hot: Politeness::Polite,
    }
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn short() -> Conditions {
    Conditions { pressure: Some("programs waited".to_owned()), ..Conditions::default() }
}

fn well() -> Conditions {
    Conditions::default()
}

#[test]
fn an_unused_model_goes_after_its_time_and_a_job_keeps_it() {
    let start = Instant::now();
    let mut sleeper = Sleeper::new(rules(), Role::Completion, start);
    assert_eq!(sleeper.idle(start, &well(), false), Step::Stay { until: Some(start + seconds(1800)) });
    sleeper.worked(start + seconds(1000));
    assert_eq!(sleeper.idle(start + seconds(1800), &well(), false), Step::Stay { until: Some(start + seconds(2800)) });
    let end = start + seconds(2800);
    assert_eq!(sleeper.idle(end, &well(), false), Step::Sleep(Cause::Unused));
    sleeper.put_away(end, Cause::Unused);
    let resting = sleeper.resting(end + seconds(9), &well());
    assert!(resting.wakes && resting.until.is_none());
    assert_eq!(
        resting.reason,
        "it was not used for 30 minutes (engine.unloadMinutes); the next request loads it again"
    );
}

#[test]
fn zero_minutes_are_never() {
    let start = Instant::now();
    let mut sleeper = Sleeper::new(Rules { unload_after: None, ..rules() }, Role::Completion, start);
    assert_eq!(sleeper.idle(start + seconds(1 << 30), &well(), false), Step::Stay { until: None });
}

#[test]
fn under_pressure_it_goes_in_the_first_pause_and_the_others_before_it() {
    let start = Instant::now();
    let mut completion = Sleeper::new(rules(), Role::Completion, start);
    let mut chat = Sleeper::new(rules(), Role::Chat, start);
    let now = start + seconds(100);
    completion.worked(now);
    chat.worked(now - seconds(5));
    assert_eq!(chat.idle(now, &short(), false), Step::Sleep(Cause::Pressure));
    assert_eq!(completion.idle(now, &short(), true), Step::Stay { until: Some(now + seconds(10)) }, "it is in use");
    completion.worked(now + seconds(8));
    assert_eq!(
        completion.idle(now + seconds(10), &short(), false),
        Step::Stay { until: Some(now + seconds(18)) },
        "who types keeps it"
    );
    assert_eq!(completion.idle(now + seconds(18), &short(), true), Step::Sleep(Cause::Pressure));

    let mut idle = Sleeper::new(rules(), Role::Completion, start);
    let later = start + seconds(500);
    assert_eq!(idle.idle(later, &short(), true), Step::Stay { until: Some(later + seconds(10)) }, "after you");
    assert_eq!(idle.idle(later + seconds(2), &short(), false), Step::Sleep(Cause::Pressure), "they are gone");
    let mut stubborn = Sleeper::new(Rules { unload_under_pressure: false, ..rules() }, Role::Completion, start);
    assert!(matches!(stubborn.idle(later, &short(), false), Step::Stay { .. }));
    assert_eq!(stubborn.stance(&short()), Stance::default());
}

#[test]
fn it_does_not_come_back_while_memory_is_short() {
    let start = Instant::now();
    let mut sleeper = Sleeper::new(rules(), Role::Completion, start);
    let now = start + seconds(5000);
    sleeper.put_away(now, Cause::Pressure);
    let resting = sleeper.resting(now, &short());
    assert!(!resting.wakes && resting.reason.contains("programs waited"), "{resting:?}");
    assert!(sleeper.resting(now + seconds(70), &well()).wakes);
}

#[test]
fn a_model_that_makes_memory_short_itself_stays_away_longer_each_time() {
    let mut now = Instant::now();
    let mut sleeper = Sleeper::new(rules(), Role::Completion, now);
    let mut bans = Vec::new();
    for _ in 0..8 {
        sleeper.loaded(now);
        now += seconds(30);
        assert_eq!(sleeper.idle(now, &short(), false), Step::Sleep(Cause::Pressure));
        sleeper.put_away(now, Cause::Pressure);
        assert!(!sleeper.resting(now, &short()).wakes);
        let resting = sleeper.resting(now, &well());
        assert!(!resting.wakes && resting.reason.contains("soon after"), "{resting:?}");
        let until = resting.until.expect("it ends");
        bans.push((until - now).as_secs());
        // Pressure that comes back meanwhile starts the wait anew.
        assert!(!sleeper.resting(until - seconds(1), &short()).wakes);
        let until = sleeper.resting(until, &well()).until.expect("it ends");
        now = until;
        assert!(sleeper.resting(now, &well()).wakes);
    }
    assert_eq!(bans, [120, 240, 480, 960, 1920, 3840, 3840, 3840]);
    sleeper.loaded(now);
    now += seconds(3600);
    sleeper.put_away(now, Cause::Pressure);
    assert!(sleeper.resting(now, &well()).wakes, "after an hour it was somebody else");
}

#[test]
fn lookup_on_battery_or_in_heat_is_at_once_and_until_it_is_over() {
    let start = Instant::now();
    let rules = Rules { on_battery: Politeness::Lookup, when_hot: Politeness::Lookup, ..rules() };
    let mut sleeper = Sleeper::new(rules, Role::Completion, start);
    let battery = Conditions { battery: true, ..Conditions::default() };
    let hot = Conditions { heat: Some("the sensor cpu".to_owned()), ..Conditions::default() };
    for (conditions, cause, word) in [(&battery, Cause::Battery, "battery"), (&hot, Cause::Heat, "the sensor cpu")] {
        assert_eq!(sleeper.idle(start, conditions, true), Step::Sleep(cause));
        sleeper.put_away(start, cause);
        let resting = sleeper.resting(start + seconds(9), conditions);
        assert!(!resting.wakes && resting.reason.contains(word), "{resting:?}");
        assert!(sleeper.resting(start + seconds(10), &well()).wakes);
    }
    // Unused first, on battery then: no job wakes it either.
    sleeper.put_away(start, Cause::Unused);
    assert!(!sleeper.resting(start, &battery).wakes);
}

#[test]
fn politeness_is_half_of_the_threads_and_no_guesses_with_the_reason() {
    let sleeper = Sleeper::new(rules(), Role::Completion, Instant::now());
    let both = Conditions { battery: true, heat: Some("the sensor cpu".to_owned()), pressure: None };
    let stance = sleeper.stance(&both);
    assert!(stance.half_threads && stance.no_background && stance.sleep.is_none());
    assert_eq!(stance.because.len(), 2, "{stance:?}");
    let same = Rules { on_battery: Politeness::Same, when_hot: Politeness::Same, ..rules() };
    assert_eq!(Sleeper::new(same, Role::Completion, Instant::now()).stance(&both), Stance::default());
}

#[test]
fn a_load_that_fails_is_tried_again_but_not_at_every_key() {
    let start = Instant::now();
    let mut sleeper = Sleeper::new(rules(), Role::Completion, start);
    sleeper.put_away(start, Cause::Unused);
    sleeper.failed(start, "the file is gone".to_owned());
    let resting = sleeper.resting(start + seconds(1), &well());
    assert_eq!((resting.wakes, resting.until), (false, Some(start + seconds(30))));
    assert!(resting.reason.contains("the file is gone"));
    assert!(sleeper.resting(start + seconds(30), &well()).wakes);
}
