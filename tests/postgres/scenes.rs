//! What a team does with its ledger, and what can happen to the server.

use std::sync::Arc;
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use tandem::budget::{
    Account, Admission, Amount, Guards, Ledger, LedgerError, Limit, Outcome, Period, Picodollars, PostgresLedger,
    Purpose, Refusal, Reserved, Scope, Settlement, Stage, State,
};

use super::server::{PASSWORD, Server};

type Test = fn(&Server);

pub fn run() {
    let arguments = Arguments::from_args();
    let server = if arguments.list { Err("only listed".to_owned()) } else { Server::start().map(Arc::new) };
    if let (Err(reason), false) = (&server, arguments.list) {
        eprintln!("the tests with a PostgreSQL server are skipped: {reason}");
    }
    let tests: [(&str, Test); 11] = [
        ("the_rules_are_those_of_a_file", the_rules_are_those_of_a_file),
        ("many_at_once_admit_no_more_than_the_limit", many_at_once_admit_no_more_than_the_limit),
        ("a_lost_connections_reservations_count_as_spent", a_lost_connections_reservations_count_as_spent),
        ("a_server_that_dies_in_between_loses_nothing", a_server_that_dies_in_between_loses_nothing),
        ("a_connection_that_was_cut_is_made_again", a_connection_that_was_cut_is_made_again),
        ("a_limit_for_the_user_is_the_teams", a_limit_for_the_user_is_the_teams),
        ("the_tables_of_a_newer_tandem_are_left_alone", the_tables_of_a_newer_tandem_are_left_alone),
        ("a_ledger_that_somebody_keeps_locked_is_busy", a_ledger_that_somebody_keeps_locked_is_busy),
        ("no_password_is_in_any_word", no_password_is_in_any_word),
        ("tls_is_used_and_verified", tls_is_used_and_verified),
        ("it_can_be_used_within_asynchronous_code", it_can_be_used_within_asynchronous_code),
    ];
    let trials = tests.map(|(name, test)| {
        let server = server.clone();
        let is_missing = server.is_err();
        let run = move || match server {
            Ok(server) => {
                test(&server);
                Ok(())
            }
            Err(reason) => Err(Failed::from(reason)),
        };
        Trial::test(name, run).with_ignored_flag(is_missing)
    });
    let conclusion = libtest_mimic::run(&arguments, trials.into());
    drop(server);
    conclusion.exit();
}

fn open(server: &Server, database: &str) -> PostgresLedger {
    at(&server.address(database))
}

fn at(address: &str) -> PostgresLedger {
    PostgresLedger::new(address, jiff::tz::TimeZone::UTC).unwrap()
}

fn account() -> Account {
    Account {
        session: "s".into(),
        workspace: "w".into(),
        provider: "openai".into(),
        model: "gpt-6".into(),
        purpose: Purpose::Question,
    }
}

fn money(amount: u64, period: Period, scope: Scope) -> Limit {
    Limit { amount: Amount::Money(Picodollars(amount)), period, scope }
}

fn month() -> Vec<Limit> {
    vec![money(100, Period::Month, Scope::User)]
}

fn ask(ledger: &PostgresLedger, limits: &[Limit], amount: u64) -> Result<Reserved, Refusal> {
    ask_with(ledger, limits, amount, Guards::OFF)
}

fn ask_with(ledger: &PostgresLedger, limits: &[Limit], amount: u64, guards: Guards) -> Result<Reserved, Refusal> {
    let (money, tokens) = (Picodollars(amount), amount * 10);
    let (account, price, digest) = (&account(), "gpt-6@2026-03-01", &[7; 32]);
    ledger.reserve(&Admission { account, limits, money, tokens, price, digest, guards })
}

fn cost(amount: u64) -> Settlement {
    let (money, tokens) = (Picodollars(amount), amount * 10);
    let (own_cost, provider_cost) = (Some(Picodollars(amount)), Some(Picodollars(amount + 1)));
    Settlement { money, tokens, outcome: Outcome::Counted, own_cost, provider_cost }
}

/// Settled and open of the month.
fn stand(ledger: &PostgresLedger) -> (u64, u64) {
    let windows = ledger.windows(&account(), &month()).unwrap();
    (windows[0].settled, windows[0].open)
}

