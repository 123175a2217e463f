//! What all measurements share, and how often each is repeated: until its share of the time is over, a few times at least.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::ask::Clock;
use super::material::Material;
use super::noise::FEWEST_ROUNDS;
use crate::config::Settings;

/// More rounds make no median better.
const MOST_ROUNDS: usize = 25;
/// A slow model gets this many times its share to come to the fewest rounds that say something.
const PATIENCE: u32 = 4;

/// Told what is measured, and which part of the whole is done, 0 to 1.
pub type Tell<'a> = &'a (dyn Fn(&str, f64) + Sync);

/// What every measurement of one model needs.
pub struct Desk<'a> {
    pub settings: &'a Settings,
    pub material: &'a Material,
    pub clock: &'a Clock,
    pub tell: Tell<'a>,
    number: AtomicUsize,
}

impl<'a> Desk<'a> {
    pub fn new(settings: &'a Settings, material: &'a Material, clock: &'a Clock, tell: Tell<'a>) -> Self {
        Self { settings, material, clock, tell, number: AtomicUsize::new(0) }
    }

    /// A number that was not used before: for a prompt of which no cache holds anything, and for its lane.
    pub fn number(&self) -> usize {
        self.number.fetch_add(1, Ordering::Relaxed)
    }
}

/// One measurement among those of a model.
#[derive(Clone, Debug)]
pub struct Stage {
    pub what: String,
    /// How long it should take.
    pub share: Duration,
    /// Where in the whole it begins and ends, 0 to 1.
    pub from: f64,
    pub to: f64,
}

/// Counts the rounds of a stage.
pub struct Rounds<'a> {
    desk: &'a Desk<'a>,
    stage: &'a Stage,
    began: Duration,
    done: usize,
}

impl<'a> Rounds<'a> {
    pub fn new(desk: &'a Desk<'a>, stage: &'a Stage) -> Self {
        Self { desk, stage, began: (desk.clock)(), done: 0 }
    }

    /// Whether there is to be another round. Asked before each.
    pub fn another(&mut self) -> bool {
        let spent = (self.desk.clock)().saturating_sub(self.began);
        let Stage { what, share, from, to } = self.stage;
        let part = (spent.as_secs_f64() / share.as_secs_f64().max(1e-9)).min(1.0);
        (self.desk.tell)(what, from + (to - from) * part);
        let more = match self.done {
            0 => true,
            few if few < FEWEST_ROUNDS => spent < *share * PATIENCE,
            many => many < MOST_ROUNDS && spent < *share,
        };
        self.done += 1;
        more
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::measure::testing::Time;

    fn rounds_of(share_ms: u64, round_ms: u64) -> usize {
        let (settings, material, time) = (Settings::default(), Material::built_in(), Time::default());
        let clock = time.clock();
        let told = Mutex::new(Vec::new());
        let tell = |what: &str, part: f64| told.lock().unwrap().push((what.to_owned(), part));
        let desk = Desk::new(&settings, &material, &clock, &tell);
        let stage = Stage { what: "x".into(), share: Duration::from_millis(share_ms), from: 0.2, to: 0.4 };
        let mut rounds = Rounds::new(&desk, &stage);
        let mut number = 0;
        while rounds.another() {
            number += 1;
            time.pass(Duration::from_millis(round_ms));
        }
        let parts: Vec<f64> = told.into_inner().unwrap().into_iter().map(|(_, part)| part).collect();
        assert!(parts.is_sorted() && parts[0] == 0.2 && *parts.last().unwrap() <= 0.4, "{parts:?}");
        number
    }

    #[test]
    fn rounds_end_with_the_time_but_not_before_there_are_enough() {
        assert_eq!(rounds_of(1000, 100), 10);
        assert_eq!(rounds_of(1000, 900), 3, "the fewest that say something");
        assert_eq!(rounds_of(1000, 3000), 2, "but not at any price");
        assert_eq!(rounds_of(1000, 60_000), 1);
        assert_eq!(rounds_of(1000, 1), MOST_ROUNDS);
    }
}
