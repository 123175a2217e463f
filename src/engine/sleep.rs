//! When a model is put away and when it may come back. A state machine without threads, clock or model: whoever owns the
//! model asks it while nothing runs, and does what it says.
//!
//! A sleeping model is woken by a job, never by itself: memory that was given back is not taken again for nobody. The job
//! that wakes it fails like every job while a model loads, because lookup answers the user at once, and by the next key or
//! the one after it the model is there; a job that waited would keep the editor waiting for the whole load.

use std::time::{Duration, Instant};

use super::host::{Register, Role};
use super::power::{self, Cause, Conditions, Machine, Rules, Stance};

/// Under pressure a model that writes for the user goes after so long without a job, others at once.
const PAUSE_IN_TYPING: Duration = Duration::from_secs(10);
const PAUSE_OF_OTHERS: Duration = Duration::from_secs(1);

/// So long the completion's model waits for what other models give back.
const AFTER_YOU: Duration = Duration::from_secs(10);

/// Put away for pressure so soon after it was loaded, it was the model that made memory short.
const SOON: Duration = Duration::from_secs(600);

/// Then it stays away for so long after the pressure, twice as long each time.
const FIRST_BAN: Duration = Duration::from_secs(120);
const LONGEST_BAN: Duration = Duration::from_secs(3840);

/// Between two tries to load a model that was there before and does not load now.
const RETRY: Duration = Duration::from_secs(30);

/// How an engine lives with the machine that it runs on.
#[derive(Clone, Debug, PartialEq)]
pub struct Life {
    pub rules: Rules,
    pub role: Role,
    pub machine: Machine,
    /// Between two looks at the machine.
    pub period: Duration,
    /// What other engines of this user hold; None where nobody keeps it.
    pub register: Option<Register>,
}

impl Life {
    pub fn new(rules: Rules) -> Self {
        Self { rules, role: Role::default(), machine: Machine::default(), period: power::PERIOD, register: None }
    }

    /// Models that give their memory back before this one, and have not.
    pub fn others_are_there(&self) -> bool {
        let others = self.register.as_ref().map(Register::others).unwrap_or_default();
        others.iter().any(|other| other.is_awake && other.role < self.role)
    }

    /// Bytes of a device that other engines of this user hold now.
    pub fn held_by_others(&self, device: &str) -> u64 {
        let others = self.register.as_ref().map(Register::others).unwrap_or_default();
        others.iter().filter(|other| other.is_awake).map(|other| other.on(device)).sum()
    }
}

/// What to do with a loaded model that has nothing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Ask again at this time, or when the conditions change.
    Stay {
        until: Option<Instant>,
    },
    Sleep(Cause),
}

/// How a model sleeps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resting {
    /// For the user: why, and until when.
    pub reason: String,
    /// A job wakes it.
    pub wakes: bool,
    /// When this changes without a change of the conditions.
    pub until: Option<Instant>,
}

#[derive(Debug)]
enum Why {
    Gone(Cause),
    /// It did not load again: the sentence.
    Failed(String),
}

#[derive(Debug)]
pub struct Sleeper {
    rules: Rules,
    role: Role,
    /// The end of the last job, or of the load.
    last_work: Instant,
    /// None before the first load.
    loaded_at: Option<Instant>,
    pressure_since: Option<Instant>,
    why: Why,
    since: Instant,
    /// Since when nothing keeps it away any more.
    eased_at: Option<Instant>,
    ban: Duration,
}

impl Sleeper {
    pub fn new(rules: Rules, role: Role, now: Instant) -> Self {
        Self {
            rules,
            role,
            last_work: now,
            loaded_at: None,
            pressure_since: None,
            why: Why::Gone(Cause::Unused),
            since: now,
            eased_at: None,
            ban: Duration::ZERO,
        }
    }

    /// What the rules make of the conditions.
    pub fn stance(&self, conditions: &Conditions) -> Stance {
        Stance::of(conditions, &self.rules)
    }

    /// The model is there.
    pub fn loaded(&mut self, now: Instant) {
        self.loaded_at = Some(now);
        self.last_work = now;
        self.pressure_since = None;
    }

    /// A job ended.
    pub fn worked(&mut self, now: Instant) {
        self.last_work = now;
    }

