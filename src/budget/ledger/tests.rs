//! The rules, as the gate meets them: on a file, with a clock that is set by hand.

mod ending;
mod model;
mod time;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::*;
use crate::budget::{Amount, Limit, Picodollars, Scope};

/// Wednesday, 2026-03-18, 12:00 UTC.
pub const NOON: i64 = 1_773_835_200;
pub const HOUR: i64 = 3_600;

/// A place for a ledger, and the time there.
pub struct Scene {
    pub place: tempfile::TempDir,
    pub now: Arc<AtomicI64>,
    pub zone: String,
}

impl Scene {
    pub fn new() -> Self {
        Self { place: in_memory(), now: Arc::new(AtomicI64::new(NOON)), zone: "UTC".to_owned() }
    }

    pub fn file(&self) -> std::path::PathBuf {
        self.place.path().join("state/ledger.db")
    }

    pub fn clock(&self) -> Clock {
        let now = self.now.clone();
        Clock::new(move || now.load(Ordering::SeqCst))
    }

    /// As another process opens it.
    pub fn open(&self) -> SqliteLedger {
        SqliteLedger::open(&self.file(), self.clock(), crate::budget::zone(&self.zone).unwrap()).unwrap()
    }

    pub fn set(&self, now: i64) {
        self.now.store(now, Ordering::SeqCst);
    }
}

/// In memory where there is such a place: every change is synced, and there are many.
fn in_memory() -> tempfile::TempDir {
    let memory = std::path::Path::new("/dev/shm");
    if memory.is_dir() { tempfile::tempdir_in(memory).unwrap() } else { tempfile::tempdir().unwrap() }
}

pub fn account() -> Account {
    Account {
        session: "session-1".into(),
        workspace: "workspace-1".into(),
        provider: "openai".into(),
        model: "gpt-6".into(),
        purpose: Purpose::Question,
    }
}

pub fn money(amount: u64, period: Period, scope: Scope) -> Limit {
    Limit { amount: Amount::Money(Picodollars(amount)), period, scope }
}

pub fn tokens(amount: u64, period: Period, scope: Scope) -> Limit {
    Limit { amount: Amount::Tokens(amount), period, scope }
}

/// Asks for some money and ten times as many tokens. Each time another question.
pub fn ask(ledger: &dyn Ledger, account: &Account, limits: &[Limit], amount: u64) -> Result<Reserved, Refusal> {
    static QUESTIONS: AtomicI64 = AtomicI64::new(0);
    let mut digest = [0; 32];
    digest[..8].copy_from_slice(&QUESTIONS.fetch_add(1, Ordering::SeqCst).to_le_bytes());
    ask_with(ledger, account, limits, amount, &digest, Guards::OFF)
}

pub fn ask_with(
    ledger: &dyn Ledger,
    account: &Account,
    limits: &[Limit],
    amount: u64,
    digest: &[u8; 32],
    guards: Guards,
) -> Result<Reserved, Refusal> {
    let (money, tokens) = (Picodollars(amount), amount.saturating_mul(10));
    ledger.reserve(&Admission { account, limits, money, tokens, price: "gpt-6@2026-03-01", digest, guards })
}

pub fn cost(amount: u64) -> Settlement {
    let (money, tokens) = (Picodollars(amount), amount.saturating_mul(10));
    Settlement { money, tokens, outcome: Outcome::Counted, own_cost: None, provider_cost: None }
}

/// Settled and open of one limit.
pub fn stand(ledger: &dyn Ledger, limit: &Limit) -> (u64, u64) {
    let windows = ledger.windows(&account(), std::slice::from_ref(limit)).unwrap();
    (windows[0].settled, windows[0].open)
}

/// The window that refused, and what was wanted of it.
pub fn refused(asked: Result<Reserved, Refusal>) -> (WindowState, u64) {
    match asked {
        Err(Refusal::OverLimit { window, wanted }) => (*window, wanted),
        other => panic!("not refused by a limit: {other:?}"),
    }
}

