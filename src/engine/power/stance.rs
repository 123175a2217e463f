//! What the user's rules make of the machine's conditions: whether the model sleeps, and what it leaves while it does
//! not.

use std::time::Duration;

use super::judge::Conditions;
use crate::config::{EngineSettings, Politeness};

/// The user's rules.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// A model without a job for so long is put away; None never.
    pub unload_after: Option<Duration>,
    pub unload_under_pressure: bool,
    pub on_battery: Politeness,
    pub when_hot: Politeness,
}

impl From<&EngineSettings> for Rules {
    fn from(settings: &EngineSettings) -> Self {
        let minutes = settings.unload_minutes;
        Self {
            unload_after: (minutes > 0).then(|| Duration::from_secs(minutes.saturating_mul(60))),
            unload_under_pressure: settings.unload_under_pressure,
            on_battery: settings.on_battery,
            when_hot: settings.when_hot,
        }
    }
}

impl Rules {
    /// Nothing of the machine matters to these rules.
    pub fn need_no_watch(&self) -> bool {
        !self.unload_under_pressure && self.on_battery == Politeness::Same && self.when_hot == Politeness::Same
    }
}

/// Why a model is put away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    Unused,
    Pressure,
    Battery,
    Heat,
}

/// What the engine should do.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Stance {
    /// The model should not be there at all.
    pub sleep: Option<Cause>,
    /// No guesses: they cost power and memory's bandwidth for what nobody asked for.
    pub no_background: bool,
    /// Half of the threads.
    pub half_threads: bool,
    /// A sentence for each of the two.
    pub because: Vec<String>,
}

impl Stance {
    pub fn of(conditions: &Conditions, rules: &Rules) -> Self {
        let mut stance = Self::default();
        if let (Some(why), true) = (&conditions.pressure, rules.unload_under_pressure) {
            stance.sleep = Some(Cause::Pressure);
            stance.no_background = true;
            stance.because.push(format!(
                "memory is short ({why}): nothing is prepared ahead, and the model is put away as soon as nobody types \
                 (engine.unloadUnderPressure)"
            ));
        }
        let mut polite = |rule: Politeness, cause: Cause, sentence: String| match rule {
            Politeness::Same => {}
            Politeness::Polite => {
                stance.no_background = true;
                stance.half_threads = true;
                stance.because.push(sentence);
            }
            // It is the stronger reason: it does not wait for a pause.
            Politeness::Lookup => stance.sleep = Some(cause),
        };
        const LESS: &str = "half of the threads compute, and nothing is prepared ahead";
        if conditions.battery {
            polite(
                rules.on_battery,
                Cause::Battery,
                format!("the machine runs on its battery: {LESS} (engine.onBattery)"),
            );
        }
        if let Some(why) = &conditions.heat {
            polite(rules.when_hot, Cause::Heat, format!("the machine is hot ({why}): {LESS} (engine.whenHot)"));
        }
        stance
    }
}
