//! The answer of `tandem complete`, for people and as JSON. Field names of the JSON are kept stable.

use std::io;

use serde::Serialize;

use crate::cli::place::Place;
use crate::cli::terminal::{Style, Terminal, printable};
use crate::complete::{Outcome, Source, Suggestion, Why};
use crate::engine::{EngineState, EngineStatus};

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub file: String,
    /// From 1; the column in characters.
    pub line: u32,
    pub column: u32,
    /// Best first; empty when nothing would be shown.
    pub suggestions: Vec<Suggestion>,
    /// Why nothing would be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    pub tokens: Tokens,
    pub stages: Vec<Timed>,
    pub model: Model,
    #[serde(skip)]
    line_before_cursor: String,
}

#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    pub prompt: u32,
    /// Prompt tokens that were in the KV cache already, and those that were computed.
    pub reused: u32,
    pub evaluated: u32,
    pub generated: u32,
    /// Tokens that lookup proposed, and those of them that the model took.
    pub drafted: u32,
    pub accepted: u32,
}

#[derive(Debug, Serialize)]
pub struct Timed {
    pub name: String,
    pub ms: f64,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Model {
    /// `none`, `loading`, `ready` or `failed`.
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Report {
    /// `place` from 0, as the session counts.
    pub fn new(
        asked: &Place,
        (line, column): (u32, u32),
        line_before_cursor: String,
        outcome: Outcome,
        why: Option<Why>,
        engine: Option<EngineStatus>,
    ) -> Self {
        let (suggestions, reason) = match outcome {
            Outcome::Show(suggestions) => (suggestions, None),
            Outcome::Nothing(reason) => (Vec::new(), Some(reason.to_string())),
        };
        let (prompt, generation, stages) = match why {
            Some(why) => (why.prompt.unwrap_or_default(), why.engine.unwrap_or_default(), why.stages),
            None => Default::default(),
        };
        let mut stages: Vec<Timed> =
            stages.into_iter().map(|stage| Timed { name: stage.name, ms: milliseconds(stage.us) }).collect();
        if generation.total_us > 0 {
            stages.push(Timed { name: "of it prefill".into(), ms: milliseconds(generation.prefill_us) });
            stages.push(Timed { name: "of it decode".into(), ms: milliseconds(generation.decode_us) });
        }
        Self {
            file: asked.file.display().to_string(),
            line: line + 1,
            column: column + 1,
            suggestions,
            reason,
            tokens: Tokens {
                prompt: prompt.tokens,
                reused: prompt.reused,
                evaluated: prompt.evaluated,
                generated: generation.generated,
                drafted: generation.drafted,
                accepted: generation.accepted,
            },
            stages,
            model: Model::of(engine),
            line_before_cursor,
        }
    }

    pub fn print(&self, terminal: &mut Terminal) -> io::Result<()> {
        match &self.reason {
            Some(reason) => terminal.line(format!("nothing: {reason}"))?,
            None => {
                for (number, suggestion) in self.suggestions.iter().enumerate() {
                    self.print_suggestion(terminal, number, suggestion)?;
                }
            }
        }
        if self.tokens.prompt > 0 {
            let Tokens { prompt, reused, evaluated, generated, drafted, accepted } = self.tokens;
            terminal.entry(
                "tokens",
                format!(
                    "{prompt} in the prompt ({reused} reused, {evaluated} evaluated), {generated} generated \
                     ({drafted} drafted by lookup, {accepted} of them right)"
                ),
            )?;
        }
        let stages: Vec<String> =
            self.stages.iter().map(|stage| format!("{} {:.2} ms", stage.name, stage.ms)).collect();
        terminal.entry("time", stages.join(", "))?;
        let model = self.model.name.as_deref().unwrap_or("no model");
        match &self.model.failure {
            Some(failure) => terminal.entry("model", format!("{}: {failure}", self.model.state)),
            None => terminal.entry("model", format!("{model} ({})", self.model.state)),
        }
    }

    fn print_suggestion(&self, terminal: &mut Terminal, number: usize, suggestion: &Suggestion) -> io::Result<()> {
        let before = printable(&self.line_before_cursor);
        let mut lines = suggestion.text.split('\n').map(printable);
        let first = lines.next().unwrap_or_default();
        // Without colours the suggestion must still be told from what was there.
        let mark = if terminal.has_colour() { "" } else { "⟨cursor⟩" };
        terminal.styled(&[(Style::Plain, &before), (Style::Plain, mark), (Style::Dim, &first)])?;
        for line in lines {
            terminal.styled(&[(Style::Dim, &line)])?;
        }
        let source = match suggestion.source {
            Source::Lookup => "lookup",
            Source::Model => "model",
            Source::Both => "lookup and model agree",
        };
        let probability =
            suggestion.log_probability.map_or_else(String::new, |sum| format!(", log-probability {sum:.2}"));
        let confidence = suggestion.confidence * 100.0;
        terminal.entry(
            &format!("candidate {}", number + 1),
            format!("by {source}, confidence {confidence:.0} %{probability}"),
        )
    }
}

impl Model {
    fn of(engine: Option<EngineStatus>) -> Self {
        let Some(engine) = engine else { return Self { state: "none", name: None, failure: None } };
        let (state, failure) = match engine.state {
            EngineState::Idle | EngineState::Loading { .. } => ("loading", None),
            EngineState::Ready => ("ready", None),
            EngineState::Asleep { reason, .. } => ("asleep", Some(reason)),
            EngineState::Failed { reason } => ("failed", Some(reason)),
        };
        Self { state, name: engine.model.map(|model| model.name), failure }
    }
}

fn milliseconds(us: u64) -> f64 {
    us as f64 / 1000.0
}
