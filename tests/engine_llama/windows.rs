//! Several clients of one engine: a long job lets another client's ahead, and neither text shows it.

use std::sync::atomic::{AtomicBool, Ordering};

use tandem::engine::{Engine, Event, Finish, Job};

use crate::support::{Answer, ask, collect, config, job, start};

/// Goes on for hundreds of tokens.
fn long() -> Job {
    Job { max_tokens: 600, max_lines: 600, ..job("fn main() {\n    let numbers = vec![1, 2, 3, $0") }
}

/// So often it is tried to catch one in the middle of another: on a busy machine the one that asks may be held up.
const TRIES: usize = 50;

#[test]
fn a_request_goes_ahead_of_another_windows_long_one_and_both_write_what_they_write_alone() {
    let engine = start(config());
    let (one, other) = (engine.handle(), engine.handle());
    let short = || Job { max_tokens: 8, ..job("def total(prices):\n    return $0\n") };
    let alone = (ask(&one, long()), ask(&other, short()));
    let shares_time = |answer: &Answer| answer.report.queue_us + answer.report.compute_us <= answer.report.total_us;
    let mut was_ahead = false;
    for _ in 0..TRIES {
        let mut running = one.generate(long());
        let begun = running.blocking_next();
        assert!(matches!(begun, Some(Event::Started(_))), "{begun:?}");
        let has_ended = AtomicBool::new(false);
        let (interrupted, ahead) = std::thread::scope(|scope| {
            let rest = scope.spawn(|| {
                let rest = collect(running);
                has_ended.store(true, Ordering::SeqCst);
                rest
            });
            let ahead = ask(&other, short());
            was_ahead |= !has_ended.load(Ordering::SeqCst);
            (rest.join().expect("no panic"), ahead)
        });
        assert_eq!(ahead.text(), alone.1.text());
        assert_eq!(interrupted.text(), alone.0.text(), "the cache of one is not the other's");
        assert_eq!(interrupted.report.generated, alone.0.report.generated);
        assert!(shares_time(&interrupted) && shares_time(&ahead), "{:?} {:?}", interrupted.report, ahead.report);
        if was_ahead {
            break;
        }
    }
    assert!(was_ahead, "it waited for the other's end {TRIES} times");
    assert!(matches!(alone.0.finish(), Finish::MaxTokens | Finish::MaxLines | Finish::EndOfText));
}

#[test]
fn a_job_that_let_another_ahead_can_be_cancelled_and_superseded() {
    let engine = start(config());
    let (one, other) = (engine.handle(), engine.handle());
    for _ in 0..5 {
        let running = one.generate(long());
        let ahead = other.generate(long());
        let newer = one.generate(Job { max_tokens: 4, ..job("let x = $0;\n") });
        ahead.cancel();
        let (running, ahead, newer) = (collect(running), collect(ahead), collect(newer));
        // Whoever was quicker than this test has an end of its own.
        for ended in [&running, &ahead] {
            assert!(!matches!(ended.finish(), Finish::Failed(_)), "{:?}", ended.finish());
        }
        assert!(!newer.text().is_empty());
    }
}