#[test]
fn what_is_settled_open_and_wanted_stays_within_each_period() {
    for period in [Period::Session, Period::Hour, Period::Day, Period::Month] {
        let scene = Scene::new();
        let (server, command) = (scene.open(), scene.open());
        let limits = [money(100, period, Scope::User)];
        let first = ask(&server, &account(), &limits, 60).unwrap();
        let (window, wanted) = refused(ask(&command, &account(), &limits, 41));
        assert_eq!((window.settled, window.open, window.left(), wanted), (0, 60, 40, 41), "{period:?}");
        let second = ask(&command, &account(), &limits, 40).unwrap();
        server.settle(first, &cost(10)).unwrap();
        command.settle(second, &cost(40)).unwrap();
        refused(ask(&command, &account(), &limits, 51));
        ask(&command, &account(), &limits, 50).unwrap();
        assert_eq!(stand(&server, &limits[0]), (50, 50));
    }
    let scene = Scene::new();
    let limits = [money(100, Period::Request, Scope::User)];
    let ledger = scene.open();
    ask(&ledger, &account(), &limits, 100).unwrap();
    ask(&ledger, &account(), &limits, 100).unwrap();
    assert_eq!(refused(ask(&ledger, &account(), &limits, 101)).0.resets_at, None);
}

#[test]
fn a_limit_counts_for_its_scope_and_no_other() {
    type Change = fn(&mut Account);
    let scene = Scene::new();
    let ledger = scene.open();
    let other = |change: Change| {
        let mut account = account();
        change(&mut account);
        account
    };
    let cases: [(Scope, Change, bool); 7] = [
        (Scope::User, |account| account.workspace = "workspace-2".into(), false),
        (Scope::Workspace, |account| account.workspace = "workspace-2".into(), true),
        (Scope::Workspace, |account| account.session = "session-2".into(), false),
        (Scope::Provider("openai".into()), |account| account.provider = "gemini".into(), true),
        (Scope::Provider("openai".into()), |account| account.model = "gpt-7".into(), false),
        (Scope::Model("gpt-6".into()), |account| account.model = "gpt-7".into(), true),
        (Scope::Model("gpt-6".into()), |account| account.provider = "azure".into(), false),
    ];
    let mut spent = 0;
    for (scope, change, is_apart) in cases {
        spent += 10;
        ask(&ledger, &account(), &[], 10).unwrap();
        let limits = [money(spent, Period::Day, scope.clone())];
        refused(ask(&ledger, &account(), &limits, 1));
        let asked = ask(&ledger, &other(change), &limits, 1);
        assert_eq!(asked.is_ok(), is_apart, "{scope:?}");
        // The next case starts with what only `account` spent.
        if let Ok(reserved) = asked {
            ledger.release(reserved).unwrap();
        }
    }
    let limits = [money(5, Period::Session, Scope::User)];
    refused(ask(&ledger, &account(), &limits, 1));
    ask(&ledger, &other(|account| account.session = "session-3".into()), &limits, 5).unwrap();
}

#[test]
fn a_limit_on_suggestions_counts_suggestions_alone_and_they_count_everywhere() {
    let scene = Scene::new();
    let ledger = scene.open();
    let typing = Account { purpose: Purpose::Suggestion, ..account() };
    let limits = [money(50, Period::Day, Scope::Suggestions), money(100, Period::Day, Scope::User)];
    ask(&ledger, &account(), &limits, 60).unwrap();
    let (window, _) = refused(ask(&ledger, &typing, &limits, 51));
    assert_eq!(window.limit.scope, Scope::User, "what has less room");
    ask(&ledger, &typing, &limits, 40).unwrap();
    refused(ask(&ledger, &account(), &limits, 1));
    let entries = ledger.entries(0, i64::MAX).unwrap();
    let purposes: Vec<Purpose> = entries.iter().map(|entry| entry.account.purpose).collect();
    assert_eq!(purposes, [Purpose::Question, Purpose::Suggestion]);
    let all = totals(&entries, Grouping::Purpose, &jiff::tz::TimeZone::UTC);
    let sums: Vec<_> = all.iter().map(|total| (total.key.as_str(), total.money.0)).collect();
    assert_eq!(sums, [("questions", 60), ("suggestions", 40)]);
    assert_eq!(stand(&ledger, &limits[0]), (0, 40));
}