/// Asks again until it is so: a server notices by itself that a client has gone.
fn until<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(60);
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "{what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn the_rules_are_those_of_a_file(server: &Server) {
    let ledger = open(server, &server.database());
    let limits = [
        money(50, Period::Request, Scope::User),
        money(60, Period::Session, Scope::User),
        money(70, Period::Hour, Scope::Workspace),
        money(80, Period::Day, Scope::Provider("openai".into())),
        Limit { amount: Amount::Tokens(900), period: Period::Month, scope: Scope::Model("gpt-6".into()) },
    ];
    assert!(matches!(ask(&ledger, &limits, 51), Err(Refusal::OverLimit { wanted: 51, .. })));
    let first = ask(&ledger, &limits, 40).unwrap();
    let open: Vec<u64> = ledger.windows(&account(), &limits).unwrap().iter().map(|window| window.open).collect();
    assert_eq!(open, [0, 40, 40, 40, 400]);
    ledger.advance(first, Stage::Streaming, Picodollars(45)).unwrap();
    assert_eq!(ledger.release(first), Err(LedgerError::Spent(first.0)));
    ledger.settle(first, &cost(55)).unwrap();
    ledger.settle(first, &cost(1)).unwrap();
    assert!(matches!(ask(&ledger, &limits, 6), Err(Refusal::OverLimit { window, .. }) if window.settled == 55));
    let second = ask(&ledger, &limits, 5).unwrap();
    ledger.release(second).unwrap();
    assert_eq!(ledger.settle(Reserved(-1), &cost(1)), Err(LedgerError::Unknown(-1)));
    let told: Vec<u8> =
        ledger.crossings(&account(), &month()).unwrap().iter().map(|crossing| crossing.percent).collect();
    assert_eq!((told, ledger.crossings(&account(), &month()).unwrap()), (vec![50], vec![]));
    let guards = Guards { repeats: Some(1), burst_percent: None };
    assert_eq!(ask_with(&ledger, &[], 1, guards), Err(Refusal::Loop { times: 1 }));
    let guards = Guards { repeats: None, burst_percent: Some(90) };
    let day = [money(60, Period::Day, Scope::User)];
    assert!(matches!(ask_with(&ledger, &day, 1, guards), Err(Refusal::Burst { recent: 55, wanted: 1, .. })));
    let span = ledger.span(Period::Day).unwrap().unwrap();
    let entries = ledger.entries(span.start, span.end).unwrap();
    let shown: Vec<_> =
        entries.iter().map(|entry| (entry.reserved, entry.state, entry.money.0, entry.tokens)).collect();
    assert_eq!(shown, [(first, State::Settled(Outcome::Counted), 55, 550), (second, State::Released, 0, 0)]);
    assert_eq!((entries[0].provider_cost, entries[1].provider_cost), (Some(Picodollars(56)), None));
    assert_eq!((entries[0].own_cost, entries[1].own_cost), (Some(Picodollars(55)), None));
    assert_eq!((entries[0].user.as_str(), entries[0].account.clone()), ("tandem", account()));
}

