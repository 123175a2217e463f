//! 64 requests at a time through two servers and a command, in an order that nobody chose: every step of every request may
//! come before or after every other one's, clocks jump, and processes end in the middle.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tandem::budget::{
    Account, Admission, Amount, Clock, Guards, Ledger, LedgerError, Limit, Period, Picodollars, Purpose, Refusal,
    Reserved, Scope, Stage,
};

use super::provider::{Dice, Market, Request};
use super::verdict::{Billed, Bills, Verdict, judge};

const REQUESTS: usize = 64;
/// Two servers and a command.
const PROCESSES: usize = 3;
/// As every official SDK does it.
const RETRIES: u32 = 2;

/// A place for a run's ledger: in memory where there is such a place, because each run syncs some three hundred times.
pub fn place() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    let place = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
    place.unwrap_or_else(|error| panic!("{error}"))
}

/// Opens the run's ledger as one more process does.
pub type Open<'a> = &'a dyn Fn(Clock) -> Box<dyn Ledger>;

#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    pub verdict: Verdict,
    pub admitted: u64,
    pub refused: u64,
    pub crashes: u64,
}

enum Phase {
    Waiting,
    Reserved(Reserved),
    Sent(Reserved),
    Streaming(Reserved, u64),
    Done,
}

struct Slot {
    phase: Phase,
    request: Request,
    which: usize,
    process: usize,
    attempts: u32,
}

/// Only what the gate may meet: everything else is a fault of the ledger.
fn must<T>(result: Result<T, LedgerError>) -> T {
    result.unwrap_or_else(|error| panic!("{error}"))
}

