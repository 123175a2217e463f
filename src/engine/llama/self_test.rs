//! What a model can do, found out before the first job: known holes, leaks, stops, prefix reuse. Uses the same path as
//! real jobs and leaves no trace in the KV slots.

use std::time::{Duration, Instant};

use super::generate::Runner;
use super::queue::Ticket;
use crate::engine::fim::Vocabulary;
use crate::engine::holes::{self, HOLES};
use crate::engine::{Event, Finish, SelfTest, generation};

/// No real client has this number.
const CLIENT: u64 = u64::MAX;

/// A large model on a slow machine tries fewer holes.
const TIME_LIMIT: Duration = Duration::from_millis(1500);

const CALIBRATION_LIMIT: Duration = Duration::from_millis(400);

pub(super) fn run(runner: &mut Runner<'_>) -> SelfTest {
    let start = Instant::now();
    let mut result = SelfTest { can_reuse_prefix: runner.decoder.can_cut, ..SelfTest::default() };
    let mut reused = false;
    for (path, prefix, suffix, expected) in HOLES {
        if start.elapsed() > TIME_LIMIT {
            break;
        }
        let answer = fill(runner, path, prefix, suffix);
        if let Some(reason) = answer.failed {
            result.warnings.push(format!("the self-test failed: {reason}; choose another model (engine.model)"));
            break;
        }
        result.holes += 1;
        result.holes_filled += u32::from(answer.text.trim_start().starts_with(expected));
        result.stops |= answer.stopped;
        result.leaks_special_tokens |= holes::looks_special(&answer.text);
        if !reused && start.elapsed() < TIME_LIMIT {
            reused = fill(runner, path, prefix, suffix).reused > 0;
        }
    }
    if runner.decoder.can_cut && runner.pace.most() > 0 {
        measure_widths(runner);
    }
    runner.decoder.reset();
    runner.builder.forget_client(CLIENT);

    if result.can_reuse_prefix && result.holes > 0 && !reused {
        result.can_reuse_prefix = false;
    }
    let warnings = holes::warnings(&result, "engine.model");
    result.warnings.extend(warnings);
    result
}

/// Tells the pace of speculation what wide decodes cost here. Without an answer it assumes the worst.
fn measure_widths(runner: &mut Runner<'_>) {
    let mut filler = Vec::new();
    runner.vocabulary.tokenize("x", &mut filler);
    let Some(&filler) = filler.first() else { return };
    match runner.decoder.costs_by_width(filler, CALIBRATION_LIMIT) {
        Ok(costs) => {
            tracing::debug!(?costs, "µs of a decode by width");
            runner.pace.calibrate(&costs);
        }
        Err(error) => tracing::warn!("the decode widths could not be measured: {error:#}"),
    }
}

#[derive(Default)]
struct Answer {
    text: String,
    stopped: bool,
    reused: u32,
    failed: Option<String>,
}

fn fill(runner: &mut Runner<'_>, path: &str, prefix: &str, suffix: &str) -> Answer {
    let job = holes::job(0, path, prefix, suffix);
    let (sender, mut stream) = generation();
    runner.run(Ticket { client: CLIENT, job, sender, received: Instant::now() }, &|| ());
    let mut answer = Answer::default();
    while let Some(event) = stream.blocking_next() {
        match event {
            Event::Started(prompt) => answer.reused = prompt.reused,
            Event::Delta { text, .. } => answer.text.push_str(&text),
            Event::Finished { reason: Finish::Failed(reason), .. } => answer.failed = Some(reason),
            Event::Finished { reason, .. } => answer.stopped = reason == Finish::EndOfText,
            Event::Done(_) => break,
        }
    }
    answer
}
