//! How fast the model is here: some seconds of what typing asks of it.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

use super::report::{Fix, Section};
use crate::config::CompletionSettings;
use crate::engine::{Engine, Event, FimPrompt, Finish, Job, PromptBudget, Report, Task, Urgency};

/// Longest measurement.
pub const LIMIT: Duration = Duration::from_secs(5);
/// Keystrokes that are tried; the middle one counts.
const KEYSTROKES: usize = 7;
/// Tokens that are generated after each: half of what a suggestion may have.
const TOKENS: u32 = 24;
/// A suggestion that begins later comes when the next word is typed already.
const LATE_MS: f64 = 500.0;
/// Fewer tokens say nothing of the time that one takes.
const FEWEST: u32 = 8;
/// Functions of the made-up files: some hundred tokens where the model is slow, and a prompt of the usual size.
const FILES: [usize; 2] = [4, 24];

/// Tokens a second, and ms.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Speed {
    pub prefill: Option<f64>,
    pub decode: Option<f64>,
    /// From a keystroke to the first token of the suggestion, everything before the cursor's line being known.
    pub keystroke_ms: Option<f64>,
    /// The model failed, a sentence.
    pub failed: Option<String>,
    /// The time was over before the measurement was.
    pub is_cut: bool,
}

/// Sums of what jobs took.
#[derive(Default)]
struct Sums {
    decode_us: u64,
    generated: u32,
    first_ms: Vec<f64>,
}

/// Asks for suggestions in a made-up file for `limit` at most. `salt` keeps the text from being in a cache of an earlier run.
pub async fn measure(engine: &dyn Engine, settings: &CompletionSettings, salt: u32, limit: Duration) -> Speed {
    let end = Instant::now() + limit;
    let mut speed = Speed::default();
    let mut sums = Sums::default();
    for (round, functions) in FILES.into_iter().enumerate() {
        let text = made_up(functions, salt.wrapping_add(round as u32));
        let first = job(settings, &text, Task::Prefill);
        match timeout_at(end, run(engine, first)).await {
            Ok(Ok((evaluated, report))) if report.prefill_us > 0 && evaluated >= FEWEST => {
                // The last is the longest, which says most.
                speed.prefill = Some(f64::from(evaluated) * 1e6 / report.prefill_us as f64);
            }
            Ok(Ok(_)) => {}
            Ok(Err(why)) => return Speed { failed: Some(why), ..speed },
            Err(_) => {
                speed.is_cut = true;
                break;
            }
        }
        match timeout_at(end, type_on(engine, settings, &text, &mut sums)).await {
            Ok(Ok(())) => {}
            Ok(Err(why)) => return Speed { failed: Some(why), ..speed },
            Err(_) => {
                speed.is_cut = true;
                break;
            }
        }
        if round + 1 < FILES.len() {
            sums.first_ms.clear();
        }
    }
    if sums.generated >= FEWEST && sums.decode_us > 0 {
        speed.decode = Some(f64::from(sums.generated) * 1e6 / sums.decode_us as f64);
    }
    sums.first_ms.sort_by(f64::total_cmp);
    speed.keystroke_ms = sums.first_ms.get(sums.first_ms.len() / 2).copied();
    speed
}

/// Types a word behind the text, one character after the other.
async fn type_on(
    engine: &dyn Engine,
    settings: &CompletionSettings,
    text: &str,
    sums: &mut Sums,
) -> Result<(), String> {
    let word = "let total = items";
    for typed in (1..=word.len()).step_by(word.len() / KEYSTROKES + 1).chain([word.len()]) {
        let text = format!("{text}{}", &word[..typed]);
        let (_, report) = run(engine, job(settings, &text, Task::Write)).await?;
        sums.decode_us += report.decode_us;
        sums.generated += report.generated;
        sums.first_ms.push(report.first_token_us as f64 / 1e3);
    }
    Ok(())
}