#[test]
fn a_limit_of_nothing_allows_nothing_not_even_what_is_free() {
    let scene = Scene::new();
    let ledger = scene.open();
    for period in [Period::Request, Period::Session, Period::Hour, Period::Day, Period::Month] {
        for limit in [money(0, period, Scope::User), tokens(0, period, Scope::User)] {
            assert_eq!(refused(ask(&ledger, &account(), &[limit], 0)).1, 0);
        }
    }
    ask(&ledger, &account(), &[money(1, Period::Month, Scope::User)], 0).unwrap();
}

#[test]
fn money_and_tokens_hold_each_and_together() {
    let scene = Scene::new();
    let ledger = scene.open();
    let (few_tokens, much_money) = (tokens(500, Period::Day, Scope::User), money(1_000, Period::Day, Scope::User));
    ask(&ledger, &account(), std::slice::from_ref(&few_tokens), 30).unwrap();
    let (window, wanted) = refused(ask(&ledger, &account(), std::slice::from_ref(&few_tokens), 30));
    assert_eq!((window.open, wanted), (300, 300));
    ask(&ledger, &account(), std::slice::from_ref(&much_money), 30).unwrap();
    let (window, _) = refused(ask(&ledger, &account(), &[much_money.clone(), few_tokens.clone()], 1));
    assert_eq!(window.limit, few_tokens);
    let (window, _) = refused(ask(&ledger, &account(), &[few_tokens, money(60, Period::Day, Scope::User)], 1));
    assert!(matches!(window.limit.amount, Amount::Tokens(500)), "of those without room, the first");
}

#[test]
fn of_several_limits_the_one_with_the_least_room_is_named_with_its_numbers() {
    let scene = Scene::new();
    let ledger = scene.open();
    let (hour, day) = (money(50, Period::Hour, Scope::User), money(45, Period::Day, Scope::User));
    let month = money(45, Period::Month, Scope::User);
    let done = ask(&ledger, &account(), &[], 40).unwrap();
    ledger.settle(done, &cost(30)).unwrap();
    ask(&ledger, &account(), &[], 10).unwrap();
    let (window, wanted) = refused(ask(&ledger, &account(), &[hour, day, month.clone()], 20));
    assert_eq!((window.settled, window.open, window.left(), wanted), (30, 10, 5, 20));
    assert_eq!(window.limit, month, "of two alike the one that lasts longer");
    assert_eq!(window.resets_at, Some(1_775_001_600), "2026-04-01");
    assert_eq!(
        Refusal::OverLimit { window: Box::new(window), wanted }.to_string(),
        "the limit `$0.000000000045 per month` does not allow it: $0.00000000003 are spent, $0.00000000001 reserved, and \
         this could take $0.00000000002 more; it starts again at 2026-04-01 00:00 UTC; ask a local model, ask for less, or \
         raise the limit in `budget.limits`"
    );
}

#[test]
fn more_money_than_a_database_has_numbers_for_is_still_counted() {
    let scene = Scene::new();
    let ledger = scene.open();
    let limit = money(u64::MAX - 1, Period::Month, Scope::User);
    for _ in 0..3 {
        let reserved = ask(&ledger, &account(), &[], 5).unwrap();
        ledger.settle(reserved, &cost(u64::MAX)).unwrap();
    }
    assert_eq!(stand(&ledger, &limit).0, u64::MAX);
    assert_eq!(refused(ask(&ledger, &account(), &[limit], 1)).0.left(), 0);
}

#[test]
fn the_same_request_again_and_again_is_a_loop_unless_the_user_wants_it() {
    let scene = Scene::new();
    let (server, command) = (scene.open(), scene.open());
    let guards = Guards { repeats: Some(3), burst_percent: None };
    let same = |ledger: &SqliteLedger| ask_with(ledger, &account(), &[], 1, &[7; 32], guards);
    same(&server).unwrap();
    same(&command).unwrap();
    let unsent = same(&server).unwrap();
    server.release(unsent).unwrap();
    same(&server).unwrap();
    assert!(matches!(same(&command), Err(Refusal::Loop { times: 3 })));
    ask_with(&server, &account(), &[], 1, &[8; 32], guards).unwrap();
    ask_with(&server, &account(), &[], 1, &[7; 32], Guards::OFF).unwrap();
    scene.set(NOON + 301);
    same(&server).unwrap();
}

