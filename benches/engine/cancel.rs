//! How fast a job ends that nobody wants any more, and how fast the next one starts, with 64 others waiting.

use std::time::{Duration, Instant};

use super::corpus::cursors;
use super::support::{collect, config, job, print_line, start};
use tandem::engine::{Engine, Event, Finish, Generation, Job};

const ROUNDS: usize = 200;
const WAITING: u64 = 64;

pub fn run() {
    println!("\ncancel and supersede, {WAITING} jobs of other documents waiting");
    let engine = start(config());
    let cursors = cursors(ROUNDS);
    let long = |round: usize, lane: u64| -> Job {
        let cursor = &cursors[(round + lane as usize) % cursors.len()];
        let mut job = job(&cursor.text[..cursor.offset], &cursor.text[cursor.offset..]);
        (job.lane, job.max_tokens, job.max_lines) = (lane, 90, 90);
        job
    };
    let (mut to_cancel, mut to_supersede, mut to_start) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        // The engine is idle, so this one runs at once and the others wait behind it.
        let running = engine.generate(long(round, round as u64 % 7));
        std::thread::sleep(Duration::from_millis(3));
        let waiting: Vec<Generation> = (100..100 + WAITING).map(|lane| engine.generate(long(round, lane))).collect();
        // Sometimes in the prefill, sometimes while it generates.
        std::thread::sleep(Duration::from_micros(300 * (round as u64 % 60)));
        let start = Instant::now();
        if round % 2 == 0 {
            running.cancel();
            if ended(running).is_some() {
                to_cancel.push(start.elapsed().as_secs_f64() * 1000.0);
            }
        } else {
            let next = engine.generate(Job { max_tokens: 1, ..long(round + 1, round as u64 % 7) });
            let finish = ended(running);
            if finish.is_some() {
                to_supersede.push(start.elapsed().as_secs_f64() * 1000.0);
            }
            let report = collect(next).report;
            // One that still waited was behind another document's job: its successor waits for that one, too.
            if finish == Some(Finish::Cancelled) {
                to_start.push((report.queue_us + report.tokenize_us) as f64 / 1000.0);
            }
        }
        waiting.iter().for_each(Generation::cancel);
        waiting.into_iter().for_each(|stream| drop(collect(stream)));
    }
    print_line("cancel to reply", to_cancel, "ms");
    print_line("supersede to reply", to_supersede, "ms");
    print_line("next request: receipt to its first decode", to_start, "ms");
}

/// Reads to the end; how the job was ended from outside, if it was.
fn ended(mut stream: Generation) -> Option<Finish> {
    let mut finish = None;
    while let Some(event) = stream.blocking_next() {
        if let Event::Finished { reason: reason @ (Finish::Cancelled | Finish::Superseded), .. } = event {
            finish = Some(reason);
        }
    }
    finish
}