pub fn run(seed: u64, market: &Market, open: Open<'_>) -> Run {
    let mut dice = Dice(seed);
    let now = Arc::new(AtomicI64::new(dice.within(1_700_000_000, 1_800_000_000) as i64));
    let clock = |now: &Arc<AtomicI64>| {
        let now = now.clone();
        Clock::new(move || now.load(Ordering::SeqCst))
    };
    let limits = roll_limits(&mut dice);
    let mut processes: Vec<Box<dyn Ledger>> = (0..PROCESSES).map(|_| open(clock(&now))).collect();
    let mut sessions: Vec<u64> = (0..PROCESSES as u64).collect();
    let mut slots: Vec<Slot> = (0..REQUESTS)
        .map(|which| Slot {
            phase: Phase::Waiting,
            request: Request::roll(&mut dice, market, which),
            which,
            process: which % PROCESSES,
            attempts: 0,
        })
        .collect();
    let mut bills = Bills::new();
    let mut run = Run::default();
    let mut alive: Vec<usize> = (0..REQUESTS).collect();
    while !alive.is_empty() {
        match dice.within(0, 299) {
            0..=5 => {
                // Mostly on, over midnights, at times back.
                let seconds = dice.within(1, 40_000) as i64;
                now.fetch_add(if dice.percent(25) { -seconds } else { seconds }, Ordering::SeqCst);
            }
            6 => {
                let dead = dice.within(0, PROCESSES as u64 - 1) as usize;
                // Gone before its successor looks what it left.
                drop(std::mem::replace(&mut processes[dead], Box::new(Nobody)));
                processes[dead] = open(clock(&now));
                sessions[dead] += PROCESSES as u64;
                run.crashes += 1;
                for slot in slots.iter_mut().filter(|slot| slot.process == dead) {
                    if !matches!(slot.phase, Phase::Waiting) {
                        slot.phase = Phase::Done;
                    }
                }
            }
            _ => {}
        }
        let at = dice.within(0, alive.len() as u64 - 1) as usize;
        let slot = &mut slots[alive[at]];
        let ledger = processes[slot.process].as_ref();
        let (promise, bill) = (slot.request.promise(), slot.request.bill());
        let billed = |bill| Billed { bill, is_as_promised: slot.request.is_as_promised() };
        let mut again = false;
        slot.phase = match std::mem::replace(&mut slot.phase, Phase::Done) {
            Phase::Waiting => {
                let account = Account {
                    session: format!("session-{}", sessions[slot.process]),
                    workspace: format!("workspace-{}", slot.which % 2),
                    provider: format!("provider-{}", slot.which % 3),
                    model: format!("model-{}", slot.which % 3),
                    purpose: Purpose::Question,
                };
                let mut digest = [0; 32];
                digest[..8].copy_from_slice(&(slot.which as u64).to_le_bytes());
                let asked = ledger.reserve(&Admission {
                    account: &account,
                    limits: &limits,
                    money: Picodollars(promise.money),
                    tokens: promise.tokens,
                    price: "row@2026-01-01",
                    digest: &digest,
                    guards: Guards::OFF,
                });
                slot.attempts += 1;
                match asked {
                    Ok(reserved) => {
                        run.admitted += 1;
                        Phase::Reserved(reserved)
                    }
                    Err(Refusal::OverLimit { .. }) => {
                        run.refused += 1;
                        Phase::Done
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            Phase::Reserved(reserved) if dice.percent(5) => {
                // Never connected.
                must(ledger.release(reserved));
                again = true;
                Phase::Done
            }
            Phase::Reserved(reserved) => {
                // From here on the provider may work, and bill, whatever becomes of us.
                bills.insert(reserved.0, billed(bill));
                must(ledger.advance(reserved, Stage::Sent, Picodollars::ZERO));
                Phase::Sent(reserved)
            }
            Phase::Sent(reserved) if dice.percent(8) => {
                // 429, 500, 529: nothing is billed.
                bills.remove(&reserved.0);
                must(ledger.release(reserved));
                again = true;
                Phase::Done
            }
            Phase::Sent(reserved) if dice.percent(5) => {
                // A timeout after it was sent: it may be billed, and is asked again on top.
                must(ledger.settle(reserved, &slot.request.unanswered()));
                again = true;
                Phase::Done
            }
            Phase::Sent(reserved) => Phase::Streaming(reserved, 0),
            Phase::Streaming(reserved, seen) => {
                let seen = (seen + slot.request.shown().div_ceil(dice.within(1, 4))).min(slot.request.shown());
                must(ledger.advance(reserved, Stage::Streaming, Picodollars(promise.money / 10)));
                if dice.percent(20) {
                    // Cancelled by the user, or cut off; at times before the first word.
                    let seen = if dice.percent(20) { 0 } else { seen };
                    let (bill, settlement) = slot.request.cut(&mut dice, seen);
                    bills.insert(reserved.0, billed(bill));
                    must(ledger.settle(reserved, &settlement));
                    again = dice.percent(30);
                    Phase::Done
                } else if seen < slot.request.shown() {
                    Phase::Streaming(reserved, seen)
                } else {
                    must(ledger.settle(reserved, &slot.request.complete()));
                    if dice.percent(10) {
                        must(ledger.settle(reserved, &slot.request.complete()));
                    }
                    Phase::Done
                }
            }
            Phase::Done => Phase::Done,
        };
        if again && slot.attempts <= RETRIES {
            slot.phase = Phase::Waiting;
        }
        if matches!(slot.phase, Phase::Done) {
            alive.swap_remove(at);
        }
    }
    // What the dead left is settled by whoever comes next.
    drop(processes);
    let ledger = open(clock(&now));
    run.verdict = judge(&must(ledger.entries(0, i64::MAX)), &bills, &limits);
    run
}

/// Some of all kinds: hopeless ones, tight ones, and some that never matter.
fn roll_limits(dice: &mut Dice) -> Vec<Limit> {
    let periods = [Period::Request, Period::Session, Period::Hour, Period::Day, Period::Month];
    let limits = (0..dice.within(2, 6)).map(|_| {
        let scope = match dice.within(0, 5) {
            0 => Scope::Workspace,
            1 => Scope::Provider(format!("provider-{}", dice.within(0, 2))),
            2 => Scope::Model(format!("model-{}", dice.within(0, 2))),
            _ => Scope::User,
        };
        let amount = if dice.percent(70) {
            // From two cents to ten dollars; a request is up to a dollar.
            Amount::Money(Picodollars(20_000_000_000 << dice.within(0, 9)))
        } else {
            Amount::Tokens(5_000 << dice.within(0, 9))
        };
        Limit { amount, period: periods[dice.within(0, 4) as usize], scope }
    });
    limits.collect()
}

/// Stands in while a process is replaced.
#[derive(Debug)]
struct Nobody;

mod nobody {
    use tandem::budget::{
        Account, Admission, Crossing, Entry, Ledger, LedgerError, Limit, Period, Picodollars, Refusal, Reserved,
        Settlement, Span, Stage, WindowState,
    };

    fn gone<T>() -> Result<T, LedgerError> {
        Err(LedgerError::Unusable("nobody is there".to_owned()))
    }

    impl Ledger for super::Nobody {
        fn reserve(&self, _: &Admission<'_>) -> Result<Reserved, Refusal> {
            gone().map_err(Refusal::from)
        }
        fn advance(&self, _: Reserved, _: Stage, _: Picodollars) -> Result<(), LedgerError> {
            gone()
        }
        fn settle(&self, _: Reserved, _: &Settlement) -> Result<(), LedgerError> {
            gone()
        }
        fn release(&self, _: Reserved) -> Result<(), LedgerError> {
            gone()
        }
        fn windows(&self, _: &Account, _: &[Limit]) -> Result<Vec<WindowState>, LedgerError> {
            gone()
        }
        fn crossings(&self, _: &Account, _: &[Limit]) -> Result<Vec<Crossing>, LedgerError> {
            gone()
        }
        fn reconcile(&self) -> Result<usize, LedgerError> {
            gone()
        }
        fn entries(&self, _: i64, _: i64) -> Result<Vec<Entry>, LedgerError> {
            gone()
        }
        fn span(&self, _: Period) -> Result<Option<Span>, LedgerError> {
            gone()
        }
    }
}
