//! The log under crashes, tampering, age and company.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::head::Head;
use super::record::{Came, FileSent, Record, Result as EndResult, Sent};
use super::*;
use crate::budget::{Outcome, Picodollars};
use crate::gate::Redacted;
use crate::providers::Usage;
use records::{came, sent};

#[path = "../../../tests/support/records.rs"]
mod records;

const DAY: Duration = Duration::from_secs(86_400);

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("audit.jsonl")
    }

    fn log(&self) -> AuditLog {
        AuditLog::new(self.file(), 30)
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.file()).unwrap()
    }

    fn verdict(&self) -> Verdict {
        verify(&self.file()).unwrap().verdict
    }

    /// A log of three requests, two of them with an outcome.
    fn filled() -> Self {
        let place = Self::new();
        let log = place.log();
        let first = log.request(sent("src/a.rs"), day(0)).unwrap();
        log.outcome(came(first), day(0)).unwrap();
        let second = log.request(sent("src/ü \"quoted\".rs"), day(1)).unwrap();
        log.request(sent("src/c.rs"), day(2)).unwrap();
        log.outcome(came(second), day(2)).unwrap();
        place
    }
}

fn day(number: u32) -> SystemTime {
    SystemTime::UNIX_EPOCH + DAY * (20_000 + number)
}

/// Files of the log and its head, to be put back.
fn snapshot(log: &Path) -> (Vec<u8>, Vec<u8>) {
    (fs::read(log).unwrap_or_default(), fs::read(log.with_extension("head")).unwrap_or_default())
}

#[test]
fn requests_and_outcomes_are_read_back() {
    let place = Place::filled();
    assert_eq!(place.verdict(), Verdict::Whole);
    let reading = Reading::of(&place.file()).unwrap();
    let rows: Vec<_> = reading
        .entries
        .iter()
        .map(|entry| (entry.n, entry.sent.files[0].path.as_str(), entry.outcome.as_ref().map(|came| came.result)))
        .collect();
    assert_eq!(
        rows,
        [
            (2, "src/a.rs", Some(EndResult::Complete)),
            (4, "src/ü \"quoted\".rs", Some(EndResult::Complete)),
            (5, "src/c.rs", None)
        ]
    );
    let verification = verify(&place.file()).unwrap();
    assert_eq!((verification.records, verification.requests, verification.open, verification.torn), (6, 3, 1, 0));
}

#[test]
fn a_line_is_written_in_one_way() {
    let place = Place::filled();
    for line in String::from_utf8(place.bytes()).unwrap().lines() {
        let (record, hash) = Record::parse(line.as_bytes()).unwrap();
        assert_eq!(record.line().unwrap(), (format!("{line}\n"), hash));
    }
}

#[cfg(unix)]
#[test]
fn the_files_are_their_user_s_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::filled();
    let contents = Contents::of(&place.file());
    contents.keep_request(Digest::of(b"x"), b"body").unwrap();
    let files = [
        place.file(),
        place.file().with_extension("head"),
        place.file().with_extension("lock"),
        contents.request_file(Digest::of(b"x")),
    ];
    for file in files {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
}

/// Every byte of the log, changed in several ways, makes `verify` name the record that the byte is of.
#[test]
fn a_changed_byte_names_its_record() {
    let place = Place::filled();
    // A line that a crash left, and the record that accounts for it, are there, too.
    let mut bytes = place.bytes();
    bytes.extend_from_slice(b"{\"n\":7,\"prev\":\"00");
    fs::write(place.file(), &bytes).unwrap();
    place.log().request(sent("src/d.rs"), day(3)).unwrap();
    assert_eq!(place.verdict(), Verdict::Whole);

    let whole = place.bytes();
    // The unfinished line has no record of its own: the one that accounts for it is named.
    let lines = [1, 2, 3, 4, 5, 6, 7, 7, 8];
    let head = Head::read(&place.file());
    let mut line = 0;
    for at in 0..whole.len() {
        for change in [whole[at] ^ 1, whole[at] ^ 0x20, b'\n', b'"', 0] {
            if change == whole[at] {
                continue;
            }
            let mut changed = whole.clone();
            changed[at] = change;
            let walk = walk::Walk::of(&changed);
            assert!(!walk.is_crash(head.as_ref()), "byte {at} to {change}");
            assert_eq!(walk.stopped.map(|stop| stop.record), Some(lines[line]), "byte {at} to {change}");
        }
        line += usize::from(whole[at] == b'\n');
    }
    fs::write(place.file(), [&whole[..40], b"#", &whole[41..]].concat()).unwrap();
    assert_eq!(place.verdict(), Verdict::Broken { record: 1, line: 1 });
}