#[test]
fn a_days_money_within_minutes_is_asked_about() {
    let scene = Scene::new();
    let ledger = scene.open();
    let limits = [money(1_000, Period::Day, Scope::User), money(1_000, Period::Month, Scope::User)];
    let ask = |amount, guards| ask_with(&ledger, &account(), &limits, amount, &[0; 32], guards);
    let guards = Guards { repeats: None, burst_percent: Some(20) };
    let first = ask(150, guards).unwrap();
    match ask(51, guards) {
        Err(Refusal::Burst { window, percent: 20, recent: 150, wanted: 51 }) => assert_eq!(window.limit, limits[0]),
        other => panic!("{other:?}"),
    }
    ledger.settle(first, &cost(140)).unwrap();
    ask(60, guards).unwrap();
    ask(100, Guards { burst_percent: Some(100), ..guards }).unwrap();
    ask(100, Guards::OFF).unwrap();
    scene.set(NOON + 301);
    ask(200, guards).unwrap();
}

#[test]
fn each_threshold_of_each_window_is_told_once_by_all_together() {
    let scene = Scene::new();
    let (server, command) = (scene.open(), scene.open());
    let limits = [money(100, Period::Day, Scope::User), tokens(10_000, Period::Month, Scope::User)];
    let told = |ledger: &SqliteLedger| {
        let crossings = ledger.crossings(&account(), &limits).unwrap();
        crossings.iter().map(|crossing| (crossing.window.limit.period, crossing.percent)).collect::<Vec<_>>()
    };
    let spend = |amount| {
        let reserved = ask(&server, &account(), &[], amount).unwrap();
        assert_eq!(told(&command), [], "what is only reserved may still cost less");
        server.settle(reserved, &cost(amount)).unwrap();
    };
    spend(49);
    assert_eq!(told(&server), []);
    spend(1);
    assert_eq!(told(&command), [(Period::Day, 50)]);
    assert_eq!((told(&server), told(&command)), (vec![], vec![]));
    spend(45);
    assert_eq!(told(&server), [(Period::Day, 80), (Period::Day, 95)]);
    drop(server);
    assert_eq!(told(&scene.open()), [], "not after a restart either");
    scene.set(NOON + 24 * HOUR);
    let server = scene.open();
    let reserved = ask(&server, &account(), &[], 405).unwrap();
    server.settle(reserved, &cost(405)).unwrap();
    assert_eq!(
        told(&command),
        [(Period::Day, 50), (Period::Day, 80), (Period::Day, 95), (Period::Month, 50)],
        "another day"
    );
}

#[test]
fn an_entry_keeps_what_it_was_reckoned_with() {
    let scene = Scene::new();
    let ledger = scene.open();
    let reserved = ask(&ledger, &account(), &[], 50).unwrap();
    scene.set(NOON + 90);
    let settlement = Settlement { own_cost: Some(Picodollars(39)), provider_cost: Some(Picodollars(44)), ..cost(44) };
    ledger.settle(reserved, &settlement).unwrap();
    let entry = Entry {
        reserved,
        at: NOON,
        account: account(),
        user: String::new(),
        price: "gpt-6@2026-03-01".into(),
        state: State::Settled(Outcome::Counted),
        reserved_money: Picodollars(50),
        reserved_tokens: 500,
        money: Picodollars(44),
        tokens: 440,
        own_cost: Some(Picodollars(39)),
        provider_cost: Some(Picodollars(44)),
        pid: std::process::id(),
    };
    assert_eq!(ledger.entries(NOON, NOON + 1).unwrap(), [entry]);
    assert_eq!(ledger.entries(NOON + 1, i64::MAX).unwrap(), []);
    assert_eq!(ledger.entries(0, NOON).unwrap(), []);
}