fn many_at_once_admit_no_more_than_the_limit(server: &Server) {
    let database = server.database();
    // The tables are made by whoever is first.
    let ledgers: Vec<PostgresLedger> = (0..4).map(|_| open(server, &database)).collect();
    let admitted: usize = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..16)
            .map(|number| {
                let ledger = &ledgers[number % 4];
                scope.spawn(move || {
                    let mut admitted = 0;
                    for _ in 0..6 {
                        match ask(ledger, &month(), 3) {
                            Ok(reserved) if number % 2 == 0 => {
                                ledger.settle(reserved, &cost(3)).unwrap();
                                admitted += 1;
                            }
                            Ok(_) => admitted += 1,
                            Err(Refusal::OverLimit { .. }) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                    admitted
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    let (settled, open) = stand(&ledgers[0]);
    assert_eq!((admitted, settled + open), (33, 99));
}

fn a_lost_connections_reservations_count_as_spent(server: &Server) {
    let database = server.database();
    let (living, dying) = (open(server, &database), open(server, &database));
    ask(&living, &month(), 10).unwrap();
    let lost = ask(&dying, &month(), 20).unwrap();
    assert_eq!((living.reconcile().unwrap(), dying.reconcile().unwrap()), (0, 0), "both live");
    drop(dying);
    assert_eq!(stand(&living), (0, 30), "it counts before anybody looked");
    until("the lost one is presumed", || (living.reconcile().unwrap() == 1).then_some(()));
    assert_eq!(stand(&living), (20, 10));
    living.settle(lost, &cost(5)).unwrap();
    assert_eq!(stand(&living), (5, 10), "whoever knows better may say so");
}

/// On a server of its own.
fn a_server_that_dies_in_between_loses_nothing(_: &Server) {
    let server = Server::start().unwrap();
    let ledger = open(&server, &server.database());
    let reserved = ask(&ledger, &month(), 60).unwrap();
    ledger.advance(reserved, Stage::Streaming, Picodollars(1)).unwrap();
    server.crash();
    let down = format!("the database at 127.0.0.1:{} cannot be reached", server.port());
    let refused = ask(&ledger, &month(), 1).unwrap_err();
    assert!(matches!(&refused, Refusal::Ledger(LedgerError::Unusable(told)) if told.contains(&down)), "{refused}");
    assert!(matches!(ledger.settle(reserved, &cost(60)), Err(LedgerError::Unusable(_))));
    server.run().unwrap();
    let (settled, open) = stand(&ledger);
    assert_eq!(settled + open, 60, "it counts, settled or not");
    assert!(matches!(ask(&ledger, &month(), 41), Err(Refusal::OverLimit { .. })));
    ledger.settle(reserved, &cost(35)).unwrap();
    assert_eq!(stand(&ledger), (35, 0));
}

fn a_connection_that_was_cut_is_made_again(server: &Server) {
    let database = server.database();
    let ledger = open(server, &database);
    let reserved = ask(&ledger, &month(), 60).unwrap();
    let cut =
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND application_name = 'tandem'";
    assert_eq!(server.client("postgres").query(cut, &[&database]).unwrap().len(), 1);
    ask(&ledger, &month(), 40).unwrap();
    ledger.settle(reserved, &cost(60)).unwrap();
    assert_eq!(stand(&ledger), (60, 40));
}

fn a_limit_for_the_user_is_the_teams(server: &Server) {
    let database = server.database();
    let ann = open(server, &database);
    ask(&ann, &month(), 10).unwrap();
    let mut owner = server.client(&database);
    let role = format!("bob_{database}");
    owner.batch_execute(&format!("CREATE ROLE {role} LOGIN PASSWORD 'bobs-own'")).unwrap();
    let address = server.address(&database).replace(&format!("tandem:{PASSWORD}"), &format!("{role}:bobs-own"));
    let refused = ask(&at(&address), &month(), 1).unwrap_err().to_string();
    assert!(refused.contains("must grant you the schema `tandem`"), "{refused}");
    owner
        .batch_execute(&format!(
            "GRANT USAGE ON SCHEMA tandem TO {role};
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA tandem TO {role};
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA tandem TO {role};"
        ))
        .unwrap();
    let bob = at(&address);
    let reserved = ask(&bob, &month(), 80).unwrap();
    assert!(matches!(ask(&ann, &month(), 11), Err(Refusal::OverLimit { window, .. }) if window.open == 90));
    bob.settle(reserved, &cost(80)).unwrap();
    let told = |ledger: &PostgresLedger| ledger.crossings(&account(), &month()).unwrap().len();
    assert_eq!((told(&ann), told(&bob), told(&ann), told(&bob)), (2, 2, 0, 0), "50 and 80 %, to each of them once");
    let users: Vec<String> = ann.entries(0, i64::MAX).unwrap().into_iter().map(|entry| entry.user).collect();
    assert_eq!(users, ["tandem".to_owned(), role]);
}

fn the_tables_of_a_newer_tandem_are_left_alone(server: &Server) {
    let database = server.database();
    stand(&open(server, &database));
    server.client(&database).batch_execute("UPDATE tandem.version SET version = 900").unwrap();
    let refused = ask(&open(server, &database), &month(), 1).unwrap_err().to_string();
    assert!(refused.contains("newer Tandem (version 900"), "{refused}");
}

fn a_ledger_that_somebody_keeps_locked_is_busy(server: &Server) {
    let database = server.database();
    let ledger = open(server, &database);
    stand(&ledger);
    let mut other = server.client(&database);
    let mut held = other.transaction().unwrap();
    held.query("SELECT 1 FROM tandem.book FOR UPDATE", &[]).unwrap();
    let refused = ask(&ledger, &month(), 1).unwrap_err();
    assert!(matches!(refused, Refusal::Ledger(LedgerError::Busy(_))), "{refused}");
    held.rollback().unwrap();
    ask(&ledger, &month(), 100).unwrap();
}

fn no_password_is_in_any_word(server: &Server) {
    let right = server.address("postgres");
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let wrong = [
        right.replace(PASSWORD, "hunter2"),
        right.replace("/postgres", "/no_such_database"),
        right.replace(&server.port().to_string(), &nobody.to_string()),
        format!("postgres://tandem:{PASSWORD}@host.invalid/team"),
        right.replace("127.0.0.1", "localhost") + "?sslmode=require",
    ];
    for address in wrong {
        let ledger = at(&address);
        let refused = ask(&ledger, &month(), 1).unwrap_err();
        let told = format!("{refused} {refused:?} {ledger:?}");
        assert!(matches!(refused, Refusal::Ledger(LedgerError::Unusable(_))), "{told}");
        assert!(!told.contains("hunter2") && !told.contains(PASSWORD), "{told}");
    }
    assert!(!format!("{:?}", at(&right)).contains(PASSWORD));
}

fn tls_is_used_and_verified(server: &Server) {
    let database = server.database();
    let with_roots = |file: &std::path::Path| {
        let address = server.address(&database).replace("127.0.0.1", "localhost");
        at(&format!("{address}?sslmode=require&sslrootcert={}", file.display()))
    };
    let ledger = with_roots(&server.path().join("server.pem"));
    ask(&ledger, &month(), 10).unwrap();
    let ssl = "SELECT ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid) WHERE datname = $1 AND application_name = 'tandem'";
    let is_used: bool = server.client("postgres").query_one(ssl, &[&database]).unwrap().get(0);
    assert!(is_used);
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("other.pem");
    std::fs::write(&file, other.cert.pem()).unwrap();
    let refused = ask(&with_roots(&file), &month(), 10).unwrap_err().to_string();
    assert!(refused.contains("certificate"), "{refused}");
}

fn it_can_be_used_within_asynchronous_code(server: &Server) {
    let ledger = Arc::new(open(server, &server.database()));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let other = ledger.clone();
        tokio::task::spawn_blocking(move || ask(&other, &month(), 10).unwrap()).await.unwrap();
        assert_eq!(stand(&ledger), (0, 10));
        drop(ledger);
    });
}
