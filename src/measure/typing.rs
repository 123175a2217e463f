//! What keys cost when the cache holds the prompt of the key before, and how soon an engine stops when nobody waits.

use std::time::Duration;

use super::ask::{Question, Running, ask, budget, milliseconds};
use super::cold;
use super::figures::{Cancel, Keys, Typing};
use super::noise::Series;
use super::rounds::{Desk, Rounds, Stage};
use crate::engine::{Engine, Event, Finish, Snippet};

/// Keys typed within a line, each with a request.
const KEYS: usize = 12;
/// Tokens that are generated for a key: what follows the first is measured elsewhere.
const GENERATED: u32 = 4;
/// Bytes that are typed at most: enough for all rounds.
const SCRIPT: usize = 24 << 10;
/// Lines between the cursor and the edit above it.
const LINES_ABOVE: usize = 10;
/// A cancel while the prompt is read comes so long after the request.
const INTO_READING: Duration = Duration::from_millis(2);

/// A document in which somebody types.
struct Typist {
    lane: u64,
    path: String,
    prefix: String,
    /// What is going to be typed, and what stands below it all the time.
    script: String,
    suffix: String,
    snippets: Vec<Snippet>,
}

impl Typist {
    fn new(desk: &Desk<'_>) -> Self {
        let cold = cold::question(desk, None);
        let after = SCRIPT + cold.suffix.len();
        let (prefix, mut script) = desk.material.window(cold.lane as usize, cold.prefix.len(), after);
        // What is typed ends with a line, and the rest stands below it from the beginning.
        let line_end = script.bytes().take(SCRIPT).rposition(|byte| byte == b'\n').unwrap_or(script.len());
        let suffix = script.split_off(line_end);
        Self { lane: cold.lane, path: cold.path, prefix, script, suffix, snippets: cold.snippets }
    }

    fn question(&self, desk: &Desk<'_>) -> Question {
        Question {
            lane: self.lane,
            path: self.path.clone(),
            prefix: self.prefix.clone(),
            suffix: self.suffix.clone(),
            snippets: self.snippets.clone(),
            budget: budget(desk.settings),
            max_tokens: GENERATED,
            max_lines: 1,
            draft: None,
        }
    }

    /// Types a character. False at the end of the line.
    fn key(&mut self) -> bool {
        let next = self.script.chars().next().filter(|next| *next != '\n');
        next.inspect(|key| {
            self.prefix.push(*key);
            self.script.drain(..key.len_utf8());
        })
        .is_some()
    }

    /// Goes on in the next line that has text, behind its indentation.
    fn new_line(&mut self) {
        while self.key() {}
        let blank = self.script.len() - self.script.trim_start().len();
        self.prefix.extend(self.script.drain(..blank));
    }

    /// Writes a word at the end of a line above.
    fn edit_above(&mut self, number: usize) {
        let breaks = self.prefix.rmatch_indices('\n').map(|(at, _)| at);
        let at = breaks.take(LINES_ABOVE + 1).last().unwrap_or(0);
        self.prefix.insert_str(at, &format!(" edit{number}"));
    }
}

/// Types lines until the time is over. `out` holds what is known so far.
pub async fn typing(running: &Running, desk: &Desk<'_>, stage: &Stage, out: &mut Vec<Typing>) -> Result<(), String> {
    let mut typist = Typist::new(desk);
    let engine = running.engine.as_ref();
    ask(engine, typist.question(desk), desk.clock).await?;
    let mut answers: [Vec<_>; 3] = Default::default();
    let mut rounds = Rounds::new(desk, stage);
    let mut number = 0;
    while rounds.another() {
        for _ in 0..KEYS {
            if !typist.key() {
                break;
            }
            answers[0].push(ask(engine, typist.question(desk), desk.clock).await?);
        }
        typist.new_line();
        answers[1].push(ask(engine, typist.question(desk), desk.clock).await?);
        number += 1;
        typist.edit_above(number);
        answers[2].push(ask(engine, typist.question(desk), desk.clock).await?);
        let figures = |(keys, answers): (Keys, &Vec<super::ask::Answer>)| Typing {
            keys,
            reused: Series::new(answers.iter().map(|answer| f64::from(answer.prompt.reused))),
            evaluated: Series::new(answers.iter().map(|answer| f64::from(answer.prompt.evaluated))),
            first_token_ms: Series::new(answers.iter().map(|answer| milliseconds(answer.first_token))),
        };
        *out = Keys::ALL.into_iter().zip(&answers).filter(|(_, answers)| !answers.is_empty()).map(figures).collect();
    }
    Ok(())
}

