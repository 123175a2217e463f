//! From figures to settings: one pure function. A setting is named only where a measurement speaks for it louder than the
//! noise; everything else stays, with the reason.

mod budgets;
mod choices;
mod pace;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::figures::ModelFigures;
use crate::config::Settings;
pub use pace::Pace;

/// What the machine is, as far as advice depends on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Threads that it runs at once.
    pub cores: u32,
    /// Bytes of memory that were free before the measurements.
    pub free_memory: Option<u64>,
    /// Others kept its processors busy meanwhile: what was measured side by side holds, times by themselves do not.
    pub is_disturbed: bool,
}

/// What follows from the figures of one model.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Advice {
    /// Whether it is fast enough for ghost text, and a sentence about it. None where too little was measured.
    pub pace: Option<Pace>,
    pub verdict: String,
    pub changes: Vec<Change>,
    /// A sentence for each setting that was looked at and stays as it is.
    pub kept: Vec<String>,
}

/// A setting that should have another value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Change {
    pub key: String,
    pub value: Value,
    pub reason: String,
}

/// How much faster the engine is with what is advised than it was measured: times of reading and of writing.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Factor {
    prefill: f64,
    decode: f64,
}

/// What to set, `settings` being those that the figures were measured with.
pub fn advise(figures: &ModelFigures, settings: &Settings, facts: Facts) -> Advice {
    let mut advice = Advice::default();
    let factor = choices::choose(figures, facts, &mut advice);
    pace::judge(figures, settings, facts, factor, &mut advice);
    budgets::fit(figures, settings, facts, factor, &mut advice);
    advice
}

impl Advice {
    /// The settings as an object of rooms: `{"engine": {"threads": 4}}`.
    pub fn settings(&self) -> Value {
        let mut rooms: Map<String, Value> = Map::new();
        for Change { key, value, .. } in &self.changes {
            let Some((room, name)) = key.split_once('.') else { continue };
            let room = rooms.entry(room).or_insert_with(|| Value::Object(Map::new()));
            if let Some(room) = room.as_object_mut() {
                room.insert(name.to_owned(), value.clone());
            }
        }
        Value::Object(rooms)
    }

    /// The same as a part of a `config.toml`; empty where nothing is to be changed.
    pub fn toml(&self) -> String {
        // Only numbers, words and switches stand in it: all of them are TOML.
        toml::to_string(&self.settings()).unwrap_or_default()
    }
}

/// Why nothing follows from times alone.
const DISTURBED: &str = "others kept the processors busy, so this says nothing; measure again on an idle machine";

/// `12 %`.
fn percent(share: f64) -> String {
    format!("{:.0} %", share.abs() * 100.0)
}

#[cfg(test)]
mod tests;
