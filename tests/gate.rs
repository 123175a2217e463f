//! The audit log with several real processes on it, and with some that are killed. This program starts itself as its writers.

use std::io::Read;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use records::came;
use tandem::budget::{Outcome, Picodollars};
use tandem::gate::Redacted;
use tandem::gate::audit::{AuditLog, Came, Digest, EndResult, FileSent, Reading, Sent, Verdict, verify};
use tandem::providers::Usage;

#[path = "support/records.rs"]
mod records;

/// The log's file; set for writers only.
const FILE: &str = "AUDIT_WRITER_FILE";
/// Requests that a writer makes.
const COUNT: &str = "AUDIT_WRITER_COUNT";

fn sent(number: u64) -> Sent {
    Sent {
        session: std::process::id().to_string(),
        digest: Digest::of(&number.to_le_bytes()),
        ..records::sent("src/a.rs")
    }
}

/// Not a test by itself: what the started processes run. It prints a dot for each request that is on record.
#[test]
#[ignore = "started by the tests below"]
fn writer() {
    let log = AuditLog::new(std::env::var_os(FILE).unwrap().into(), 365);
    let count: u64 = std::env::var(COUNT).unwrap().parse().unwrap();
    for number in 0..count {
        let of = log.request(sent(number), SystemTime::now()).unwrap();
        eprint!(".");
        log.outcome(came(of), SystemTime::now()).unwrap();
    }
}

fn start(file: &Path, count: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer", "--ignored", "--nocapture"])
        .env(FILE, file)
        .env(COUNT, count.to_string())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn processes_that_write_at_once_lose_nothing() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("audit.jsonl");
    let writers: Vec<Child> = (0..3).map(|_| start(&file, 30)).collect();
    for mut writer in writers {
        assert!(writer.wait().unwrap().success());
    }
    let found = verify(&file).unwrap();
    assert_eq!((found.verdict, found.requests, found.open, found.torn), (Verdict::Whole, 90, 0, 0));
    let entries = Reading::of(&file).unwrap().entries;
    let mut sessions: Vec<&str> = entries.iter().map(|entry| entry.sent.session.as_str()).collect();
    sessions.sort_unstable();
    assert_eq!(sessions.chunk_by(|one, other| one == other).map(<[_]>::len).collect::<Vec<_>>(), [30, 30, 30]);
}

#[test]
fn a_killed_writer_breaks_nothing_and_what_it_was_told_is_there() {
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("audit.jsonl");
    let mut told = 0;
    for round in 0..20_u64 {
        let mut writer = start(&file, 100_000);
        let mut output = writer.stderr.take().unwrap();
        // Some requests are on record for certain; then it dies wherever it is.
        let mut first = [0_u8; 3];
        output.read_exact(&mut first).unwrap();
        std::thread::sleep(Duration::from_micros(round * 731));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let mut rest = Vec::new();
        output.read_to_end(&mut rest).unwrap();
        told += first.iter().chain(&rest).filter(|byte| **byte == b'.').count();

        let found = verify(&file).unwrap();
        assert!(found.verdict.is_good(), "round {round}: {found:?}");
        assert!(found.requests >= told, "round {round}: {told} were confirmed, {} are there", found.requests);
    }
    let log = AuditLog::new(file.clone(), 365);
    log.request(sent(0), SystemTime::now()).unwrap();
    assert_eq!(verify(&file).unwrap().verdict, Verdict::Whole);
}