/// Cancels requests while their prompt is read and while they write.
pub async fn cancel(running: &Running, desk: &Desk<'_>, stage: &Stage, out: &mut Cancel) -> Result<(), String> {
    let (mut reading, mut writing) = (Vec::new(), Vec::new());
    let mut rounds = Rounds::new(desk, stage);
    while rounds.another() {
        reading.extend(cancelled(running.engine.as_ref(), desk, false).await?);
        writing.extend(cancelled(running.engine.as_ref(), desk, true).await?);
        *out = Cancel {
            reading_ms: Series::new(reading.iter().copied().map(milliseconds)),
            writing_ms: Series::new(writing.iter().copied().map(milliseconds)),
        };
    }
    Ok(())
}

/// From the cancel to the end of the stream; None where the engine was done before.
async fn cancelled(engine: &dyn Engine, desk: &Desk<'_>, writes: bool) -> Result<Option<Duration>, String> {
    let question = Question { max_tokens: desk.settings.completion.max_tokens, ..cold::question(desk, None) };
    let mut stream = engine.generate(question.job());
    if writes {
        while let Some(event) = stream.next().await {
            match event {
                Event::Started(_) => {}
                Event::Delta { .. } | Event::Done(_) => break,
                Event::Finished { reason: Finish::Failed(reason), .. } => return Err(reason),
                Event::Finished { .. } => break,
            }
        }
    } else {
        tokio::time::sleep(INTO_READING).await;
    }
    let asked = (desk.clock)();
    stream.cancel();
    let mut was_cancelled = false;
    while let Some(event) = stream.next().await {
        match event {
            Event::Finished { reason: Finish::Failed(reason), .. } => return Err(reason),
            Event::Finished { reason, .. } => was_cancelled = reason == Finish::Cancelled,
            Event::Started(_) | Event::Delta { .. } | Event::Done(_) => {}
        }
    }
    Ok(was_cancelled.then(|| (desk.clock)().saturating_sub(asked)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;
    use crate::measure::Material;
    use crate::measure::testing::{Machine, Time};

    fn stage() -> Stage {
        Stage { what: "typing".into(), share: Duration::from_secs(5), from: 0.0, to: 1.0 }
    }

    #[tokio::test]
    async fn a_key_evaluates_little_and_an_edit_above_more() {
        let (settings, material, time) = (Settings::default(), Material::built_in(), Time::default());
        let clock = time.clock();
        let desk = Desk::new(&settings, &material, &clock, &|_, _| ());
        let mut out = Vec::new();
        typing(&Machine::new(&time).running(&settings), &desk, &stage(), &mut out).await.unwrap();
        assert_eq!(out.iter().map(|typing| typing.keys).collect::<Vec<_>>(), Keys::ALL);
        let [key, line, edit] = &out[..] else { unreachable!() };
        assert!(key.evaluated.median <= 2.0, "{key:?}");
        assert!(line.evaluated.median > key.evaluated.median && line.evaluated.median < 40.0, "{line:?}");
        assert!(edit.evaluated.median > line.evaluated.median, "{edit:?}");
        assert!(edit.reused.median > 100.0 && key.first_token_ms.of > line.first_token_ms.of, "{out:?}");
    }

    #[tokio::test]
    async fn cancels_are_counted_where_they_came_in_time() {
        let (settings, material, time) = (Settings::default(), Material::built_in(), Time::default());
        let clock = time.clock();
        let desk = Desk::new(&settings, &material, &clock, &|_, _| ());
        let mut out = Cancel::default();
        let patient = Machine::new(&time).waits_for_cancels();
        cancel(&patient.running(&settings), &desk, &Stage { share: Duration::ZERO, ..stage() }, &mut out)
            .await
            .unwrap();
        assert_eq!((out.reading_ms.of, out.writing_ms.of), (1, 1));
        cancel(&Machine::new(&time).running(&settings), &desk, &Stage { share: Duration::ZERO, ..stage() }, &mut out)
            .await
            .unwrap();
        assert_eq!((out.reading_ms.of, out.writing_ms.of), (0, 0), "it was done before");
    }
}
