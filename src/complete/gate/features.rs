//! What the gate knows of a suggestion: a fixed list of numbers, any of which may be missing.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::engine::TokenScore;

/// One thing that is known of a suggestion. "The line" is its first one, which is what the gate judges; sums and probabilities
/// are natural logarithms, and what is either so or not is 1 or 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Feature {
    /// The log-odds of what the engines themselves think of it.
    Confidence,
    /// Of the line's tokens: sum, mean and least of their log-probabilities.
    LogProbability,
    MeanLogProbability,
    MinLogProbability,
    /// Of the model's choice of a first token here, in nats; also of what lookup wrote, where the model was asked, too.
    Entropy,
    /// Logarithms of 1 more than the line's tokens and characters, and of the lines.
    Tokens,
    Characters,
    Lines,
    /// The line has neither a letter nor a digit.
    Bare,
    /// The log-probability that lookup gives to the line that the model wrote.
    LookupProbability,
    /// Another line was suggested for the same place, and the log-odds of what its engine thinks of the likeliest.
    Rival,
    RivalConfidence,
    /// What stands left of the cursor: nothing, a part of a word, what a member's name follows, an opening bracket or a
    /// comma, an assignment.
    LineStart,
    MidWord,
    Member,
    Opening,
    Assignment,
    /// Something stands right of the cursor, on its line.
    TextBehind,
    /// The cursor is in a block without content, in a list of items, in a comment, in a string.
    EmptyBlock,
    List,
    Comment,
    String,
    /// The trial parse cut a part off.
    Trimmed,
    /// Tokens or time were over before the engine was.
    CutShort,
}

impl Feature {
    pub const ALL: [Self; 24] = [
        Self::Confidence,
        Self::LogProbability,
        Self::MeanLogProbability,
        Self::MinLogProbability,
        Self::Entropy,
        Self::Tokens,
        Self::Characters,
        Self::Lines,
        Self::Bare,
        Self::LookupProbability,
        Self::Rival,
        Self::RivalConfidence,
        Self::LineStart,
        Self::MidWord,
        Self::Member,
        Self::Opening,
        Self::Assignment,
        Self::TextBehind,
        Self::EmptyBlock,
        Self::List,
        Self::Comment,
        Self::String,
        Self::Trimmed,
        Self::CutShort,
    ];

    /// Its name in files and accounts.
    pub fn word(self) -> &'static str {
        match self {
            Self::Confidence => "confidence",
            Self::LogProbability => "logProbability",
            Self::MeanLogProbability => "meanLogProbability",
            Self::MinLogProbability => "minLogProbability",
            Self::Entropy => "entropy",
            Self::Tokens => "tokens",
            Self::Characters => "characters",
            Self::Lines => "lines",
            Self::Bare => "bare",
            Self::LookupProbability => "lookupProbability",
            Self::Rival => "rival",
            Self::RivalConfidence => "rivalConfidence",
            Self::LineStart => "lineStart",
            Self::MidWord => "midWord",
            Self::Member => "member",
            Self::Opening => "opening",
            Self::Assignment => "assignment",
            Self::TextBehind => "textBehind",
            Self::EmptyBlock => "emptyBlock",
            Self::List => "list",
            Self::Comment => "comment",
            Self::String => "string",
            Self::Trimmed => "trimmed",
            Self::CutShort => "cutShort",
        }
    }

    /// By its word.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|feature| feature.word() == word)
    }

    /// It tells of the place and of what became of a text there, and not of the text itself and its rivals.
    pub fn is_of_place(self) -> bool {
        self >= Self::LineStart
    }

    /// Beyond these ends nothing more is said: one absurd value must not outweigh all others.
    fn range(self) -> (f32, f32) {
        match self {
            Self::Confidence | Self::RivalConfidence => (-7.0, 7.0),
            Self::LogProbability => (-30.0, 0.0),
            Self::MeanLogProbability => (-6.0, 0.0),
            Self::MinLogProbability | Self::LookupProbability => (-12.0, 0.0),
            Self::Entropy => (0.0, 12.0),
            Self::Tokens | Self::Characters | Self::Lines => (0.0, 8.0),
            _ => (0.0, 1.0),
        }
    }
}

/// The features of one suggestion.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Features([Option<f32>; Feature::ALL.len()]);

impl Features {
    pub fn get(&self, feature: Feature) -> Option<f32> {
        self.0[feature as usize]
    }

    /// What is no number stays missing; what is out of range is taken for the end of it.
    pub fn set(&mut self, feature: Feature, value: f32) {
        let (low, high) = feature.range();
        self.0[feature as usize] = (!value.is_nan()).then(|| value.clamp(low, high));
    }

    pub fn set_whether(&mut self, feature: Feature, is_so: bool) {
        self.set(feature, f32::from(u8::from(is_so)));
    }

