//! What a model on a server can do, found out when it is first reached: the same holes as for a model in this machine, by the same way
//! as real jobs.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::engine::Shared;
use super::look::Known;
use super::ways::Way;
use crate::engine::holes::{self, HOLES};
use crate::engine::{Event, Finish, SelfTest};

/// No document has this number.
const LANE: u64 = u64::MAX;

/// A large model on a slow machine tries fewer holes. The first request may have to load the model, so it does not count.
const TIME_LIMIT: Duration = Duration::from_secs(3);

/// Tries the ways until one fills holes, and says what it found.
pub(super) async fn run(shared: &Arc<Shared>, known: &Known) {
    let mut first: Option<SelfTest> = None;
    loop {
        let way = known.way();
        let Some(mut test) = try_way(shared, known).await else { return };
        let is_hopeless = test.holes > 1 && test.holes_filled == 0;
        // Refusals are taken notice of by the jobs; a way that writes nonsense is left here.
        if is_hopeless && known.way() == way && way != Way::Chat && known.leave(way) {
            tracing::info!("{} fills no hole, {} is tried", way.title(), known.way().title());
            first.get_or_insert(test);
            shared.publish(known, None);
            continue;
        }
        if is_hopeless && let Some(best) = first {
            known.start_over();
            test = best;
        }
        test.warnings.extend(holes::warnings(&test, "engine.server.model"));
        test.warnings.extend(known.warnings.iter().cloned());
        shared.publish(known, Some(test));
        return;
    }
}

/// None where the server went away meanwhile.
async fn try_way(shared: &Arc<Shared>, known: &Known) -> Option<SelfTest> {
    let mut test = SelfTest { can_reuse_prefix: true, ..SelfTest::default() };
    let mut start = None;
    let (mut reused, mut tells) = (false, false);
    for (path, prefix, suffix, expected) in HOLES {
        if start.is_some_and(|start: Instant| start.elapsed() > TIME_LIMIT) {
            break;
        }
        let answer = fill(shared, path, prefix, suffix).await;
        start.get_or_insert_with(Instant::now);
        if let Some(reason) = answer.failed {
            if shared.known().is_err() {
                return None;
            }
            test.warnings.push(format!("the self-test failed: {reason}"));
            break;
        }
        test.holes += 1;
        test.holes_filled += u32::from(answer.text.trim_start().starts_with(expected));
        test.stops |= answer.stopped;
        test.leaks_special_tokens |= holes::looks_special(&answer.text);
        // llama-server tells how much of a prompt it had, and so does who sends counts of cached tokens.
        if test.holes == 1 {
            let again = fill(shared, path, prefix, suffix).await;
            reused = again.reused > 0;
            tells = matches!(known.way(), Way::Infill | Way::Completion);
        }
    }
    test.can_reuse_prefix = reused || !tells || test.holes == 0;
    Some(test)
}

#[derive(Default)]
struct Answer {
    text: String,
    stopped: bool,
    reused: u32,
    failed: Option<String>,
}

async fn fill(shared: &Arc<Shared>, path: &str, prefix: &str, suffix: &str) -> Answer {
    let mut stream = shared.submit(holes::job(LANE, path, prefix, suffix));
    let mut answer = Answer::default();
    while let Some(event) = stream.next().await {
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
