//! What came of each key, and the sums.

use tandem::complete::{Reason, Source};
use tandem::engine::{Task, Urgency};

use super::counted::Started;

/// What the user sees after an answer, against what was seen before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sight {
    #[default]
    Unchanged,
    Appeared,
    /// It begins with what was shown.
    Extended,
    /// Something else, though the user typed along: flicker.
    Replaced,
    /// Nothing, though the user typed along: flicker.
    Vanished,
}

#[derive(Clone, Debug, Default)]
pub struct Answer {
    pub ms: f64,
    pub source: Option<Source>,
    pub reason: Option<Reason>,
    pub from_memory: bool,
    pub joined: bool,
    /// The model's text was waited for.
    pub asked_model: bool,
    pub context_us: Option<u64>,
    /// Of the best that was considered, shown or not.
    pub confidence: Option<f32>,
}

#[derive(Clone, Debug, Default)]
pub struct Key {
    /// False when the next key came first.
    pub is_asked: bool,
    /// None when the next key came before the answer.
    pub answer: Option<Answer>,
    pub sight: Sight,
    /// Something was shown when the key was pressed that goes on behind it.
    pub shown_before: bool,
    /// Generations that the key started.
    pub jobs: usize,
    pub text: String,
}

impl Key {
    pub const HEADING: &str = "text\tjobs\tasked\tms\tsource\treason\tmemory\tjoined\tconfidence\tsight";

    /// For other programs: a line of tab-separated fields, empty where there is nothing to say.
    pub fn row(&self) -> String {
        let none = Answer::default();
        let answer = self.answer.as_ref().unwrap_or(&none);
        let word = |found: Option<String>| found.unwrap_or_default();
        format!(
            "{:?}\t{}\t{}\t{:.2}\t{}\t{}\t{}\t{}\t{}\t{:?}",
            self.text,
            self.jobs,
            u8::from(self.is_asked) + u8::from(self.answer.is_some()),
            answer.ms,
            word(answer.source.map(|source| format!("{source:?}"))),
            word(answer.reason.as_ref().map(|reason| format!("{reason:?}"))),
            u8::from(answer.from_memory),
            u8::from(answer.joined),
            word(answer.confidence.map(|confidence| format!("{confidence:.4}"))),
            self.sight
        )
    }
}

#[derive(Default)]
pub struct Figures {
    pub keys: Vec<Key>,
    pub jobs: Vec<Started>,
    pub accepted: usize,
    pub accepted_characters: usize,
    pub typed_characters: usize,
    pub commits: usize,
    pub minutes: f64,
}

fn quantile(values: &mut [f64], share: f64) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values.get((values.len().saturating_sub(1) as f64 * share).round() as usize).copied().unwrap_or(f64::NAN)
}

impl Figures {
    pub fn add(&mut self, other: Figures) {
        self.keys.extend(other.keys);
        self.jobs.extend(other.jobs);
        self.accepted += other.accepted;
        self.accepted_characters += other.accepted_characters;
        self.typed_characters += other.typed_characters;
        self.commits += other.commits;
        self.minutes += other.minutes;
    }