fn job(settings: &CompletionSettings, text: &str, task: Task) -> Job {
    let prompt = FimPrompt {
        path: "src/shop.rs".to_owned(),
        prefix: text.into(),
        suffix: "\n}\n".into(),
        ..FimPrompt::default()
    };
    Job {
        // Of its own: documents of others keep their caches.
        lane: u64::MAX,
        urgency: Urgency::Awaited,
        task,
        prompt,
        budget: PromptBudget {
            prefix: settings.prefix_tokens,
            suffix: settings.suffix_tokens,
            snippets: settings.snippet_tokens,
        },
        max_tokens: TOKENS.min(settings.max_tokens.max(1)),
        max_lines: u32::MAX,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

/// Tokens of the prompt that were evaluated, and what the job took. An error is a sentence.
async fn run(engine: &dyn Engine, job: Job) -> Result<(u32, Report), String> {
    let mut stream = engine.generate(job);
    let mut evaluated = 0;
    while let Some(event) = stream.next().await {
        match event {
            Event::Started(prompt) => evaluated = prompt.evaluated,
            Event::Finished { reason: Finish::Failed(why), .. } => return Err(why),
            Event::Done(report) => return Ok((evaluated, report)),
            Event::Delta { .. } | Event::Finished { .. } => {}
        }
    }
    Err("the engine went away".to_owned())
}

/// The beginning of a file, up to a function's first line.
fn made_up(functions: usize, salt: u32) -> String {
    let mut text = format!("//! Shop {salt}.\n\nuse std::collections::HashMap;\n\n");
    for number in 0..functions {
        text += &format!(
            "/// The items that cost more than {number}.\npub fn above_{number}(items: &[Item], prices: &HashMap<String, u64>) -> \
             Vec<Item> {{\n    items.iter().filter(|item| prices[&item.name] > {number}).cloned().collect()\n}}\n\n"
        );
    }
    text + "/// What all items cost.\npub fn total(items: &[Item], prices: &HashMap<String, u64>) -> u64 {\n    "
}

pub fn show(section: &mut Section, speed: &Speed) {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "not measured".to_owned(), |rate| format!("{rate:.0} tokens/s"));
    section.fact("reads", rate(speed.prefill));
    section.fact("writes", rate(speed.decode));
    let keystroke = speed.keystroke_ms.map_or_else(|| "not measured".to_owned(), |ms| format!("{ms:.0} ms"));
    section.fact("first token", format!("{keystroke} after a keystroke"));
    let fix = || Fix::run("tandem model list --fitting   # a smaller one, or a build for a graphics card");
    if let Some(why) = &speed.failed {
        section.broken("measurement-failed", format!("the model failed while it was measured: {why}"), None);
    } else if let Some(ms) = speed.keystroke_ms.filter(|ms| *ms > LATE_MS) {
        section.warn("slow", format!("a suggestion takes {ms:.0} ms to begin: by then the next word is typed"), fix());
    } else if speed.keystroke_ms.is_none() && speed.is_cut {
        let what =
            format!("the model gave no suggestion within {} s: it is too slow for this machine", LIMIT.as_secs());
        section.warn("slow", what, fix());
    }
}

#[cfg(test)]
mod tests {
    use super::super::look::testing::ids;
    use super::*;
    use crate::engine::fake::FakeEngine;

    async fn measured(engine: &FakeEngine, limit: Duration) -> Speed {
        measure(engine, &CompletionSettings::default(), 7, limit).await
    }

    #[tokio::test]
    async fn a_model_that_answers_is_measured_to_the_end() {
        let speed = measured(&FakeEngine::new(|_| "a b c d e f g h".to_owned()), Duration::from_secs(600)).await;
        assert!(!speed.is_cut && speed.failed.is_none() && speed.keystroke_ms.is_some(), "{speed:?}");
    }

    #[tokio::test]
    async fn a_model_that_fails_says_why() {
        let engine = FakeEngine::new(|_| String::new());
        engine.fail_next("out of memory");
        let speed = measured(&engine, Duration::from_secs(600)).await;
        assert_eq!(speed.failed.as_deref(), Some("out of memory"));
        let mut section = Section::new("speed", "Speed");
        show(&mut section, &speed);
        assert_eq!(ids(&section), ["measurement-failed"]);
    }

    #[tokio::test]
    async fn the_time_is_over_when_it_is_over() {
        let engine = FakeEngine::new(|_| "a b c".to_owned()).with_pace(Duration::from_secs(3600));
        let speed = measured(&engine, Duration::from_millis(20)).await;
        assert!(speed.is_cut);
        let mut section = Section::new("speed", "Speed");
        show(&mut section, &speed);
        assert_eq!(ids(&section), ["slow"]);
    }

    #[test]
    fn what_is_late_is_a_warning() {
        let found = |ms| {
            let mut section = Section::new("speed", "Speed");
            show(&mut section, &Speed { keystroke_ms: Some(ms), ..Speed::default() });
            ids(&section)
        };
        assert_eq!(found(40.0), [""; 0]);
        assert_eq!(found(900.0), ["slow"]);
    }
}
