//! What a reservation costs in time: `cargo bench --bench ledger`. A month of 2,000 requests on the disk that temporary
//! files lie on, six limits, both guards on.

use std::time::{Duration, Instant};

use tandem::budget::{
    Account, Admission, Amount, Clock, Guards, Ledger, Limit, Outcome, Period, Picodollars, Purpose, Scope, Settlement,
    SqliteLedger, Stage,
};

const ENTRIES: i64 = 2_000;
const MEASURED: usize = 200;
/// 2026-11-28.
const NOW: i64 = 1_795_824_000;

fn limits() -> Vec<Limit> {
    let limit = |period, scope| Limit { amount: Amount::Money(Picodollars(u64::MAX >> 1)), period, scope };
    vec![
        limit(Period::Month, Scope::User),
        limit(Period::Day, Scope::User),
        limit(Period::Month, Scope::Workspace),
        limit(Period::Month, Scope::Provider("openai".into())),
        limit(Period::Session, Scope::User),
        Limit { amount: Amount::Tokens(u64::MAX >> 1), period: Period::Hour, scope: Scope::User },
    ]
}

fn main() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("state/ledger.db");
    let time = std::sync::Arc::new(std::sync::atomic::AtomicI64::new(NOW - ENTRIES));
    let clock = || {
        let time = time.clone();
        Clock::new(move || time.load(std::sync::atomic::Ordering::SeqCst))
    };
    let open = || SqliteLedger::open(&file, clock(), jiff::tz::TimeZone::UTC).unwrap();
    let ledger = open();
    let account = Account {
        session: "s".into(),
        workspace: "w".into(),
        provider: "openai".into(),
        model: "gpt-6".into(),
        purpose: Purpose::Question,
    };
    let limits = limits();
    let settlement = Settlement {
        money: Picodollars(1_000_000),
        tokens: 900,
        outcome: Outcome::Counted,
        own_cost: None,
        provider_cost: None,
    };
    let mut times: [Vec<Duration>; 3] = Default::default();
    for entry in 0..ENTRIES {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&entry.to_le_bytes());
        let is_measured = ENTRIES - entry <= MEASURED as i64;
        // Filled without limits: that is quicker, and the same rows.
        let (limits, guards) =
            if is_measured { (limits.as_slice(), Guards::default()) } else { (&[][..], Guards::OFF) };
        let admission = Admission {
            account: &account,
            limits,
            money: Picodollars(2_000_000),
            tokens: 1_000,
            price: "gpt-6@2026-11-01",
            digest: &digest,
            guards,
        };
        let began = Instant::now();
        let reserved = ledger.reserve(&admission).unwrap();
        let at_reserve = began.elapsed();
        ledger.advance(reserved, Stage::Streaming, Picodollars::ZERO).unwrap();
        let at_advance = began.elapsed();
        ledger.settle(reserved, &settlement).unwrap();
        if is_measured {
            times[0].push(at_reserve);
            times[1].push(at_advance - at_reserve);
            times[2].push(began.elapsed() - at_advance);
        }
        time.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
    }
    println!("with {ENTRIES} entries in the month, {} limits, milliseconds:", limits.len());
    for (what, times) in ["reserve", "advance", "settle"].into_iter().zip(&mut times) {
        times.sort();
        let at = |share: usize| times[times.len() * share / 100].as_secs_f64() * 1e3;
        println!("  {what:8} median {:.2} · 95 % {:.2}", at(50), at(95));
    }
    let began = Instant::now();
    let windows = ledger.windows(&account, &limits).unwrap();
    println!("  windows  {:.2} ({} of them)", began.elapsed().as_secs_f64() * 1e3, windows.len());
    drop(ledger);
    let began = Instant::now();
    drop(open());
    let bytes = file.metadata().unwrap().len();
    println!("  open     {:.2}, all {:.1} MB read", began.elapsed().as_secs_f64() * 1e3, bytes as f64 / 1e6);
}
