//! Newest wins, cancels are seen at every step, clients take turns, and an engine that goes away ends its jobs.

use std::time::{Duration, Instant};

use tandem::engine::{Engine, Event, Finish, Generation, Job};

use crate::support::{ask, collect, config, job, start};

/// A job that takes long: many tokens, many lines.
fn long_job(lane: u64) -> Job {
    let mut job = job("fn main() {\n    $0");
    (job.lane, job.max_tokens, job.max_lines) = (lane, 600, 600);
    job
}

/// Reads until text arrives, so that the job is known to run. False when it ended before.
fn wait_for_text(stream: &mut Generation) -> bool {
    while let Some(event) = stream.blocking_next() {
        match event {
            Event::Delta { .. } => return true,
            Event::Done(_) => return false,
            _ => {}
        }
    }
    false
}

/// An engine whose generations do not end by themselves soon.
fn engine() -> tandem::engine::llama::LlamaEngine {
    start(config())
}

#[test]
fn a_running_job_ends_when_it_is_cancelled() {
    let engine = engine();
    let mut stream = engine.generate(long_job(1));
    assert!(wait_for_text(&mut stream));
    stream.cancel();
    let answer = collect(stream);
    assert_eq!(answer.finish(), &Finish::Cancelled);
    assert!(answer.report.generated < 600);
}

#[test]
fn a_dropped_stream_frees_the_engine() {
    let engine = engine();
    let mut stream = engine.generate(long_job(1));
    assert!(wait_for_text(&mut stream));
    drop(stream);
    assert!(!matches!(ask(&engine, job("let x = $0;\n")).finish(), Finish::Cancelled));
}

#[test]
fn a_newer_job_of_the_lane_replaces_the_running_and_the_waiting_one() {
    let engine = engine();
    let mut running = engine.generate(long_job(1));
    assert!(wait_for_text(&mut running));
    let waiting = engine.generate(long_job(2));
    let newest_of_two = engine.generate(Job { max_tokens: 2, ..long_job(2) });
    let newest_of_one = engine.generate(Job { max_tokens: 2, ..long_job(1) });
    assert_eq!(collect(waiting).finish(), &Finish::Superseded);
    assert_eq!(collect(running).finish(), &Finish::Cancelled);
    assert_eq!(collect(newest_of_two).finish(), &Finish::MaxTokens);
    assert_eq!(collect(newest_of_one).finish(), &Finish::MaxTokens);
}

#[test]
fn a_waiting_job_that_is_cancelled_is_answered_while_another_runs() {
    let engine = engine();
    let mut running = engine.generate(long_job(1));
    assert!(wait_for_text(&mut running));
    let waiting = engine.generate(long_job(2));
    waiting.cancel();
    assert_eq!(collect(waiting).finish(), &Finish::Cancelled);
    running.cancel();
    collect(running);
}

#[test]
fn lanes_of_different_clients_do_not_touch_and_clients_take_turns() {
    let engine = engine();
    let (one, two) = (engine.handle(), engine.handle());
    let mut running = one.generate(long_job(1));
    assert!(wait_for_text(&mut running));
    let short = |lane: u64| Job { max_tokens: 1, ..long_job(lane) };
    let crowd: Vec<Generation> = (2..40).map(|lane| one.generate(short(lane))).collect();
    let other = two.generate(short(1));
    running.cancel();
    assert_eq!(collect(running).finish(), &Finish::Cancelled);
    let other = collect(other);
    assert_eq!(other.finish(), &Finish::MaxTokens, "the same lane number of another client is another lane");
    let behind = crowd.into_iter().map(collect).filter(|answer| answer.report.queue_us > other.report.queue_us).count();
    assert!(behind >= 30, "only {behind} of 38 jobs of the busy client waited longer than the other client's one");
}

#[test]
fn a_storm_of_requests_ends_and_each_is_answered() {
    let engine = engine();
    let streams: Vec<Generation> = (0..300).map(|n| engine.generate(long_job(n % 3))).collect();
    let finishes: Vec<Finish> = streams
        .into_iter()
        .enumerate()
        .map(|(index, stream)| {
            if index >= 297 {
                stream.cancel();
            }
            collect(stream).finish().clone()
        })
        .collect();
    let ended = |finish: &Finish| matches!(finish, Finish::Superseded | Finish::Cancelled);
    assert!(finishes.iter().all(ended), "{finishes:?}");
}

#[test]
fn dropping_the_engine_ends_its_jobs_and_its_thread() {
    let engine = engine();
    let mut running = engine.generate(long_job(1));
    assert!(wait_for_text(&mut running));
    let waiting = engine.generate(long_job(2));
    let handle = engine.handle();
    let start = Instant::now();
    drop(engine);
    // Not a measurement: a thread that is not told would go on for much longer than this.
    assert!(start.elapsed() < Duration::from_secs(30));
    assert_eq!(collect(running).finish(), &Finish::Cancelled);
    assert!(matches!(collect(waiting).finish(), Finish::Failed(_)));
    assert!(matches!(ask(&handle, job("$0")).finish(), Finish::Failed(_)));
}
