//! A look at the end of a log: whether its last record is whole and the one that was written last. Reads a few kilobytes of any
//! log, where `verify` reads all of it.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use super::head::Head;
use super::record::{Event, Record};

/// Longest last record that is looked at. One of a request with all files of its context has some ten kilobytes.
const LONGEST: u64 = 4 << 20;

/// What the end of a log comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LastRecord {
    /// Nothing was ever recorded.
    None,
    /// Whole, and what is known to be the last.
    Good { number: u64 },
    /// Its writer died over it. The next one accounts for it.
    Unfinished,
    /// Not as it was written, or not the last that there was. `tandem audit --verify` says more.
    Bad,
}

/// Takes no lock: a record that is being written meanwhile is one that is unfinished.
pub fn last_record(log: &Path) -> io::Result<LastRecord> {
    let head = Head::read(log);
    let mut file = match File::open(log) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(if head.is_some() { LastRecord::Bad } else { LastRecord::None });
        }
        Err(error) => return Err(error),
    };
    let bytes = file.metadata()?.len();
    file.seek(SeekFrom::Start(bytes.saturating_sub(LONGEST)))?;
    let mut end = Vec::new();
    file.take(LONGEST).read_to_end(&mut end)?;
    Ok(judge(&end, head.as_ref()))
}

fn judge(end: &[u8], head: Option<&Head>) -> LastRecord {
    if end.is_empty() {
        return if head.is_some() { LastRecord::Bad } else { LastRecord::None };
    }
    let Some(whole) = end.strip_suffix(b"\n") else { return LastRecord::Unfinished };
    let line = whole.rsplit(|byte| *byte == b'\n').next().unwrap_or_default();
    let Some((record, hash)) = Record::parse(line) else { return LastRecord::Bad };
    let hash = if record.event == Event::Anchor { record.prev } else { hash };
    match head {
        // It is written after the log and may lag behind.
        Some(head) if head.n > record.n || (head.n == record.n && head.hash != hash) => LastRecord::Bad,
        _ => LastRecord::Good { number: record.n },
    }
}

#[cfg(test)]
mod tests {
    use super::super::digest::Digest;
    use super::*;

    fn record(n: u64) -> (String, Digest) {
        let at = "2026-11-28T12:00:00Z".parse().unwrap();
        Record { n, prev: Digest([0; 32]), at, event: Event::Begin }.line().unwrap()
    }

    fn head(n: u64, hash: Digest) -> Head {
        Head { n, hash, end: 0, oldest: "2026-11-28T12:00:00Z".parse().unwrap() }
    }

    #[test]
    fn the_last_record_is_held_against_what_was_written_last() {
        let ((first, _), (second, hash)) = (record(1), record(2));
        let log = format!("{first}{second}");
        let judged = |text: &str, head: Option<&Head>| judge(text.as_bytes(), head);
        assert_eq!(judged(&log, Some(&head(2, hash))), LastRecord::Good { number: 2 });
        assert_eq!(judged(&log, Some(&head(1, record(1).1))), LastRecord::Good { number: 2 }, "the head lags behind");
        assert_eq!(judged(&log, None), LastRecord::Good { number: 2 });
        assert_eq!(judged(&log, Some(&head(3, hash))), LastRecord::Bad, "the end was removed");
        assert_eq!(judged(&log, Some(&head(2, Digest([1; 32])))), LastRecord::Bad);
        assert_eq!(judged(&log.replace("\"n\":2", "\"n\":7"), None), LastRecord::Bad, "one byte was changed");
        assert_eq!(judged(&log[..log.len() - 5], Some(&head(2, hash))), LastRecord::Unfinished);
        assert_eq!(judged("", None), LastRecord::None);
        assert_eq!(judged("", Some(&head(2, hash))), LastRecord::Bad);
    }

    #[test]
    fn a_log_that_is_not_there_records_nothing() {
        let place = tempfile::tempdir().unwrap();
        assert_eq!(last_record(&place.path().join("audit.jsonl")).unwrap(), LastRecord::None);
    }
}
