//! No limit is overspent: a small part of `benches/overspend.rs`, which has the large numbers and says what overspend is.

#[path = "../benches/overspend"]
mod overspend {
    pub mod careless;
    pub mod interleaved;
    pub mod processes;
    pub mod provider;
    pub mod verdict;
}

use libtest_mimic::{Arguments, Failed, Trial};
use overspend::careless::Careless;
use overspend::provider::Market;
use overspend::verdict::Verdict;
use overspend::{interleaved, processes};
use tandem::budget::{Ledger, SqliteLedger};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == processes::PART) {
        return processes::play_a_part(&arguments[1..]);
    }
    let trials = vec![
        Trial::test("interleaved_requests_overspend_nothing", interleaved_requests_overspend_nothing),
        Trial::test("killed_processes_overspend_nothing", killed_processes_overspend_nothing),
        Trial::test("a_careless_ledger_is_noticed", a_careless_ledger_is_noticed),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}

fn interleave(runs: u64, wrap: fn(Box<dyn Ledger>) -> Box<dyn Ledger>) -> Verdict {
    let (mut sum, market) = (Verdict::default(), Market::open());
    for seed in 0..runs {
        let place = interleaved::place();
        let open = |clock| -> Box<dyn Ledger> {
            let file = place.path().join("state/ledger.db");
            wrap(Box::new(SqliteLedger::open(&file, clock, jiff::tz::TimeZone::UTC).unwrap()))
        };
        sum.add(interleaved::run(seed, &market, &open).verdict);
    }
    sum
}

fn must(holds: bool, verdict: &Verdict) -> Result<(), Failed> {
    if holds { Ok(()) } else { Err(format!("{verdict:?}").into()) }
}

fn interleaved_requests_overspend_nothing() -> Result<(), Failed> {
    let verdict = interleave(12, |ledger| ledger);
    must(verdict.is_clean() && verdict.well_used > 10 && verdict.broken_promises > 0, &verdict)
}

fn killed_processes_overspend_nothing() -> Result<(), Failed> {
    let program = std::env::current_exe()?;
    let mut sum = Verdict::default();
    for seed in 0..3 {
        sum.add(processes::run(seed, &program).verdict);
    }
    must(sum.is_clean(), &sum)
}

fn a_careless_ledger_is_noticed() -> Result<(), Failed> {
    let verdict = interleave(6, |ledger| Box::new(Careless(ledger)));
    must(verdict.overspent > 0, &verdict)
}
