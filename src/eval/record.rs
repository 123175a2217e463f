//! What came of one request at one hole: a line of the journal, and all that the report is made from.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::hole::{Copies, Hole, Kind};
use super::score::Score;
use crate::complete::gate::{Feature, Features};
use crate::complete::{Decision, Patience, Reason, Source, Suggestion, Why};

/// The best suggestion that there was, shown or not.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Guess {
    pub text: String,
    pub source: Source,
    pub confidence: f32,
    pub exact: bool,
    pub first_line: bool,
    pub similarity: f64,
    /// The text has more syntax errors with it than without. None without a grammar, or where parsing took too long.
    pub adds_errors: Option<bool>,
}

/// A suggestion that the gate chose from, with all that it went by.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    pub text: String,
    pub source: Source,
    pub features: Features,
    pub exact: bool,
    pub first_line: bool,
}

/// Tokens of a prompt; absent where no model was asked.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Prompt {
    pub tokens: u32,
    pub reused: u32,
    pub evaluated: u32,
    pub generated: u32,
    /// By source; the names are those of `TokenShare`.
    pub shares: BTreeMap<String, u32>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The variant's number, and the hole's.
    pub variant: usize,
    pub hole: usize,
    pub path: String,
    /// The cursor's line, from 1.
    pub line: usize,
    pub language: String,
    pub kind: Kind,
    pub copies: Copies,
    pub answer: String,
    pub guess: Option<Guess>,
    /// All that there were, in the order in which they were preferred.
    pub candidates: Vec<Candidate>,
    /// The gate let it through.
    pub shown: bool,
    /// Why nothing was shown, as one word of `Reason`.
    pub reason: Option<String>,
    pub prompt: Option<Prompt>,
    /// Microseconds of each stage of the pipeline; `total` is what a client waits.
    pub stages_us: BTreeMap<String, u64>,
    /// The model was still writing when the pipeline's patience ended.
    pub timed_out: bool,
}

impl Record {
    /// `patience` is how long the model was waited for; `adds_errors` tells it of a suggestion at the hole's cursor.
    pub fn new(
        (variant, number): (usize, usize),
        hole: &Hole,
        why: Why,
        patience: Duration,
        adds_errors: impl FnOnce(&str) -> Option<bool>,
    ) -> Self {
        let answer = hole.answer();
        let candidates = why.considered.iter().map(|considered| Candidate::new(considered, answer)).collect();
        let (shown, reason, best) = match why.decision {
            Decision::Shown { suggestions, .. } => (true, None, suggestions.into_iter().next()),
            Decision::Hidden { reason, .. } => (false, Some(word(&reason)), why.considered.into_iter().next()),
        };
        let generated = why.engine.as_ref().map_or(0, |engine| engine.generated);
        let prompt = why.prompt.map(|prompt| Prompt {
            tokens: prompt.tokens,
            reused: prompt.reused,
            evaluated: prompt.evaluated,
            generated,
            shares: prompt.shares.into_iter().map(|share| (share.source, share.tokens)).collect(),
        });
        let mut stages_us: BTreeMap<String, u64> = BTreeMap::new();
        for stage in why.stages {
            *stages_us.entry(stage.name).or_default() += stage.us;
        }
        let timed_out = stages_us.get("engine").is_some_and(|us| Duration::from_micros(*us) >= patience);
        Self {
            variant,
            hole: number,
            path: hole.path.to_string(),
            line: hole.line(),
            language: hole.language.to_owned(),
            kind: hole.kind,
            copies: hole.copies,
            answer: answer.to_owned(),
            guess: best.map(|best| Guess::new(best, answer, adds_errors)),
            candidates,
            shown,
            reason,
            prompt,
            stages_us,
            timed_out,
        }
    }

    pub fn is_exact(&self) -> bool {
        self.guess.as_ref().is_some_and(|guess| guess.exact)
    }

    pub fn is_first_line(&self) -> bool {
        self.guess.as_ref().is_some_and(|guess| guess.first_line)
    }

    /// 0 where nothing was suggested.
    pub fn similarity(&self) -> f64 {
        self.guess.as_ref().map_or(0.0, |guess| guess.similarity)
    }

    pub fn total_ms(&self) -> f64 {
        self.stages_us.get("total").map_or(0.0, |us| *us as f64 / 1000.0)
    }

    /// Later than an editor's ghost text waits.
    pub fn is_late(&self) -> bool {
        Duration::from_secs_f64(self.total_ms() / 1000.0) > Patience::GHOST_TEXT.hard
    }
}

impl Guess {
    fn new(best: Suggestion, answer: &str, adds_errors: impl FnOnce(&str) -> Option<bool>) -> Self {
        let Score { exact, first_line, similarity } = Score::of(&best.text, answer);
        // Six digits come back from JSON as they were: a run that continues has the figures of one that did not stop.
        let similarity = (similarity * 1e6).round() / 1e6;
        let adds_errors = adds_errors(&best.text);
        let Suggestion { text, source, confidence, .. } = best;
        Self { text, source, confidence, exact, first_line, similarity, adds_errors }
    }
}

impl Candidate {
    fn new(considered: &Suggestion, answer: &str) -> Self {
        let Score { exact, first_line, .. } = Score::of(&considered.text, answer);
        let Suggestion { text, source, features, .. } = considered.clone();
        Self { text, source, features, exact, first_line }
    }

    /// As the gate was asked about it: with the confidence of its engine.
    pub fn suggestion(&self) -> Suggestion {
        let odds = self.features.get(Feature::Confidence).unwrap_or(0.0);
        let confidence = 1.0 / (1.0 + (-odds).exp());
        Suggestion { features: self.features, ..Suggestion::new(String::new(), self.source, confidence) }
    }
}

/// The name of the variant, as it stands in JSON.
fn word(reason: &Reason) -> String {
    match serde_json::to_value(reason) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(serde_json::Value::Object(fields)) => fields.into_iter().next().map(|(word, _)| word).unwrap_or_default(),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_comes_back_from_the_journal_as_it_was() {
        for answer in ["sitting", "a", "kit", "kitten, kitten", "abcdefghijklm"] {
            for confidence in [0.1, 1.0 / 3.0, 0.304_907_7, f32::MIN_POSITIVE] {
                let best = Suggestion::new("kitten".to_owned(), Source::Model, confidence);
                let guess = Guess::new(best, answer, |_| None);
                let text = serde_json::to_string(&guess).unwrap();
                assert_eq!(serde_json::from_str::<Guess>(&text).unwrap(), guess, "{text}");
            }
        }
    }

    #[test]
    fn reasons_are_words() {
        assert_eq!(word(&Reason::MidLine), "midLine");
        assert_eq!(word(&Reason::LowConfidence { confidence_percent: 1, threshold_percent: 2 }), "lowConfidence");
        assert_eq!(word(&Reason::EngineFailed("gone".into())), "engineFailed");
    }
}
