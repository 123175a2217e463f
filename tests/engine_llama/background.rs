//! Guesses: they run when nobody waits, give way within a step, and a prefill leaves its prompt in the cache.

use tandem::engine::{Engine, Event, Finish, Generation, Job, Task, Urgency};

use crate::support::{ask, collect, config, job, start};

/// A guess that takes long: many tokens, many lines.
fn long_guess(lane: u64) -> Job {
    let job = job("fn main() {\n    $0");
    Job { lane, urgency: Urgency::Background, max_tokens: 600, max_lines: 600, ..job }
}

/// Reads until text arrives, so that the job is known to run.
fn until_text(stream: &mut Generation) {
    while !matches!(stream.blocking_next().expect("it runs"), Event::Delta { .. }) {}
}

#[test]
fn a_request_of_any_client_and_lane_ends_the_guess_that_runs_and_is_served() {
    let engine = start(config());
    for (other_client, lane) in [(false, 1), (false, 2), (true, 1)] {
        let mut guess = engine.generate(long_guess(1));
        until_text(&mut guess);
        let request = Job { lane, max_tokens: 4, ..job("let x = $0;\n") };
        let answer = if other_client { ask(&engine.handle(), request) } else { ask(&engine, request) };
        assert!(!matches!(answer.finish(), Finish::Cancelled | Finish::Superseded), "{:?}", answer.finish());
        let guess = collect(guess);
        assert_eq!(guess.finish(), &Finish::Cancelled);
        assert!(guess.report.generated < 600);
    }
}

#[test]
fn a_guess_waits_for_the_requests_and_runs_then() {
    let engine = start(config());
    let mut running = engine.generate(Job { urgency: Urgency::Awaited, ..long_guess(1) });
    until_text(&mut running);
    let guess = engine.handle().generate(Job { max_tokens: 2, ..long_guess(1) });
    let waiting = engine.generate(Job { lane: 3, max_tokens: 2, ..job("let x = $0;\n") });
    assert_eq!(collect(engine.generate(long_guess(1))).finish(), &Finish::Superseded, "its lane is waited for");
    running.cancel();
    assert_eq!(collect(running).finish(), &Finish::Cancelled, "no guess ended it");
    let (waiting, guess) = (collect(waiting), collect(guess));
    assert!(guess.report.queue_us >= waiting.report.queue_us, "the request came later and was served first");
    assert_eq!(guess.finish(), &Finish::MaxTokens);
}

#[test]
fn a_prefill_writes_nothing_and_spares_the_next_job_its_prompt() {
    let engine = start(config());
    let text =
        format!("{}fn last() {{\n    let x = $0\n}}\n", "fn filler(value: u64) -> u64 { value + 1 }\n".repeat(12));
    let job = job(&text);
    let prefill = ask(&engine, Job { task: Task::Prefill, urgency: Urgency::Background, ..job.clone() });
    assert_eq!((prefill.finish(), prefill.text(), prefill.report.generated), (&Finish::MaxTokens, "", 0));
    assert!(prefill.prompt.evaluated > 100, "{:?}", prefill.prompt);
    let next = ask(&engine, job.clone());
    assert_eq!(next.prompt.tokens, prefill.prompt.tokens, "the same prompt");
    assert!(next.prompt.evaluated <= 1, "{:?}", next.prompt);
    let again = ask(&engine, Job { task: Task::Prefill, urgency: Urgency::Background, ..job.clone() });
    assert!(again.prompt.evaluated <= 1, "what is there costs nothing: {:?}", again.prompt);
    let fresh = ask(&start(config()), job);
    assert_eq!(next.text(), fresh.text(), "a prefill changes nothing of what is written");
}

#[test]
fn a_request_ends_a_prefill_within_a_step() {
    let engine = start(config());
    let text = format!("{}let x = $0\n", "fn filler(value: u64) -> u64 { value + 1 }\n".repeat(40));
    // Nothing tells from outside that a prefill runs. Of several, the newest runs before the others: these come
    // next. One takes some 2 ms, so it takes some attempts to meet one in its middle.
    let gave_way = (0..2_000_u64).any(|attempt| {
        let prefill = |number| {
            let lane = 10 + 8 * attempt + number;
            let text = format!("// {lane}\n{text}");
            engine.generate(Job { lane, task: Task::Prefill, urgency: Urgency::Background, ..job(&text) })
        };
        let mut prefills: Vec<Generation> = (0..8).map(prefill).collect();
        collect(prefills.remove(7));
        let request = ask(&engine, Job { lane: 1, max_tokens: 1, ..job("let x = $0;\n") });
        assert!(!matches!(request.finish(), Finish::Cancelled | Finish::Superseded));
        let is_cut = |stream| {
            let prefill = collect(stream);
            prefill.finish() == &Finish::Cancelled && prefill.prompt.evaluated < prefill.prompt.tokens
        };
        prefills.into_iter().any(is_cut)
    });
    assert!(gave_way, "no prefill gave way");
}
