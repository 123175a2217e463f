//! How readily a suggestion is shown: a word, a number, or the stricter of both.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What the words are worth is measured for each engine; see `complete::Calibration`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Low,
    #[default]
    Medium,
    High,
}

/// The value of `completion.eagerness`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eagerness {
    Level(Level),
    /// 0 to 100: what is right with a probability of at least 100 less this, in percent, is shown.
    Number(u8),
    /// Both have to let it through: what a user asked for in one form and a workspace lowers in the other. It cannot be known
    /// which of them is lower without the engine.
    Strictest(Level, u8),
}

impl Eagerness {
    pub const MOST: u8 = 100;

    /// Least probability to be shown, 0 to 1, where the words mean `of_level`.
    pub fn threshold(self, of_level: impl Fn(Level) -> f32) -> f32 {
        let of_number = |number: u8| f32::from(Self::MOST.saturating_sub(number)) / f32::from(Self::MOST);
        match self {
            Self::Level(level) => of_level(level),
            Self::Number(number) => of_number(number),
            Self::Strictest(level, number) => of_level(level).max(of_number(number)),
        }
    }
}

impl Default for Eagerness {
    fn default() -> Self {
        Self::Level(Level::default())
    }
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum Written {
    Level(Level),
    Number(u8),
    Both { level: Level, number: u8 },
}

impl Serialize for Eagerness {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = match *self {
            Self::Level(level) => Written::Level(level),
            Self::Number(number) => Written::Number(number),
            Self::Strictest(level, number) => Written::Both { level, number },
        };
        written.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Eagerness {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Written::deserialize(deserializer)? {
            Written::Level(level) => Self::Level(level),
            Written::Number(number) => Self::Number(number),
            Written::Both { level, number } => Self::Strictest(level, number),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_higher_number_shows_more_and_the_stricter_of_two_counts() {
        let of_level = |level| match level {
            Level::Low => 0.5,
            Level::Medium => 0.25,
            Level::High => 0.1,
        };
        let threshold = |eagerness: Eagerness| eagerness.threshold(of_level);
        assert_eq!(threshold(Eagerness::default()), 0.25);
        assert_eq!([0, 40, 100].map(|number| threshold(Eagerness::Number(number))), [1.0, 0.6, 0.0]);
        assert_eq!(threshold(Eagerness::Strictest(Level::Low, 75)), 0.5);
        assert_eq!(threshold(Eagerness::Strictest(Level::High, 75)), 0.25);
    }

    #[test]
    fn it_is_written_as_people_write_it() {
        for (eagerness, text) in [
            (Eagerness::Level(Level::High), r#""high""#),
            (Eagerness::Number(70), "70"),
            (Eagerness::Strictest(Level::Low, 7), r#"{"level":"low","number":7}"#),
        ] {
            assert_eq!(serde_json::to_string(&eagerness).unwrap(), text);
            assert_eq!(serde_json::from_str::<Eagerness>(text).unwrap(), eagerness);
        }
    }
}
