//! `tandem audit`: what left the machine, in plain words, for programs, and checked.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use serde_json::Value;
use tandem::budget::{Outcome, Picodollars};
use tandem::gate::Redacted;
use tandem::gate::audit::{AuditLog, Came, Digest, EndResult, FileSent, Sent, Typed, TypingBegins, to_ms};
use tandem::providers::Usage;

use super::support::User;
use records::{came, sent};

#[path = "../support/records.rs"]
mod records;

fn file(user: &User) -> PathBuf {
    user.path(".local/state/tandem/audit.jsonl")
}

/// 2026-11-28, 12:00 UTC, and so many hours.
fn hour(number: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_867_200 + number * 3600)
}

/// A user with two requests on record: one that was answered, and one whose program ended.
fn user() -> User {
    let user = User::new();
    let log = AuditLog::new(file(&user), 365);
    let first = log.request(sent("src/a.rs"), hour(0)).unwrap();
    log.outcome(came(first), hour(0)).unwrap();
    log.request(sent("src/\u{1b}[2Jb.rs"), hour(30)).unwrap();
    user
}

#[test]
fn a_user_of_whom_nothing_left_is_told_so() {
    let user = User::new();
    let ended = user.run(&["audit"]).expect_code(1);
    assert!(ended.stdout.starts_with("Nothing is recorded"), "{}", ended.stdout);
    assert_eq!(user.run(&["audit", "--json"]).expect_code(1).stdout, "[]\n");
    assert_eq!(user.run(&["audit", "--verify"]).expect_code(0).stdout.lines().next(), Some("Nothing is recorded."));
    assert!(!file(&user).exists(), "looking makes nothing");
}

#[test]
fn requests_are_told_in_plain_words() {
    let user = user();
    let page = user.run(&["audit", "--files"]).expect_code(0).stdout;
    let lines: Vec<&str> = page.lines().collect();
    assert_eq!(
        lines[..4],
        [
            "2026-11-28 12:00:00  #2  claude-opus-5-5 to anthropic (api.anthropic.com)",
            "  1 file, 1 kB of 16 kB from files; 2 secrets left out (github-token)",
            "  answered; $0.23, as the provider counted; 4100 tokens in, 312 out",
            "    src/a.rs  1 kB, bytes 0..900, 1200..1300",
        ]
    );
    assert_eq!(lines[6], "  no outcome: still under way, or its program ended; at most $0.42");
    assert!(!page.contains('\u{1b}'), "a name steers no terminal");
    assert!(page.ends_with(&format!("in {}.\n", file(&user).display())), "{page}");
}

#[test]
fn what_is_shown_can_be_narrowed() {
    let user = user();
    let numbers = |arguments: &[&str], code| -> Vec<u64> {
        let ended = user.run(&[&["audit", "--json"], arguments].concat()).expect_code(code);
        let entries: Vec<Value> = serde_json::from_str(&ended.stdout).unwrap();
        entries.iter().map(|entry| entry["n"].as_u64().unwrap()).collect()
    };
    assert_eq!(numbers(&[], 0), [2, 4]);
    assert_eq!(numbers(&["--last", "1"], 0), [4]);
    assert_eq!(numbers(&["--since", "2026-11-29"], 0), [4]);
    assert_eq!(numbers(&["--since", "2026-11-30"], 1), [0; 0]);
    let ended = user.run(&["audit", "--since", "lately"]).expect_code(2);
    assert!(ended.stderr.contains("write a day"), "{}", ended.stderr);
    let page = user.run(&["audit", "--last", "1"]).expect_code(0).stdout;
    assert!(page.contains("1 more before these"), "{page}");
}

#[test]
fn all_of_it_can_be_taken_elsewhere() {
    let user = user();
    let ended = user.run(&["audit", "--export", "out.json"]).expect_code(0);
    assert_eq!((ended.stdout.as_str(), ended.stderr.as_str()), ("", "tandem: wrote 2 requests to out.json\n"));
    let exported: Value = serde_json::from_slice(&std::fs::read(user.path("work/out.json")).unwrap()).unwrap();
    assert_eq!(exported[0]["outcome"]["cost"], 230_000_000_000_u64);
    assert_eq!(exported[0]["files"][0]["ranges"], serde_json::json!([[0, 900], [1200, 1300]]));
    assert_eq!(exported[1]["outcome"], Value::Null);

    let table = user.run(&["audit", "--export", "-", "--csv"]).expect_code(0).stdout;
    let rows: Vec<&str> = table.split("\r\n").collect();
    assert!(rows[0].starts_with("n,at,session,workspace,provider,host,model,"), "{}", rows[0]);
    assert!(rows[1].starts_with("2,2026-11-28T12:00:00.000Z,5e55,f01de4,anthropic,"), "{}", rows[1]);
    assert!(rows[1].ends_with(",complete,,req_1,4100,312,230000000000,counted,1"), "{}", rows[1]);
    user.run(&["audit", "--export", "out.csv"]).expect_code(0);
    assert_eq!(std::fs::read_to_string(user.path("work/out.csv")).unwrap(), table);
}

