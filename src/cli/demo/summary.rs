//! What a typing session comes to.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use super::typist::{Stroke, TypedLine};
use crate::cli::terminal::Terminal;

#[derive(Default)]
pub struct Summary {
    characters: usize,
    keys: usize,
    accepted: usize,
    by_source: BTreeMap<String, usize>,
    strokes: Vec<Stroke>,
}

/// `lookup, 0.8 ms` or `model, 31 ms, 12 tokens evaluated, 480 reused`.
pub fn of_stroke(stroke: &Stroke) -> String {
    let source = name(stroke.account.source.as_deref());
    let mut text = format!("{source}, {}", milliseconds(stroke.latency));
    if stroke.account.from_memory {
        text.push_str(", from memory");
    } else if let (Some(evaluated), Some(reused)) = (stroke.account.evaluated, stroke.account.reused) {
        text.push_str(&format!(", {evaluated} tokens evaluated, {reused} reused"));
    }
    text
}

fn name(source: Option<&str>) -> &str {
    match source {
        Some("both") => "lookup and model",
        Some(source) => source,
        None => "unknown",
    }
}

impl Summary {
    pub fn add(&mut self, line: &TypedLine) {
        self.characters += line.characters();
        self.keys += line.keys();
        self.accepted += line.accepted.len();
        for accepted in &line.accepted {
            *self.by_source.entry(name(accepted.stroke.account.source.as_deref()).to_owned()).or_default() += 1;
        }
        self.strokes.extend(line.strokes.iter().cloned());
    }

    pub fn print(&self, terminal: &mut Terminal) -> io::Result<()> {
        let (characters, keys) = (self.characters, self.keys);
        let saved = characters.saturating_sub(keys) * 100 / characters.max(1);
        let sources: Vec<String> = self.by_source.iter().map(|(name, number)| format!("{name} {number}")).collect();
        let latencies = sorted(self.strokes.iter().map(|stroke| stroke.latency));
        let memory = self.strokes.iter().filter(|stroke| stroke.account.from_memory).count();
        let asked: Vec<&Stroke> = self.strokes.iter().filter(|stroke| computed(stroke)).collect();
        terminal.heading("Summary")?;
        terminal.entry(
            "keys",
            format!("{keys} for {characters} characters: {saved} % saved by {} suggestions", self.accepted),
        )?;
        terminal.entry("written by", if sources.is_empty() { "nobody".to_owned() } else { sources.join(", ") })?;
        terminal.entry(
            "answers",
            format!(
                "{} in all, half of them within {}, 95 % within {}; {memory} from memory",
                latencies.len(),
                milliseconds(share(&latencies, 50)),
                milliseconds(share(&latencies, 95)),
            ),
        )?;
        if !asked.is_empty() {
            let evaluated = sorted(asked.iter().filter_map(|stroke| stroke.account.evaluated));
            let reused = sorted(asked.iter().filter_map(|stroke| stroke.account.reused));
            terminal.entry(
                "the model",
                format!(
                    "asked {} times; at the median {} prompt tokens evaluated and {} reused",
                    asked.len(),
                    share(&evaluated, 50),
                    share(&reused, 50)
                ),
            )?;
        }
        terminal.line("Nothing left this machine.")
    }
}

fn computed(stroke: &Stroke) -> bool {
    !stroke.account.from_memory && stroke.account.evaluated.is_some()
}

fn sorted<T: Ord>(values: impl Iterator<Item = T>) -> Vec<T> {
    let mut values: Vec<T> = values.collect();
    values.sort();
    values
}

/// The value below which `percent` of the sorted values lie.
fn share<T: Copy + Default>(sorted: &[T], percent: usize) -> T {
    let last = sorted.len().saturating_sub(1);
    sorted.get(last * percent / 100).copied().unwrap_or_default()
}

fn milliseconds(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 10.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}
