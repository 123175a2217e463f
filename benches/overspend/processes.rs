//! Real processes on one ledger: two servers with many requests at a time, and commands with one each, killed at random
//! moments. The provider is a file to which a line is added for each request that was sent: it bills all of it, unless a
//! second line says that it stopped sooner.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tandem::budget::{
    Account, Admission, Amount, Clock, Guards, Ledger, Limit, Outcome, Period, Picodollars, Purpose, Refusal, Scope,
    SqliteLedger, Stage,
};

use super::provider::{Bill, Dice, Market, Request};
use super::verdict::{Billed, Bills, Verdict, judge};

/// Of 64 at a time: two servers' and four commands'.
const THREADS: u64 = 30;
const COMMANDS: usize = 4;
/// The first argument of a process that plays a part.
pub const PART: &str = "--play-a-part";

#[derive(Clone, Copy, Debug, Default)]
pub struct Run {
    pub verdict: Verdict,
    pub killed: u64,
    /// Reservations that the killed left open.
    pub presumed: u64,
}

fn limits() -> Vec<Limit> {
    let money = |cents: u64, period, scope| {
        let amount = Amount::Money(Picodollars(cents * 10_000_000_000));
        Limit { amount, period, scope }
    };
    vec![
        money(500, Period::Month, Scope::User),
        money(30, Period::Day, Scope::Provider("provider-1".into())),
        money(350, Period::Hour, Scope::Workspace),
        money(250, Period::Session, Scope::User),
        Limit { amount: Amount::Tokens(800_000), period: Period::Day, scope: Scope::User },
    ]
}

fn open(directory: &Path) -> SqliteLedger {
    SqliteLedger::open(&directory.join("ledger.db"), Clock::system(), jiff::tz::TimeZone::UTC)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// One run: starts the processes, kills them, and asks who spent what. `program` calls `play_a_part`.
pub fn run(seed: u64, program: &Path) -> Run {
    let directory = super::interleaved::place();
    let mut dice = Dice(seed);
    let start = |dice: &mut Dice, part: &str, session: usize| -> Child {
        Command::new(program)
            .args([PART, part, &session.to_string(), &dice.roll().to_string()])
            .arg(directory.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let mut run = Run::default();
    let mut sessions = 0..;
    let mut next = || sessions.next().unwrap_or_default();
    let mut servers: Vec<Child> = (0..2).map(|_| start(&mut dice, "server", next())).collect();
    let mut commands: Vec<Child> = (0..COMMANDS).map(|_| start(&mut dice, "command", next())).collect();
    for round in 0..3 {
        std::thread::sleep(Duration::from_millis(dice.within(5, 120)));
        let dead = dice.within(0, 1) as usize;
        kill(&mut servers[dead]);
        run.killed += 1;
        if round < 2 {
            servers[dead] = start(&mut dice, "server", next());
        }
        if dice.percent(50) {
            commands.push(start(&mut dice, "command", next()));
        }
    }
    for process in servers.iter_mut().chain(&mut commands) {
        run.killed += u64::from(kill(process));
    }
    let ledger = open(directory.path());
    let entries = ledger.entries(0, i64::MAX).unwrap();
    run.presumed =
        entries.iter().filter(|entry| entry.state == tandem::budget::State::Settled(Outcome::Presumed)).count() as u64;
    let bills = read_bills(&directory.path().join("bills"));
    run.verdict = judge(&entries, &bills, &limits());
    run
}

/// Exit code of a panic.
const PANICKED: i32 = 101;

/// With SIGKILL where there are signals. Whether it was still running; one that ended by itself must have ended well.
fn kill(process: &mut Child) -> bool {
    let ended = process.try_wait().unwrap();
    assert!(ended.and_then(|status| status.code()) != Some(PANICKED), "a process failed by itself");
    let _ = process.kill();
    let _ = process.wait();
    ended.is_none()
}

fn read_bills(file: &Path) -> Bills {
    let mut bills = Bills::new();
    for line in std::fs::read_to_string(file).unwrap_or_default().lines() {
        let numbers: Vec<u64> = line.split(' ').map(|number| number.parse().unwrap()).collect();
        let [id, money, tokens, is_as_promised] = numbers[..] else { panic!("{line}") };
        bills.insert(id as i64, Billed { bill: Bill { money, tokens }, is_as_promised: is_as_promised == 1 });
    }
    bills
}

/// What a started process does. `arguments`: part, session, seed, directory.
pub fn play_a_part(arguments: &[String]) {
    let [part, session, seed, directory] = arguments else { panic!("{arguments:?}") };
    let (seed, directory) = (seed.parse::<u64>().unwrap(), Path::new(directory));
    let ledger = open(directory);
    let bills = OpenOptions::new().create(true).append(true).open(directory.join("bills")).unwrap();
    let (is_full, market) = (AtomicBool::new(false), Market::open());
    let threads = if part == "server" { THREADS } else { 1 };
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let (ledger, bills, is_full, market) = (&ledger, &bills, &is_full, &market);
            let mut dice = Dice(seed ^ (thread << 48));
            scope.spawn(move || {
                while !is_full.load(Ordering::SeqCst) {
                    if !one_request(ledger, market, bills, session, &mut dice) || part == "command" {
                        // Nothing more fits: so that the killer does not find everything idle, smaller ones are tried on.
                        is_full.store(dice.percent(2), Ordering::SeqCst);
                    }
                    if part == "command" {
                        return;
                    }
                }
            });
        }
    });
}

/// False when a limit refused it.
fn one_request(ledger: &SqliteLedger, market: &Market, mut bills: &File, session: &str, dice: &mut Dice) -> bool {
    let which = dice.within(0, market.len() as u64 - 1) as usize;
    let request = Request::roll(dice, market, which);
    let promise = request.promise();
    let account = Account {
        session: session.to_owned(),
        workspace: format!("workspace-{}", dice.within(0, 1)),
        provider: format!("provider-{which}"),
        model: format!("model-{which}"),
        purpose: Purpose::Question,
    };
    let asked = ledger.reserve(&Admission {
        account: &account,
        limits: &limits(),
        money: Picodollars(promise.money),
        tokens: promise.tokens,
        price: "row@2026-01-01",
        digest: &[0; 32],
        guards: Guards::OFF,
    });
    let reserved = match asked {
        Ok(reserved) => reserved,
        Err(Refusal::OverLimit { .. }) => return false,
        Err(other) => panic!("{other}"),
    };
    // One write of less than a page: whole or not there.
    let mut bill = |bill: Bill| {
        let is_as_promised = u8::from(request.is_as_promised());
        let line = format!("{} {} {} {is_as_promised}\n", reserved.0, bill.money, bill.tokens);
        bills.write_all(line.as_bytes()).unwrap();
    };
    if dice.percent(5) {
        ledger.release(reserved).unwrap();
        return true;
    }
    bill(request.bill());
    ledger.advance(reserved, Stage::Sent, Picodollars::ZERO).unwrap();
    if dice.percent(50) {
        std::thread::sleep(Duration::from_micros(dice.within(0, 3_000)));
    }
    if dice.percent(30) {
        ledger.advance(reserved, Stage::Streaming, Picodollars(promise.money / 10)).unwrap();
        let (billed, settlement) = request.cut(dice, request.shown() / 2);
        // The provider stops no sooner than we hang up.
        bill(billed);
        ledger.settle(reserved, &settlement).unwrap();
    } else {
        ledger.settle(reserved, &request.complete()).unwrap();
    }
    true
}
