//! Prompts that the cache knows nothing of, at several sizes: how fast they are read, how fast is written after them.

use super::ask::{Answer, Question, Running, ask, budget, milliseconds};
use super::figures::Cold;
use super::noise::Series;
use super::rounds::{Desk, Rounds, Stage};
use crate::engine::PromptBudget;

/// Prompts of usual lengths, in tokens.
const SIZES: [u32; 3] = [512, 1024, 2048];
/// Tokens that are generated after each.
pub const GENERATED: u32 = 24;
/// Bytes of text for each token of a budget: more than any vocabulary needs, so that the budget is filled.
const BYTES_A_TOKEN: usize = 8;
/// What a prompt has beside its text.
const MARKERS: u32 = 72;
/// A prompt that would take so many shares of the time is left out.
const TOO_LONG: f64 = 3.0;

/// A question with about `size` tokens of prompt; of the settings' own budgets where it is None.
pub fn question(desk: &Desk<'_>, size: Option<u32>) -> Question {
    let number = desk.number();
    // A fresh prefix fills three quarters of its budget (`engine::prompt`).
    let budget = match size {
        Some(tokens) => PromptBudget { prefix: tokens, suffix: tokens / 4, snippets: 0 },
        None => budget(desk.settings),
    };
    let bytes = |tokens: u32| tokens as usize * BYTES_A_TOKEN;
    let (prefix, suffix) = desk.material.window(number, bytes(budget.prefix), bytes(budget.suffix));
    Question {
        lane: number as u64,
        path: format!("src/sample_{number}.rs"),
        prefix,
        suffix,
        snippets: desk.material.snippets(number, bytes(budget.snippets) / 2),
        budget,
        max_tokens: GENERATED,
        max_lines: GENERATED,
        draft: None,
    }
}

#[derive(Default)]
struct Rows {
    size: Option<u32>,
    answers: Vec<Answer>,
}

impl Rows {
    fn figures(&self) -> Cold {
        let all = |value: &dyn Fn(&Answer) -> Option<f64>| Series::new(self.answers.iter().filter_map(value));
        Cold {
            size: self.size,
            prompt_tokens: all(&|answer| Some(f64::from(answer.prompt.tokens))),
            prefill: all(&|answer| answer.prefill_us().map(|us| 1e6 / us)),
            first_token_ms: all(&|answer| Some(milliseconds(answer.first_token))),
            decode: all(&|answer| answer.decode_us().map(|us| 1e6 / us)),
            token_ms: all(&|answer| answer.decode_us().map(|us| us / 1e3)),
        }
    }
}

/// Measures all sizes in turns, so that what else the machine does meets all of them. `out` holds what is known so far.
pub async fn cold(
    running: &Running,
    desk: &Desk<'_>,
    stage: &Stage,
    out: &mut Vec<Cold>,
    left_out: &mut Vec<String>,
) -> Result<(), String> {
    let room = running.info.context.saturating_sub(GENERATED + MARKERS);
    let wanted = budget(desk.settings);
    let whole = wanted.prefix.saturating_add(wanted.suffix).saturating_add(wanted.snippets).min(room);
    let sizes = SIZES.into_iter().filter(|size| *size < whole).map(Some).chain([None]);
    let mut rows: Vec<Rows> = sizes.map(|size| Rows { size, answers: Vec::new() }).collect();
    let mut rounds = Rounds::new(desk, stage);
    while rounds.another() {
        let mut slowest = None;
        let mut at = 0;
        while at < rows.len() {
            let tokens = rows[at].size.unwrap_or(whole);
            let seconds = slowest.map_or(0.0, |us: f64| us * f64::from(tokens) / 1e6);
            if rows[at].answers.is_empty() && seconds > TOO_LONG * stage.share.as_secs_f64() {
                left_out.push(format!("a prompt of {tokens} tokens: reading it would take about {seconds:.0} s"));
                rows.remove(at);
                continue;
            }
            let answer = ask(running.engine.as_ref(), question(desk, rows[at].size), desk.clock).await?;
            slowest = answer.prefill_us().or(slowest);
            rows[at].answers.push(answer);
            at += 1;
        }
        *out = rows.iter().filter(|row| !row.answers.is_empty()).map(Rows::figures).collect();
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::Settings;
    use crate::measure::Material;
    use crate::measure::testing::{Machine, Time};

    async fn measured(machine: &Machine, time: &Time, seconds: f64) -> (Vec<Cold>, Vec<String>) {
        let (settings, material, clock) = (Settings::default(), Material::built_in(), time.clock());
        let desk = Desk::new(&settings, &material, &clock, &|_, _| ());
        let stage = Stage { what: "cold".into(), share: Duration::from_secs_f64(seconds), from: 0.0, to: 1.0 };
        let (mut out, mut left_out) = (Vec::new(), Vec::new());
        cold(&machine.running(&settings), &desk, &stage, &mut out, &mut left_out).await.unwrap();
        (out, left_out)
    }

    #[tokio::test]
    async fn rates_are_those_of_the_engine_at_every_size() {
        let time = Time::default();
        let machine = Machine::new(&time).reads_at(1000.0).writes_at(100.0);
        let (figures, left_out) = measured(&machine, &time, 60.0).await;
        assert_eq!(figures.iter().map(|cold| cold.size).collect::<Vec<_>>(), [Some(512), Some(1024), Some(2048), None]);
        for cold in &figures {
            assert!(cold.prefill.of >= 3 && (cold.prefill.median - 1000.0).abs() < 1.0, "{cold:?}");
            assert!((cold.decode.median - 100.0).abs() < 1.0 && (cold.token_ms.median - 10.0).abs() < 0.1, "{cold:?}");
        }
        assert_eq!(left_out, [""; 0]);
    }

    #[tokio::test]
    async fn sizes_fit_the_context() {
        let time = Time::default();
        let (figures, _) = measured(&Machine::new(&time).with_context(1024), &time, 10.0).await;
        assert_eq!(figures.iter().map(|cold| cold.size).collect::<Vec<_>>(), [Some(512), None]);
    }

    #[tokio::test]
    async fn a_slow_model_is_not_asked_what_would_take_minutes() {
        let time = Time::default();
        let (figures, left_out) = measured(&Machine::new(&time).reads_at(10.0), &time, 15.0).await;
        assert_eq!(figures.iter().map(|cold| cold.size).collect::<Vec<_>>(), [Some(512)]);
        assert_eq!(left_out.len(), 3);
        assert!(left_out[0].starts_with("a prompt of 1024 tokens: reading it would take about 10"), "{left_out:?}");
    }

    #[tokio::test]
    async fn an_engine_that_fails_ends_the_measurement_with_its_sentence() {
        let (settings, material, time) = (Settings::default(), Material::built_in(), Time::default());
        let clock = time.clock();
        let desk = Desk::new(&settings, &material, &clock, &|_, _| ());
        let stage = Stage { what: "cold".into(), share: Duration::from_secs(9), from: 0.0, to: 1.0 };
        let machine = Machine::new(&time).fails_after(5, "the host ended");
        let (mut out, mut left_out) = (Vec::new(), Vec::new());
        let ended = cold(&machine.running(&settings), &desk, &stage, &mut out, &mut left_out).await;
        assert_eq!(ended.unwrap_err(), "the host ended");
        assert_eq!(out.len(), 4, "what was measured before is kept");
    }
}