#[test]
fn typing_is_told_by_the_hour() {
    let user = user();
    let log = AuditLog::new(file(&user), 365);
    let begins = |host: &str| TypingBegins { session: "5e55".into(), workspace: "7a11".into(), host: host.into() };
    let of = log.typing_begins(begins("gpu.example:8080"), hour(31)).unwrap();
    let withheld = [("secret".to_owned(), 3), ("localOnly".to_owned(), 1)].into();
    log.typed(Typed { of, until: to_ms(hour(32)), requests: 214, bytes: 512_000, withheld }, hour(32)).unwrap();
    log.typing_begins(begins("gpu.example:8080"), hour(32)).unwrap();
    let page = user.run(&["audit", "--last", "2"]).expect_code(0).stdout;
    assert_eq!(
        page.lines().take(5).collect::<Vec<_>>(),
        [
            "2026-11-29 19:00:00  #5  typing, for suggestions by gpu.example:8080, a server of yours",
            "  214 requests until 20:00:00, 512 kB; kept here: 1 localOnly, 3 secret",
            "2026-11-29 20:00:00  #7  typing, for suggestions by gpu.example:8080, a server of yours",
            "  not over yet, or its program ended before it was: how much was sent is not known",
            "2 more before these: --last or --since show them.",
        ]
    );
    let listed: Vec<Value> =
        serde_json::from_str(&user.run(&["audit", "--json", "--last", "2"]).expect_code(0).stdout).unwrap();
    assert_eq!((&listed[0]["kind"], &listed[0]["typed"]["requests"]), (&"typing".into(), &214.into()));
    assert_eq!((&listed[0]["host"], &listed[1]["typed"]), (&"gpu.example:8080".into(), &Value::Null));
    let table = user.run(&["audit", "--export", "-", "--csv"]).expect_code(0).stdout;
    let columns: Vec<usize> = table.lines().map(|line| line.split(',').count()).collect();
    assert!(table.lines().nth(3).unwrap().contains(",typing,") && columns[3] == columns[0], "{table}");
    assert!(
        table.lines().nth(3).unwrap().ends_with(",214") && table.lines().nth(1).unwrap().ends_with(",1"),
        "{table}"
    );
    user.run(&["audit", "--verify"]).expect_code(0);
}

#[test]
fn a_changed_record_is_named() {
    let user = user();
    let whole = user.run(&["audit", "--verify"]).expect_code(0).stdout;
    assert!(
        whole.starts_with("The record is whole.\n4 records hang together: 2 requests, 1 of them without"),
        "{whole}"
    );
    let text = std::fs::read_to_string(file(&user)).unwrap();
    std::fs::write(file(&user), text.replace("\"cost\":230000000000", "\"cost\":130000000000")).unwrap();
    let broken = user.run(&["audit", "--verify"]).expect_code(1).stdout;
    assert!(broken.starts_with("Record 3, in line 3, is not what was written"), "{broken}");
    let report: Value =
        serde_json::from_str(&user.run(&["audit", "--verify", "--json"]).expect_code(1).stdout).unwrap();
    assert_eq!(report["verdict"], serde_json::json!({"broken": {"record": 3, "line": 3}}));
    let page = user.run(&["audit"]).expect_code(0);
    assert!(page.stderr.contains("from record 3 on it cannot be read"), "{}", page.stderr);
}

#[test]
fn an_end_that_is_gone_is_missed_and_a_crash_is_not() {
    let user = user();
    let text = std::fs::read_to_string(file(&user)).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    std::fs::write(file(&user), lines[..2].concat()).unwrap();
    let removed = user.run(&["audit", "--verify"]).expect_code(1).stdout;
    assert!(
        removed.starts_with("The end is gone: there were records up to 4, and the last one now is 2."),
        "{removed}"
    );
    std::fs::write(file(&user), text + "{\"n\":5,\"prev\"").unwrap();
    let crashed = user.run(&["audit", "--verify"]).expect_code(0).stdout;
    assert!(crashed.starts_with("The record is whole. A program died while it wrote the last line"), "{crashed}");
}
