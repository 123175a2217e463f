//! From readings to conditions. Each condition begins and ends only after its cause did for a while, and between the
//! thresholds of both everything stays as it is: nothing flaps. The clock is the caller's.

use std::time::{Duration, Instant};

use super::machine::Reading;
use super::memory::{Room, Stalls};

/// What holds now, each with a phrase for the user that stays the same while it holds.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Memory is short.
    pub pressure: Option<String>,
    pub battery: bool,
    pub heat: Option<String>,
}

/// Share of the time that some program, and that all of them, wait for memory: above the first pair it is short, below
/// the second it is not. A machine that reclaims its file cache in passing stays below 2 %; one that begins to swap is
/// far above 10.
const SHORT: (f64, f64) = (0.10, 0.04);
const EASED: (f64, f64) = (0.02, 0.01);

/// Less than this share of the memory, and less than so many bytes, is little.
const LITTLE: (f64, u64) = (0.05, 512 << 20);

/// Thousandths of a degree below the limit at which it is not hot any more.
const COOLED: i64 = 5_000;

/// How long a cause has to hold before its condition does, and to be gone before it ends.
const PRESSURE: (Duration, Duration) = (Duration::from_millis(1500), Duration::from_secs(60));
const BATTERY: (Duration, Duration) = (Duration::from_millis(1500), Duration::from_secs(5));
const HEAT: (Duration, Duration) = (Duration::from_secs(4), Duration::from_secs(30));

/// Readings closer to each other than this say nothing of shares of time.
const SHORTEST_INTERVAL: Duration = Duration::from_millis(200);

#[derive(Debug, Default)]
pub struct Judge {
    conditions: Conditions,
    pressure: Latch,
    battery: Latch,
    heat: Latch,
    before: Option<(Instant, Reading)>,
}

impl Judge {
    /// Takes in a reading; what holds from now on. The first one counts at once: there is nothing to flap from.
    pub fn see(&mut self, now: Instant, reading: Reading) -> &Conditions {
        let before = self.before.as_ref();
        if before.is_some_and(|(then, _)| now.saturating_duration_since(*then) < SHORTEST_INTERVAL) {
            return &self.conditions;
        }
        let (cause, phrase) = shortage(before.map(|(then, before)| (now - *then, before)), &reading);
        let patient =
            |patience: (Duration, Duration)| if before.is_none() { (Duration::ZERO, patience.1) } else { patience };
        let is_on = self.pressure.see(now, cause, patient(PRESSURE));
        keep(&mut self.conditions.pressure, is_on, phrase);

        self.conditions.battery = self.battery.see(now, Some(reading.on_battery == Some(true)), patient(BATTERY));

        let (cause, phrase) = heat(before.map(|(_, before)| before), &reading);
        let is_on = self.heat.see(now, cause, patient(HEAT));
        keep(&mut self.conditions.heat, is_on, phrase);

        self.before = Some((now, reading));
        &self.conditions
    }

    pub fn conditions(&self) -> &Conditions {
        &self.conditions
    }
}

/// The phrase of the beginning stays while the condition holds.
fn keep(condition: &mut Option<String>, is_on: bool, phrase: String) {
    match (is_on, &condition) {
        (true, None) => *condition = Some(phrase),
        (false, Some(_)) => *condition = None,
        _ => {}
    }
}

/// Whether there is too little memory: yes, no, or neither; and what is seen of it.
fn shortage(before: Option<(Duration, &Reading)>, now: &Reading) -> (Option<bool>, String) {
    let memory = &now.memory;
    let mut verdicts = Vec::new();
    let rooms = [(memory.room, "on this machine"), (memory.group_room, "in this process's control group")];
    for (room, place) in rooms {
        if let Some(Room { available, total }) = room {
            let little = ((total as f64 * LITTLE.0) as u64).min(LITTLE.1);
            let verdict = if available < little { Some(true) } else { (available > 2 * little).then_some(false) };
            verdicts.push((verdict, format!("{} MiB of memory were left {place}", available >> 20)));
        }
    }
    if let Some((elapsed, before)) = before {
        let pairs = [
            (before.memory.stalls, memory.stalls, "on this machine"),
            (before.memory.group_stalls, memory.group_stalls, "in this process's control group"),
        ];
        for (then, now, place) in pairs {
            if let (Some(then), Some(now)) = (then, now) {
                let (some, full) = shares(then, now, elapsed);
                let verdict = if some >= SHORT.0 || full >= SHORT.1 {
                    Some(true)
                } else {
                    (some < EASED.0 && full < EASED.1).then_some(false)
                };
                verdicts
                    .push((verdict, format!("programs {place} waited {:.0} % of the time for memory", some * 100.0)));
            }
        }
    }
    let worst = verdicts.into_iter().max_by_key(|(verdict, _)| match verdict {
        Some(true) => 2,
        None => 1,
        Some(false) => 0,
    });
    worst.unwrap_or((Some(false), String::new()))
}

fn shares(then: Stalls, now: Stalls, elapsed: Duration) -> (f64, f64) {
    let of = |then: u64, now: u64| now.saturating_sub(then) as f64 / 1e6 / elapsed.as_secs_f64().max(1e-3);
    (of(then.some_us, now.some_us), of(then.full_us, now.full_us))
}

fn heat(before: Option<&Reading>, now: &Reading) -> (Option<bool>, String) {
    let throttled = before.and_then(|before| Some((before.heat.throttled?, now.heat.throttled?)));
    if throttled.is_some_and(|(then, now)| now > then) {
        return (Some(true), "its processor slowed down to cool".to_owned());
    }
    match &now.heat.hottest {
        Some((zone, margin)) if *margin >= 0 => {
            (Some(true), format!("the sensor {zone} is at the temperature at which the machine begins to slow down"))
        }
        Some((_, margin)) if *margin > -COOLED => (None, String::new()),
        _ => (Some(false), String::new()),
    }
}

/// On after its cause held for a while, off after it did not.
#[derive(Debug, Default)]
struct Latch {
    is_on: bool,
    /// Since when the cause says otherwise.
    otherwise_since: Option<Instant>,
}

impl Latch {
    fn see(&mut self, now: Instant, cause: Option<bool>, (rise, fall): (Duration, Duration)) -> bool {
        match cause {
            Some(cause) if cause != self.is_on => {
                let since = *self.otherwise_since.get_or_insert(now);
                if now.saturating_duration_since(since) >= if cause { rise } else { fall } {
                    self.is_on = cause;
                    self.otherwise_since = None;
                }
            }
            _ => self.otherwise_since = None,
        }
        self.is_on
    }
}
