//! The weights that come with the program, fitted on public repositories (`benches/gate.rs`).

use std::sync::LazyLock;

use super::Calibration;

/// For lookup where no model is wanted.
pub static LOOKUP: LazyLock<Calibration> = LazyLock::new(|| parse(include_str!("built_in/lookup.json")));

/// For the starter model and lookup beside it.
pub static STARTER: LazyLock<Calibration> = LazyLock::new(|| parse(include_str!("built_in/starter.json")));

/// A test holds the files to what can be parsed; without it, confidences would be taken at their word.
fn parse(text: &str) -> Calibration {
    serde_json::from_str(text).ok().filter(Calibration::is_sound).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_with_the_program_can_be_read() {
        let words = |calibration: &Calibration| calibration.weights.keys().cloned().collect::<Vec<_>>();
        assert_eq!(words(&LOOKUP), ["lookup"]);
        assert_eq!(words(&STARTER), ["lookup", "model"]);
    }
}