    pub fn print(&self, name: &str) {
        let keys = self.keys.len().max(1);
        let percent = |part: usize| part as f64 * 100.0 / keys as f64;
        let count = |of: &dyn Fn(&Key) -> bool| self.keys.iter().filter(|key| of(key)).count();
        println!("\n## {name}: {:.1} minutes, {} keys, {} commits", self.minutes, self.keys.len(), self.commits);
        let characters = self.typed_characters + self.accepted_characters;
        println!(
            "{} characters, {} of them by {} accepted suggestions ({:.1} %)",
            characters,
            self.accepted_characters,
            self.accepted,
            self.accepted_characters as f64 * 100.0 / characters.max(1) as f64
        );
        let started = count(&|key| key.jobs > 0);
        println!("keys that start no generation: {:.1} %", 100.0 - percent(started));
        let with = |of: &dyn Fn(&Answer) -> bool| count(&|key| key.jobs == 0 && key.answer.as_ref().is_some_and(of));
        let rows = [
            ("overtaken before the question", count(&|key| key.jobs == 0 && !key.is_asked)),
            ("overtaken before the answer", count(&|key| key.jobs == 0 && key.is_asked && key.answer.is_none())),
            ("from memory", with(&|answer| answer.from_memory)),
            ("joined a generation under way", with(&|answer| answer.joined)),
            ("lookup alone", with(&|answer| !answer.from_memory && !answer.joined && answer.source.is_some())),
            ("silence", with(&|answer| !answer.joined && answer.reason.is_some())),
        ];
        for (row, of) in rows {
            println!("  {row}: {of} ({:.1} %)", percent(of));
        }
        let mut reasons = std::collections::BTreeMap::<String, usize>::new();
        for answer in self.keys.iter().filter(|key| key.jobs == 0).filter_map(|key| key.answer.as_ref()) {
            if let Some(reason) = answer.reason.as_ref().filter(|_| !answer.joined) {
                let name = format!("{reason:?}");
                *reasons.entry(name.split([' ', '(']).next().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        println!("    silence: {reasons:?}");
        let awaited = |job: &&Started| job.urgency == Urgency::Awaited;
        println!("generations that a key started: {started} keys");
        print_jobs(self.jobs.iter().filter(awaited));
        for (name, task) in [("look-ahead", Task::Write), ("prefill in pauses", Task::Prefill)] {
            println!("{name}:");
            print_jobs(self.jobs.iter().filter(|job| !awaited(job) && job.task == task));
        }
        self.print_answers();
        let seen = |sight: Sight| count(&|key| key.sight == sight);
        println!(
            "shown text, keys typed along: {}; appeared {}, extended {}, replaced {}, vanished {}",
            count(&|key| key.shown_before),
            seen(Sight::Appeared),
            seen(Sight::Extended),
            seen(Sight::Replaced),
            seen(Sight::Vanished)
        );
    }

    fn print_answers(&self) {
        let answers = || self.keys.iter().filter_map(|key| key.answer.as_ref());
        let line = |name: &str, mut values: Vec<f64>| {
            let at = [0.5, 0.9, 0.95, 0.99].map(|share| quantile(&mut values, share));
            println!(
                "{name}: p50 {:.2} p90 {:.2} p95 {:.2} p99 {:.2} ms (n {})",
                at[0],
                at[1],
                at[2],
                at[3],
                values.len()
            );
        };
        line("answers", answers().map(|answer| answer.ms).collect());
        line("answers from memory", answers().filter(|answer| answer.from_memory).map(|answer| answer.ms).collect());
        line("answers of the model", answers().filter(|answer| answer.asked_model).map(|answer| answer.ms).collect());
        let context = answers().filter_map(|answer| answer.context_us).map(|us| us as f64 / 1e3);
        line("context", context.collect());
    }
}

fn print_jobs<'j>(jobs: impl Iterator<Item = &'j Started>) {
    let jobs: Vec<&Started> = jobs.collect();
    let prompts = || jobs.iter().filter_map(|job| job.prompt.as_ref());
    let mut evaluated: Vec<f64> = prompts().map(|prompt| f64::from(prompt.evaluated)).collect();
    let mut tokens: Vec<f64> = prompts().map(|prompt| f64::from(prompt.tokens)).collect();
    let (sum, all): (f64, f64) = (evaluated.iter().sum(), tokens.iter().sum());
    let reports = jobs.iter().filter_map(|job| job.report.as_ref());
    let generated: u32 = reports.clone().map(|report| report.generated).sum();
    let compute: u64 = reports.map(|report| report.compute_us).sum();
    println!(
        "  {} jobs, {} ended before their prompt was evaluated; {generated} tokens written; {:.1} s in llama.cpp",
        jobs.len(),
        jobs.len() - evaluated.len(),
        compute as f64 / 1e6
    );
    println!(
        "  prompt tokens p50 {:.0}; evaluated p50 {:.0} p75 {:.0} p90 {:.0} p99 {:.0}, {sum:.0} in all; reused {:.1} %",
        quantile(&mut tokens, 0.5),
        quantile(&mut evaluated, 0.5),
        quantile(&mut evaluated, 0.75),
        quantile(&mut evaluated, 0.9),
        quantile(&mut evaluated, 0.99),
        100.0 - sum * 100.0 / all.max(1.0)
    );
}
