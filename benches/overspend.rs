//! Overspend: `cargo bench --bench overspend`. What it is stands in `verdict`.
//!
//! 10,000 interleavings of 64 requests in one process, then 200 runs of real processes that are killed. `--runs N`,
//! `--processes N` and `--seed N` change that.

mod overspend {
    pub mod careless;
    pub mod interleaved;
    pub mod processes;
    pub mod provider;
    pub mod verdict;
}

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use overspend::careless::Careless;
use overspend::provider::Market;
use overspend::{interleaved, processes};
use tandem::budget::{Ledger, SqliteLedger};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == processes::PART) {
        return processes::play_a_part(&arguments[1..]);
    }
    let number = |name: &str, usual: u64| {
        let at = arguments.iter().position(|argument| argument == name);
        at.and_then(|at| arguments.get(at + 1)?.parse().ok()).unwrap_or(usual)
    };
    let seed = number("--seed", 1);
    println!("interleaved, 64 requests in two servers and a command:");
    let clean = interleave(number("--runs", 10_000), seed, |ledger| ledger);
    println!("the same with a ledger that forgets what is under way, to see that the measure sees it:");
    let careless = interleave(100, seed, |ledger| Box::new(Careless(ledger)));
    println!("real processes, killed at random moments:");
    let killed = kill(number("--processes", 200), seed);
    assert!(clean && killed, "overspent");
    assert!(!careless, "the measure is blind");
}

/// Whether all of it was clean.
fn interleave(runs: u64, seed: u64, wrap: fn(Box<dyn Ledger>) -> Box<dyn Ledger>) -> bool {
    let (next, sum) = (AtomicU64::new(0), Mutex::new(interleaved::Run::default()));
    let (began, market) = (Instant::now(), Market::open());
    let threads = std::thread::available_parallelism().map_or(1, |threads| threads.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let place = interleaved::place();
                loop {
                    let run = next.fetch_add(1, Ordering::SeqCst);
                    if run >= runs {
                        return;
                    }
                    let directory = place.path().join(run.to_string());
                    let open = |clock| -> Box<dyn Ledger> {
                        let ledger = SqliteLedger::open(&directory.join("ledger.db"), clock, jiff::tz::TimeZone::UTC);
                        wrap(Box::new(ledger.unwrap_or_else(|error| panic!("{error}"))))
                    };
                    let done = interleaved::run(seed.wrapping_mul(1_000_003).wrapping_add(run), &market, &open);
                    let mut sum = sum.lock().unwrap_or_else(PoisonError::into_inner);
                    sum.verdict.add(done.verdict);
                    sum.admitted += done.admitted;
                    sum.refused += done.refused;
                    sum.crashes += done.crashes;
                    let _ = std::fs::remove_dir_all(&directory);
                }
            });
        }
    });
    let sum = *sum.lock().unwrap_or_else(PoisonError::into_inner);
    let verdict = sum.verdict;
    println!(
        "  runs {runs} · admitted {} · refused {} · processes that ended in the middle {} · {:.0} s",
        sum.admitted,
        sum.refused,
        sum.crashes,
        began.elapsed().as_secs_f64()
    );
    report(&verdict);
    verdict.is_clean()
}

fn kill(runs: u64, seed: u64) -> bool {
    let program = std::env::current_exe().unwrap();
    let mut sum = processes::Run::default();
    let began = Instant::now();
    for run in 0..runs {
        let done = processes::run(seed.wrapping_mul(7_919).wrapping_add(run), &program);
        sum.verdict.add(done.verdict);
        sum.killed += done.killed;
        sum.presumed += done.presumed;
    }
    println!(
        "  runs {runs} · killed {} processes · presumed spent or settled in full {} · {:.0} s",
        sum.killed,
        sum.presumed,
        began.elapsed().as_secs_f64()
    );
    report(&sum.verdict);
    sum.verdict.is_clean()
}

fn report(verdict: &overspend::verdict::Verdict) {
    println!(
        "  windows {}, of which {} at least half used · billed {}, of which {} for more than was promised",
        verdict.windows, verdict.well_used, verdict.billed, verdict.broken_promises
    );
    println!(
        "  overspent windows {} · bills unknown to the ledger {} · left open {}",
        verdict.overspent, verdict.unknown, verdict.left_open
    );
}
