//! Two reports of the same machine or model: what changed by more than the noise of both.

use serde::Serialize;

use super::figures::ModelFigures;
use super::noise::{FEWEST_ROUNDS, LEAST_GAIN, Series};

/// A figure of both reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Difference {
    pub what: String,
    pub unit: &'static str,
    pub before: Series,
    pub now: Series,
    /// The change is more than the noise of both together, and more than a twentieth.
    pub is_clear: bool,
}

impl Difference {
    fn new(what: impl Into<String>, unit: &'static str, before: Series, now: Series) -> Option<Self> {
        if before.of == 0 || now.of == 0 || before.median == 0.0 {
            return None;
        }
        let change = (now.median - before.median).abs();
        let noise = before.spread.hypot(now.spread);
        let is_clear = before.of.min(now.of) >= FEWEST_ROUNDS && change > noise && change >= LEAST_GAIN * before.median;
        Some(Self { what: what.into(), unit, before, now, is_clear })
    }

    /// The change as a share of what it was before.
    pub fn change(&self) -> f64 {
        self.now.median / self.before.median - 1.0
    }
}

/// What both have of the same model, in the order of a report.
pub fn compare(before: &ModelFigures, now: &ModelFigures) -> Vec<Difference> {
    let mut found = Vec::new();
    for cold in &now.cold {
        let Some(old) = before.cold.iter().find(|old| old.size == cold.size) else { continue };
        let size = cold.size.map_or("the whole prompt".to_owned(), |size| format!("{size} tokens"));
        found.extend(Difference::new(format!("reading {size}"), "tokens/s", old.prefill, cold.prefill));
        found.extend(Difference::new(format!("writing behind {size}"), "tokens/s", old.decode, cold.decode));
    }
    for typing in &now.typing {
        let Some(old) = before.typing.iter().find(|old| old.keys == typing.keys) else { continue };
        let what = format!("first token after {}", typing.keys.describe());
        found.extend(Difference::new(what, "ms", old.first_token_ms, typing.first_token_ms));
    }
    let cancels = [
        ("cancel while reading", before.cancel.reading_ms, now.cancel.reading_ms),
        ("cancel while writing", before.cancel.writing_ms, now.cancel.writing_ms),
    ];
    found.extend(cancels.into_iter().filter_map(|(what, before, now)| Difference::new(what, "ms", before, now)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::figures::Cold;

    fn reading(median: f64, spread: f64) -> ModelFigures {
        let prefill = Series { of: 5, median, spread };
        ModelFigures { cold: vec![Cold { size: Some(512), prefill, ..Cold::default() }], ..ModelFigures::default() }
    }

    #[test]
    fn a_change_counts_beyond_the_noise_of_both() {
        let clear = |before: (f64, f64), now: (f64, f64)| {
            let found = compare(&reading(before.0, before.1), &reading(now.0, now.1));
            assert_eq!(found.len(), 1, "what one of them lacks is not compared");
            assert_eq!(found[0].what, "reading 512 tokens");
            found[0].is_clear
        };
        assert!(clear((100.0, 5.0), (80.0, 5.0)));
        assert!(!clear((100.0, 15.0), (80.0, 15.0)), "each alone would not explain it, both together do");
        assert!(!clear((100.0, 0.1), (98.0, 0.1)), "too small to matter");
        let found = compare(&reading(100.0, 1.0), &reading(80.0, 1.0));
        assert!((found[0].change() + 0.2).abs() < 1e-9);
        assert_eq!(compare(&reading(100.0, 1.0), &ModelFigures::default()), []);
    }
}
