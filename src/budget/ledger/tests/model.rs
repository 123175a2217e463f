//! The ledger against a model of it that is too simple to be wrong, over histories that nobody thought of.

use proptest::prelude::*;

use super::*;

#[derive(Clone, Debug)]
enum Step {
    /// By one of two processes, in one of two workspaces.
    Reserve {
        process: usize,
        workspace: bool,
        amount: u64,
    },
    /// Of the nth reservation so far; the number of others for the ending.
    Advance {
        which: usize,
        streaming: bool,
        floor: u64,
    },
    Settle {
        which: usize,
        amount: u64,
    },
    Release {
        which: usize,
    },
    /// One of the processes is killed, and another one opens the ledger.
    Crash {
        process: usize,
    },
    /// Seconds, in either direction.
    Jump(i64),
}

fn step() -> impl Strategy<Value = Step> {
    let which = 0..40usize;
    prop_oneof![
        6 => (0..2usize, any::<bool>(), 0..60u64)
            .prop_map(|(process, workspace, amount)| Step::Reserve { process, workspace, amount }),
        2 => (which.clone(), any::<bool>(), 0..80u64)
            .prop_map(|(which, streaming, floor)| Step::Advance { which, streaming, floor }),
        4 => (which.clone(), 0..90u64).prop_map(|(which, amount)| Step::Settle { which, amount }),
        1 => which.prop_map(|which| Step::Release { which }),
        1 => (0..2usize).prop_map(|process| Step::Crash { process }),
        2 => (-90_000..90_000i64).prop_map(Step::Jump),
    ]
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Now {
    Open { is_streaming: bool },
    Presumed,
    Settled,
    Released,
}

/// What the model knows of a reservation.
#[derive(Clone, Debug)]
struct Request {
    at: i64,
    workspace: bool,
    process: u32,
    reserved: u64,
    money: u64,
    tokens: u64,
    now: Now,
}

impl Request {
    fn is_open(&self) -> bool {
        matches!(self.now, Now::Open { .. })
    }

    fn end(&mut self, now: Now, amount: u64) {
        (self.now, self.money, self.tokens) = (now, amount, amount * 10);
    }
}

fn workspace(second: bool) -> Account {
    Account { workspace: if second { "workspace-2".into() } else { "workspace-1".into() }, ..account() }
}

fn limits() -> Vec<Limit> {
    vec![
        money(40, Period::Request, Scope::User),
        money(120, Period::Hour, Scope::User),
        money(90, Period::Day, Scope::Workspace),
        tokens(2_000, Period::Day, Scope::User),
        money(400, Period::Month, Scope::User),
    ]
}

/// What counts of the requests that a limit is about, and what of it is above what was promised.
fn counted(limit: &Limit, requests: &[Request], second: bool, now: i64) -> (u64, u64) {
    let start = match limit.period {
        Period::Hour => now - now.rem_euclid(HOUR),
        Period::Day => now - now.rem_euclid(24 * HOUR),
        _ => crate::budget::windows::span(limit.period, now, &jiff::tz::TimeZone::UTC).unwrap().start,
    };
    let theirs = requests
        .iter()
        .filter(|request| request.at >= start && (limit.scope == Scope::User || request.workspace == second));
    theirs.fold((0, 0), |(sum, excess), request| {
        let (counts, reserved) = match limit.amount {
            Amount::Money(_) => (request.money, request.reserved),
            Amount::Tokens(_) => (request.tokens, request.reserved * 10),
        };
        (sum + counts, excess + counts.saturating_sub(reserved))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_history_passes_a_limit_but_by_costs_above_their_reservations(
        steps in proptest::collection::vec(step(), 1..60)
    ) {
        let scene = Scene::new();
        let mut processes = [(scene.open(), 0u32), (scene.open(), 1)];
        let mut requests: Vec<Request> = Vec::new();
        let mut ids: Vec<Reserved> = Vec::new();
        let (mut seen, mut next) = (0, 2);
        for step in steps {
            match step {
                Step::Reserve { process, workspace: second, amount } => {
                    let now = seen.max(scene.now.load(Ordering::SeqCst));
                    let fits = |limit: &Limit| {
                        let scale = if matches!(limit.amount, Amount::Tokens(_)) { 10 } else { 1 };
                        let there = match limit.period {
                            Period::Request => 0,
                            _ => counted(limit, &requests, second, now).0,
                        };
                        there + amount * scale <= limit.units()
                    };
                    let expected = limits().iter().all(fits);
                    let (ledger, process) = &processes[process];
                    let asked = ask(ledger, &workspace(second), &limits(), amount);
                    prop_assert_eq!(asked.is_ok(), expected, "{:?}", asked);
                    if let Ok(reserved) = asked {
                        seen = now;
                        ids.push(reserved);
                        requests.push(Request {
                            at: now, workspace: second, process: *process, reserved: amount, money: amount,
                            tokens: amount * 10, now: Now::Open { is_streaming: false },
                        });
                    }
                }
                Step::Jump(seconds) => { scene.now.fetch_add(seconds, Ordering::SeqCst); }
                Step::Crash { process } => {
                    let dead = processes[process].1;
                    // The old one has to be gone before the new one looks.
                    let elsewhere = Scene::new();
                    processes[process] = (elsewhere.open(), next);
                    processes[process] = (scene.open(), next);
                    next += 1;
                    for request in requests.iter_mut().filter(|request| request.is_open() && request.process == dead) {
                        request.now = Now::Presumed;
                    }
                }
                _ if ids.is_empty() => {}
                Step::Advance { which, streaming, floor } => {
                    let which = which % ids.len();
                    let stage = if streaming { Stage::Streaming } else { Stage::Sent };
                    processes[0].0.advance(ids[which], stage, Picodollars(floor)).unwrap();
                    let request = &mut requests[which];
                    if let Now::Open { is_streaming } = &mut request.now {
                        *is_streaming |= streaming;
                        request.money = request.money.max(floor);
                    }
                }
                Step::Settle { which, amount } => {
                    let which = which % ids.len();
                    processes[1].0.settle(ids[which], &cost(amount)).unwrap();
                    if requests[which].now == Now::Released {
                        // Its reservation was given back, and others may have taken it.
                        requests[which].reserved = 0;
                    }
                    if requests[which].now != Now::Settled {
                        requests[which].end(Now::Settled, amount);
                    }
                }
                Step::Release { which } => {
                    let which = which % ids.len();
                    let released = processes[0].0.release(ids[which]);
                    let request = &mut requests[which];
                    let may = matches!(request.now, Now::Presumed | Now::Released | Now::Open { is_streaming: false });
                    prop_assert_eq!(released.is_ok(), may, "{:?} {:?}", released, request.now);
                    if may {
                        request.end(Now::Released, 0);
                    }
                }
            }
            let now = seen.max(scene.now.load(Ordering::SeqCst));
            for second in [false, true] {
                for window in processes[0].0.windows(&workspace(second), &limits()[1..]).unwrap() {
                    let (sum, excess) = counted(&window.limit, &requests, second, now);
                    prop_assert_eq!(window.settled + window.open, sum, "{:?}", window.limit);
                    prop_assert!(sum <= window.allowed() + excess, "{:?}: {} with {} above", window.limit, sum, excess);
                }
            }
        }
    }
}