#[test]
fn lines_that_are_removed_swapped_or_doubled_are_named() {
    let place = Place::filled();
    let text = String::from_utf8(place.bytes()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let verdict = |order: &[usize]| {
        let changed: String = order.iter().map(|line| format!("{}\n", lines[*line])).collect();
        fs::write(place.file(), changed).unwrap();
        place.verdict()
    };
    assert_eq!(verdict(&[0, 1, 3, 4, 5]), Verdict::Broken { record: 3, line: 3 });
    assert_eq!(verdict(&[0, 1, 3, 2, 4, 5]), Verdict::Broken { record: 3, line: 3 });
    assert_eq!(verdict(&[0, 1, 1, 2, 3, 4, 5]), Verdict::Broken { record: 3, line: 3 });
    assert_eq!(verdict(&[1, 2, 3, 4, 5]), Verdict::Broken { record: 1, line: 1 });
    assert_eq!(verdict(&[0, 1, 2]), Verdict::EndRemoved { known: 6, found: 3 });
    assert_eq!(verdict(&[]), Verdict::BeginningRemoved { known: 6, begun: None });
    assert_eq!(verdict(&[0, 1, 2, 3, 4, 5]), Verdict::Whole);
}

/// A writer that dies at any byte leaves a log that is called crashed, not changed, and that goes on.
#[test]
fn a_crash_at_any_byte_is_told_from_tampering() {
    let place = Place::new();
    let log = place.log();
    let mut states = vec![snapshot(&place.file())];
    let mut requests = Vec::new();
    for number in 0..3 {
        requests.push(log.request(sent("src/a.rs"), day(number)).unwrap());
        states.push(snapshot(&place.file()));
        log.outcome(came(*requests.last().unwrap()), day(number)).unwrap();
        states.push(snapshot(&place.file()));
    }
    for pair in states.windows(2) {
        let [(before, head), (after, _)] = pair else { unreachable!() };
        for cut in before.len()..=after.len() {
            fs::write(place.file(), &after[..cut]).unwrap();
            let head_file = place.file().with_extension("head");
            if head.is_empty() {
                drop(fs::remove_file(head_file))
            } else {
                fs::write(head_file, head).unwrap()
            }

            let verification = verify(&place.file()).unwrap();
            assert!(verification.verdict.is_good(), "{cut}: {verification:?}");
            let is_whole = cut == 0 || after[..cut].ends_with(b"\n");
            assert_eq!(verification.verdict == Verdict::Crashed, !is_whole, "{cut}: {verification:?}");
            // Appending waits for the disk: at the borders and at every 40th byte in between.
            let is_border = cut < before.len() + 3 || cut + 3 > after.len();
            if !is_border && cut % 40 != 0 {
                continue;
            }
            let readable = Reading::of(&place.file()).unwrap().entries.len();

            log.request(sent("src/next.rs"), day(4)).unwrap();
            assert_eq!(place.verdict(), Verdict::Whole, "{cut}");
            let entries = Reading::of(&place.file()).unwrap().entries;
            assert_eq!(entries.len(), readable + 1, "{cut}");
            assert_eq!(entries.last().unwrap().sent.files[0].path, "src/next.rs");
        }
    }
}

#[test]
fn a_last_record_that_was_confirmed_does_not_pass_for_a_crash() {
    let place = Place::filled();
    let whole = place.bytes();
    let last_line = whole[..whole.len() - 1].iter().rposition(|byte| *byte == b'\n').unwrap() + 1;
    fs::write(place.file(), &whole[..last_line + 20]).unwrap();
    assert_eq!(place.verdict(), Verdict::Broken { record: 6, line: 6 });
    let error = place.log().request(sent("src/a.rs"), day(3)).unwrap_err().to_string();
    assert!(error.contains("was changed at record 6") && error.contains("tandem audit --verify"), "{error}");
    fs::write(place.file(), &whole[..last_line]).unwrap();
    assert_eq!(place.verdict(), Verdict::EndRemoved { known: 6, found: 5 });
    assert!(matches!(place.log().request(sent("src/a.rs"), day(3)), Err(AuditError::Changed { record: 6, .. })));
}

#[test]
fn a_log_that_is_gone_is_begun_anew_and_tells_so() {
    let place = Place::filled();
    fs::remove_file(place.file()).unwrap();
    assert_eq!(place.verdict(), Verdict::BeginningRemoved { known: 6, begun: None });
    assert_eq!(place.log().request(sent("src/a.rs"), day(3)).unwrap(), 8);
    assert_eq!(place.verdict(), Verdict::BeginningRemoved { known: 6, begun: Some(7) });
}

#[test]
fn a_head_that_is_gone_is_told() {
    let place = Place::filled();
    fs::remove_file(place.file().with_extension("head")).unwrap();
    assert_eq!(place.verdict(), Verdict::HeadMissing { record: 6 });
    place.log().request(sent("src/a.rs"), day(3)).unwrap();
    assert_eq!(place.verdict(), Verdict::HeadMissing { record: 7 });
}

#[test]
fn old_records_go_and_what_is_left_still_hangs_together() {
    let place = Place::filled();
    // The oldest record is of day 0; day 31 is still within a day's grace, and day 32 is not.
    let log = place.log();
    log.request(sent("src/d.rs"), day(31)).unwrap();
    assert_eq!(verify(&place.file()).unwrap().dropped_through, None);
    log.request(sent("src/e.rs"), day(32)).unwrap();
    let verification = verify(&place.file()).unwrap();
    assert_eq!((verification.verdict, verification.dropped_through), (Verdict::Whole, Some(4)));
    assert_eq!(paths(&place), ["src/c.rs", "src/d.rs", "src/e.rs"]);

    let whole = place.bytes();
    let anchor = whole.iter().position(|byte| *byte == b'\n').unwrap();
    fs::write(place.file(), &whole[anchor + 1..]).unwrap();
    assert!(matches!(place.verdict(), Verdict::Broken { line: 1, .. }));
    // An anchor that was made up to hide what was dropped is not the one that the log names.
    let (mut forged, _) = Record::parse(&whole[..anchor]).unwrap();
    forged.at = jiff::Timestamp::UNIX_EPOCH;
    fs::write(place.file(), [forged.line().unwrap().0.as_bytes(), &whole[anchor + 1..]].concat()).unwrap();
    assert_eq!(place.verdict(), Verdict::Broken { record: 4, line: 1 });
    fs::write(place.file(), &whole).unwrap();

    // And on: the anchor does not keep what stands behind it.
    log.request(sent("src/f.rs"), day(50)).unwrap();
    assert_eq!((place.verdict(), paths(&place)), (Verdict::Whole, names(&["src/d.rs", "src/e.rs", "src/f.rs"])));
    log.request(sent("src/g.rs"), day(80)).unwrap();
    assert_eq!((place.verdict(), paths(&place)), (Verdict::Whole, names(&["src/f.rs", "src/g.rs"])));
}

fn names(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn paths(place: &Place) -> Vec<String> {
    let entries = Reading::of(&place.file()).unwrap().entries;
    entries.into_iter().map(|entry| entry.sent.files[0].path.clone()).collect()
}

#[test]
fn a_clock_that_is_far_ahead_drops_nothing_until_it_has_lasted() {
    let place = Place::filled();
    let log = place.log();
    let before = paths(&place);
    // Ten years ahead, for an hour of questions and their outcomes.
    for question in 0..3 {
        let of = log.request(sent("src/ahead.rs"), day(3650)).unwrap();
        log.outcome(came(of), day(3650)).unwrap();
        assert_eq!(paths(&place).len(), before.len() + question + 1);
    }
    // Set right, it drops by its own time again, and what the wrong one dated is no older and no younger than what follows.
    log.request(sent("src/d.rs"), day(3)).unwrap();
    assert!(paths(&place).starts_with(&before), "{:?}", paths(&place));
    log.request(sent("src/e.rs"), day(30)).unwrap();
    log.request(sent("src/f.rs"), day(34)).unwrap();
    assert_eq!(place.verdict(), Verdict::Whole);
    assert_eq!(paths(&place), names(&["src/e.rs", "src/f.rs"]));
}

#[test]
fn a_user_who_was_away_for_long_is_believed_after_a_week() {
    let place = Place::filled();
    let (log, before) = (place.log(), paths(&place).len());
    log.request(sent("src/back.rs"), day(400)).unwrap();
    log.request(sent("src/back.rs"), day(406)).unwrap();
    assert_eq!(paths(&place).len(), before + 2, "it may be the clock");
    log.request(sent("src/back.rs"), day(407)).unwrap();
    assert_eq!((place.verdict(), paths(&place).len()), (Verdict::Whole, 3));
    // Who asks every other month is a question behind.
    for months in 1..6 {
        log.request(sent("src/seldom.rs"), day(407 + 60 * months)).unwrap();
        assert!(paths(&place).len() <= 5, "{months}: {:?}", paths(&place));
    }
}

#[test]
fn a_crash_between_the_new_file_and_its_head_is_no_tampering() {
    let place = Place::filled();
    let head = fs::read(place.file().with_extension("head")).unwrap();
    retention::drop_old(&place.file(), time::to_ms(day(32)), 30).unwrap();
    fs::write(place.file().with_extension("head"), head).unwrap();
    assert_eq!(place.verdict(), Verdict::Whole);
    place.log().request(sent("src/d.rs"), day(32)).unwrap();
    assert_eq!(place.verdict(), Verdict::Whole);
}

#[test]
fn contents_go_with_their_records() {
    let place = Place::filled();
    let contents = Contents::of(&place.file());
    let (old, new) = (contents.request_file(Digest::of(b"old")), contents.request_file(Digest::of(b"new")));
    contents.keep_request(Digest::of(b"old"), b"body").unwrap();
    contents.keep_request(Digest::of(b"new"), b"body").unwrap();
    for (file, at) in [(&old, day(0)), (&new, day(31))] {
        fs::File::options().append(true).open(file).unwrap().set_modified(at).unwrap();
    }
    place.log().request(sent("src/d.rs"), day(32)).unwrap();
    assert_eq!((old.exists(), new.exists()), (false, true));
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_an_error() {
    let place = Place::new();
    std::os::unix::fs::symlink("/dev/full", place.file()).unwrap();
    let error = place.log().request(sent("src/a.rs"), day(0)).unwrap_err();
    assert!(
        matches!(&error, AuditError::Unwritable { error, .. } if error.kind() == std::io::ErrorKind::StorageFull),
        "{error}"
    );
}

#[test]
fn a_place_that_cannot_be_written_is_an_error() {
    let place = Place::new();
    fs::write(place.directory.path().join("file"), "").unwrap();
    let log = AuditLog::new(place.directory.path().join("file/audit.jsonl"), 30);
    assert!(matches!(log.request(sent("src/a.rs"), day(0)), Err(AuditError::Unwritable { .. })));
}

#[test]
fn writers_in_company_lose_nothing() {
    let place = Place::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let log = place.log();
                for _ in 0..25 {
                    let of = log.request(sent("src/a.rs"), day(0)).unwrap();
                    log.outcome(came(of), day(0)).unwrap();
                }
            });
        }
    });
    let verification = verify(&place.file()).unwrap();
    assert_eq!((verification.verdict, verification.requests, verification.open), (Verdict::Whole, 100, 0));
}