    /// What the engine says of the tokens that have a part in `line`, in bytes of the text that they make.
    pub fn set_scores(&mut self, tokens: &[TokenScore], line: Range<usize>) {
        let (mut start, mut count, mut sum, mut least) = (0, 0, 0.0, 0.0_f32);
        for token in tokens {
            let end = start + token.bytes as usize;
            if start < line.end && end > line.start {
                count += 1;
                sum += token.logprob;
                least = least.min(token.logprob);
            }
            start = end;
        }
        if count > 0 {
            self.set(Feature::LogProbability, sum);
            self.set(Feature::MeanLogProbability, sum / count as f32);
            self.set(Feature::MinLogProbability, least);
            self.set(Feature::Tokens, (1.0 + count as f32).ln());
        }
    }

    /// Fills up what is missing here with what is known there.
    pub fn or(self, other: Self) -> Self {
        let mut all = self;
        for (own, theirs) in all.0.iter_mut().zip(other.0) {
            *own = own.or(theirs);
        }
        all
    }

    pub fn iter(&self) -> impl Iterator<Item = (Feature, f32)> {
        Feature::ALL.into_iter().zip(self.0).filter_map(|(feature, value)| Some((feature, value?)))
    }
}

/// Where the line that the gate judges ends in a suggestion, in bytes: line breaks at its head do not end it.
pub fn line_end(text: &str) -> usize {
    let breaks = text.len() - text.trim_start_matches('\n').len();
    text[breaks..].find('\n').map_or(text.len(), |end| breaks + end)
}

impl Serialize for Features {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(feature, value)| (feature.word(), value)))
    }
}

impl<'de> Deserialize<'de> for Features {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut features = Self::default();
        for (word, value) in BTreeMap::<String, f32>::deserialize(deserializer)? {
            if let Some(feature) = Feature::named(&word) {
                features.set(feature, value);
            }
        }
        Ok(features)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn score(logprob: f32, bytes: u32) -> TokenScore {
        TokenScore { logprob, bytes, entropy: None }
    }

    #[test]
    fn each_feature_has_a_place_and_a_name_of_its_own() {
        for (at, feature) in Feature::ALL.into_iter().enumerate() {
            assert_eq!(feature as usize, at, "{feature:?}");
            assert_eq!(Feature::named(feature.word()), Some(feature));
        }
        assert_eq!(Feature::named("moonPhase"), None);
    }

    #[test]
    fn scores_are_of_the_line_alone() {
        let mut features = Features::default();
        // `ab` was typed, `(x)` is the line's rest, `;` stands on the next line.
        features.set_scores(&[score(-9.0, 2), score(-1.0, 1), score(-3.0, 2), score(-20.0, 1)], 2..5);
        let of = |feature| features.get(feature).unwrap();
        assert_eq!(of(Feature::LogProbability), -4.0);
        assert_eq!((of(Feature::MeanLogProbability), of(Feature::MinLogProbability)), (-2.0, -3.0));
        assert_eq!(of(Feature::Tokens), 3f32.ln());
        let mut none = Features::default();
        none.set_scores(&[score(-9.0, 2)], 2..5);
        assert_eq!(none, Features::default(), "of no token nothing is known");
    }

    #[test]
    fn the_line_begins_behind_line_breaks() {
        for (text, end) in [("ab\ncd", 2), ("\n\nab\ncd", 4), ("ab", 2), ("\n", 1), ("", 0)] {
            assert_eq!(line_end(text), end, "{text:?}");
        }
    }

    #[test]
    fn absurd_values_are_bounded_and_what_is_no_number_is_missing() {
        let mut features = Features::default();
        features.set(Feature::LogProbability, f32::NEG_INFINITY);
        features.set(Feature::Confidence, 1e9);
        features.set(Feature::Entropy, f32::NAN);
        let all: Vec<_> = features.iter().collect();
        assert_eq!(all, [(Feature::Confidence, 7.0), (Feature::LogProbability, -30.0)]);
    }

    #[test]
    fn they_travel_by_name_and_unknown_names_are_left_out() {
        let mut features = Features::default();
        features.set(Feature::Entropy, 1.5);
        features.set_whether(Feature::Rival, true);
        let text = serde_json::to_string(&features).unwrap();
        assert_eq!(text, r#"{"entropy":1.5,"rival":1.0}"#);
        assert_eq!(serde_json::from_str::<Features>(&text).unwrap(), features);
        let later = r#"{"entropy":1.5,"rival":1.0,"moonPhase":3.0}"#;
        assert_eq!(serde_json::from_str::<Features>(later).unwrap(), features);
    }

    #[test]
    fn what_is_missing_is_filled_up() {
        let (mut one, mut other) = (Features::default(), Features::default());
        one.set(Feature::Entropy, 1.0);
        other.set(Feature::Entropy, 2.0);
        other.set(Feature::Lines, 3.0);
        assert_eq!(one.or(other).iter().collect::<Vec<_>>(), [(Feature::Entropy, 1.0), (Feature::Lines, 3.0)]);
    }
}