    /// Nothing runs and nothing waits. `others_are_there`: models of this user that go before this one still hold memory.
    pub fn idle(&mut self, now: Instant, conditions: &Conditions, others_are_there: bool) -> Step {
        let sleep = self.stance(conditions).sleep;
        if sleep != Some(Cause::Pressure) {
            self.pressure_since = None;
        }
        match sleep {
            Some(cause @ (Cause::Battery | Cause::Heat)) => Step::Sleep(cause),
            Some(Cause::Pressure) => {
                let since = *self.pressure_since.get_or_insert(now);
                let pause = if self.role == Role::Completion { PAUSE_IN_TYPING } else { PAUSE_OF_OTHERS };
                let turn = if others_are_there { since + AFTER_YOU } else { since };
                at(now, turn.max(self.last_work + pause), Cause::Pressure)
            }
            Some(Cause::Unused) | None => match self.rules.unload_after {
                Some(after) => at(now, self.last_work + after, Cause::Unused),
                None => Step::Stay { until: None },
            },
        }
    }

    /// The model was put away.
    pub fn put_away(&mut self, now: Instant, cause: Cause) {
        if cause == Cause::Pressure {
            let was_soon = self.loaded_at.is_some_and(|loaded_at| now.saturating_duration_since(loaded_at) < SOON);
            self.ban = match (was_soon, self.ban) {
                (false, _) => Duration::ZERO,
                (true, Duration::ZERO) => FIRST_BAN,
                (true, ban) => (ban * 2).min(LONGEST_BAN),
            };
        }
        self.why = Why::Gone(cause);
        self.since = now;
        self.eased_at = None;
    }

    /// It did not load again. The sentence says why and ends without a full stop.
    pub fn failed(&mut self, now: Instant, reason: String) {
        self.why = Why::Failed(reason);
        self.since = now;
        self.eased_at = None;
    }

    /// Why it is put away, in a phrase that stays true.
    pub fn why(&self, cause: Cause, conditions: &Conditions) -> String {
        let or = |phrase: &Option<String>| phrase.clone().unwrap_or_default();
        match cause {
            Cause::Unused => {
                let minutes = self.rules.unload_after.unwrap_or_default().as_secs() / 60;
                format!("it was not used for {minutes} minutes")
            }
            Cause::Pressure => format!("memory was short: {}", or(&conditions.pressure)),
            Cause::Battery => "the machine ran on its battery".to_owned(),
            Cause::Heat => format!("the machine was hot: {}", or(&conditions.heat)),
        }
    }

    /// How it sleeps now.
    pub fn resting(&mut self, now: Instant, conditions: &Conditions) -> Resting {
        const THEN: &str = "the next request loads it again";
        if let Some(cause) = self.stance(conditions).sleep {
            self.eased_at = None;
            let reason = match cause {
                Cause::Battery => format!("the machine runs on its battery (engine.onBattery); on mains {THEN}"),
                Cause::Heat => {
                    let why = conditions.heat.as_deref().unwrap_or("too hot");
                    format!("the machine is hot: {why} (engine.whenHot); once it has cooled down {THEN}")
                }
                Cause::Pressure | Cause::Unused => {
                    let why = conditions.pressure.as_deref().unwrap_or("too little is left");
                    format!(
                        "memory is short: {why} (engine.unloadUnderPressure); once that is over for a minute {THEN}"
                    )
                }
            };
            return Resting { reason, wakes: false, until: None };
        }
        let eased_at = *self.eased_at.get_or_insert(now);
        let (wakes_at, waiting, over) = match &self.why {
            Why::Failed(reason) => {
                (self.since + RETRY, format!("it did not load again: {reason}. It is tried again soon"), {
                    format!("it did not load again: {reason}. The next request tries again")
                })
            }
            Why::Gone(Cause::Unused) => {
                let minutes = self.rules.unload_after.unwrap_or_default().as_secs() / 60;
                let over = format!("it was not used for {minutes} minutes (engine.unloadMinutes); {THEN}");
                (now, over.clone(), over)
            }
            Why::Gone(Cause::Pressure) => {
                let minutes = self.ban.as_secs() / 60;
                let waiting = format!(
                    "memory became short soon after it was loaded (engine.unloadUnderPressure); {THEN} when memory has \
                     sufficed for {minutes} minutes. A smaller model (engine.model) or context (engine.contextTokens) \
                     would fit"
                );
                (eased_at + self.ban, waiting, format!("memory was short (engine.unloadUnderPressure); {THEN}"))
            }
            Why::Gone(Cause::Battery) => {
                let over = format!("the machine ran on its battery (engine.onBattery); {THEN}");
                (now, over.clone(), over)
            }
            Why::Gone(Cause::Heat) => {
                let over = format!("the machine was hot (engine.whenHot); {THEN}");
                (now, over.clone(), over)
            }
        };
        match now >= wakes_at {
            true => Resting { reason: over, wakes: true, until: None },
            false => Resting { reason: waiting, wakes: false, until: Some(wakes_at) },
        }
    }
}

fn at(now: Instant, when: Instant, cause: Cause) -> Step {
    if now >= when { Step::Sleep(cause) } else { Step::Stay { until: Some(when) } }
}

#[cfg(test)]
mod tests;
