//! The database under several hands, and what can happen to a file.

use std::sync::Barrier;

use super::*;
use crate::acceptance::{Figures, Outcome, Position, Source, Trigger};
use crate::config::create_private_dir;

pub fn row(outcome: Outcome) -> Row {
    let figures = Figures {
        language: "rust".into(),
        engine: "lookup".into(),
        source: Source::Lookup,
        trigger: Trigger::Automatic,
        position: Position::LineEnd,
        confidence: 0.5,
        log_probability: Some(-1.25),
        latency_us: 1_500,
        tokens: Some(7),
    };
    let accepted = if outcome.is_accepted() { 8 } else { 0 };
    Row { at: 1_700_000_000, figures, lines: 1, characters: 8, visible_ms: 900, outcome, accepted, typed: 0 }
}

pub fn decided(number: u64, outcome: Outcome) -> Event {
    Event::Decided { number, row: row(outcome) }
}

struct Place {
    directory: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("state/stats.db")
    }

    fn write(&self, bytes: &[u8]) {
        create_private_dir(self.file().parent().unwrap()).unwrap();
        std::fs::write(self.file(), bytes).unwrap();
    }

    fn names(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.directory.path().join("state")).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }
}

#[test]
fn what_was_written_is_there_when_it_is_opened_again() {
    let place = Place::new();
    let mut numbers = HashMap::new();
    let mut store = Store::open(&place.file()).unwrap();
    let kept = Event::Kept { number: 1, mark: Mark::HalfMinute, kept: Kept::Percent(93) };
    store.write(&[decided(1, Outcome::Line), decided(2, Outcome::Rejected), kept], &mut numbers).unwrap();
    assert_eq!(numbers.keys().collect::<Vec<_>>(), [&1], "only what was accepted is watched");
    let unknown = Event::Kept { number: 1, mark: Mark::FiveMinutes, kept: Kept::Unknown };
    store.write(&[unknown], &mut numbers).unwrap();
    assert!(numbers.is_empty());
    drop(store);
    let store = Store::read(&place.file()).unwrap().unwrap();
    let sql = "SELECT outcome, accepted, kept_30s, kept_5min, confidence, log_probability, tokens FROM suggestion";
    let read: Vec<[Option<i64>; 7]> = {
        let mut statement = store.connection.prepare(sql).unwrap();
        let rows = statement.query_map([], |row| {
            let mut values = [None; 7];
            for (at, value) in values.iter_mut().enumerate() {
                *value = row.get(at)?;
            }
            Ok(values)
        });
        rows.unwrap().map(Result::unwrap).collect()
    };
    assert_eq!(
        read,
        [
            [Some(1), Some(8), Some(93), Some(-1), Some(500), Some(-1250), Some(7)],
            [Some(4), Some(0), None, None, Some(500), Some(-1250), Some(7)],
        ]
    );
}

#[test]
#[cfg(unix)]
fn the_files_are_their_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let place = Place::new();
    place.write(b"");
    std::fs::set_permissions(place.file(), std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut store = Store::open(&place.file()).unwrap();
    store.write(&[decided(1, Outcome::Whole)], &mut HashMap::new()).unwrap();
    assert_eq!(place.names(), ["stats.db", "stats.db-shm", "stats.db-wal"]);
    for name in place.names() {
        let mode = place.file().with_file_name(&name).metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn several_servers_write_at_once_and_lose_nothing() {
    const SERVERS: u64 = 4;
    const BATCHES: u64 = 50;
    let place = Place::new();
    let start = Barrier::new(SERVERS as usize);
    std::thread::scope(|scope| {
        for _ in 0..SERVERS {
            scope.spawn(|| {
                start.wait();
                let mut store = Store::open(&place.file()).unwrap();
                let mut numbers = HashMap::new();
                for number in 0..BATCHES {
                    store.write(&[decided(number, Outcome::Whole)], &mut numbers).unwrap();
                    let kept = Event::Kept { number, mark: Mark::FiveMinutes, kept: Kept::Percent(100) };
                    store.write(&[kept], &mut numbers).unwrap();
                }
            });
        }
    });
    let store = Store::read(&place.file()).unwrap().unwrap();
    assert_eq!(store.count().unwrap(), SERVERS * BATCHES);
    let told = "SELECT count(*) FROM suggestion WHERE kept_5min = 100";
    let told: i64 = store.connection.query_row(told, [], |row| row.get(0)).unwrap();
    assert_eq!(told as u64, SERVERS * BATCHES, "each was added to its own row");
    let names: i64 = store.connection.query_row("SELECT count(*) FROM name", [], |row| row.get(0)).unwrap();
    assert_eq!(names, 2);
}

/// What a power cut or a kill leaves: the files as they are in the middle of a batch.
#[test]
fn a_batch_that_was_cut_off_leaves_the_ones_before_it() {
    let place = Place::new();
    let mut store = Store::open(&place.file()).unwrap();
    store.write(&[decided(1, Outcome::Whole)], &mut HashMap::new()).unwrap();
    // Small, so that the batch reaches the disk before it is complete.
    store.connection.execute_batch("PRAGMA cache_size = 1; BEGIN IMMEDIATE").unwrap();
    for _ in 0..2_000 {
        insert(&store.connection, &row(Outcome::Whole)).unwrap();
    }
    let after = Place::new();
    after.write(&std::fs::read(place.file()).unwrap());
    for side in ["-wal", "-shm"] {
        std::fs::copy(with_suffix(&place.file(), side), with_suffix(&after.file(), side)).unwrap();
    }
    let wal = with_suffix(&after.file(), "-wal").metadata().unwrap().len();
    assert!(wal > 50_000, "nothing of the batch is on disk, so this proves nothing: {wal}");
    let mut store = Store::open(&after.file()).unwrap();
    assert_eq!(store.count().unwrap(), 1);
    store.write(&[decided(1, Outcome::Whole)], &mut HashMap::new()).unwrap();
    assert_eq!(store.count().unwrap(), 2);
}

#[test]
fn what_is_damaged_or_foreign_is_moved_aside() {
    let foreign = {
        let place = Place::new();
        place.write(b"");
        let connection = Connection::open(place.file()).unwrap();
        connection.execute_batch("CREATE TABLE recipes (name TEXT); PRAGMA application_id = 7;").unwrap();
        drop(connection);
        std::fs::read(place.file()).unwrap()
    };
    for bytes in [b"not a database, and longer than a header of one would be: ".repeat(20), foreign] {
        let place = Place::new();
        place.write(&bytes);
        assert!(matches!(Store::open(&place.file()), Err(StoreError::Damaged(_))));
        assert!(matches!(Store::read(&place.file()), Err(StoreError::Damaged(_))));
        let (mut store, aside) = Store::open_or_replace(&place.file()).unwrap();
        let aside = aside.expect("moved");
        assert_eq!(std::fs::read(&aside).unwrap(), bytes, "nothing of it was changed");
        store.write(&[decided(1, Outcome::Whole)], &mut HashMap::new()).unwrap();
        assert_eq!(store.count().unwrap(), 1);
        let (_, aside) = Store::open_or_replace(&place.file()).unwrap();
        assert_eq!(aside, None, "once");
    }
}

/// A database whose first page is whole, and the others are not.
pub fn damaged_inside(file: &Path) {
    let mut store = Store::open(file).unwrap();
    let rows: Vec<Event> = (0..500).map(|number| decided(number, Outcome::Whole)).collect();
    store.write(&rows, &mut HashMap::new()).unwrap();
    drop(store);
    let mut bytes = std::fs::read(file).unwrap();
    assert!(bytes.len() > 5 * 4096);
    bytes[4096..].fill(0xa5);
    std::fs::write(file, bytes).unwrap();
}

#[test]
fn damage_that_is_met_later_is_told_as_such() {
    let place = Place::new();
    damaged_inside(&place.file());
    let mut store = Store::open(&place.file()).unwrap();
    let error = store.write(&[decided(1, Outcome::Whole)], &mut HashMap::new()).unwrap_err();
    assert!(matches!(error, StoreError::Damaged(_)), "{error}");
}

#[test]
fn several_servers_that_meet_a_damaged_file_move_it_once() {
    let place = Place::new();
    place.write(&b"garbage ".repeat(1000));
    let start = Barrier::new(4);
    let moved = std::thread::scope(|scope| {
        let open = || {
            start.wait();
            let (mut store, aside) = Store::open_or_replace(&place.file()).unwrap();
            store.write(&[decided(1, Outcome::Whole)], &mut HashMap::new()).unwrap();
            aside.is_some()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(open)).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum::<usize>()
    });
    assert_eq!(moved, 1);
    assert_eq!(Store::read(&place.file()).unwrap().unwrap().count().unwrap(), 4);
}

#[test]
fn a_full_disk_costs_a_batch() {
    let place = Place::new();
    let mut store = Store::open(&place.file()).unwrap();
    let mut numbers = HashMap::new();
    store.write(&[decided(1, Outcome::Whole)], &mut numbers).unwrap();
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    let batch: Vec<Event> = (2..1_000).map(|number| decided(number, Outcome::Whole)).collect();
    let error = store.write(&batch, &mut numbers).unwrap_err();
    assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
    assert_eq!((store.count().unwrap(), numbers.len()), (1, 1));
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let place = Place::new();
    let mut store = Store::open(&place.file()).unwrap();
    store.connection.execute_batch("PRAGMA query_only = ON").unwrap();
    let error = store.write(&[decided(1, Outcome::Whole)], &mut HashMap::new()).unwrap_err();
    assert!(matches!(&error, StoreError::Unusable { reason, .. } if reason.contains("readonly")), "{error}");
    // Where not even the superuser may write.
    if cfg!(target_os = "linux") {
        let error = Store::open(Path::new("/proc/tandem/stats.db")).unwrap_err();
        assert!(matches!(error, StoreError::Unusable { .. }), "{error}");
    }
}

#[test]
fn a_file_of_a_newer_tandem_is_left_alone() {
    let place = Place::new();
    let store = Store::open(&place.file()).unwrap();
    store.connection.execute_batch("PRAGMA user_version = 900").unwrap();
    drop(store);
    for opened in [Store::open_or_replace(&place.file()).map(drop), Store::read(&place.file()).map(drop)] {
        let error = opened.unwrap_err().to_string();
        assert!(error.contains("newer Tandem (version 900 of its tables; this one knows 1)"), "{error}");
    }
    assert!(place.names().iter().all(|name| !name.contains("damaged")), "{:?}", place.names());
}

#[test]
fn steps_are_done_once_and_all_or_none() {
    let place = Place::new();
    let mut store = Store::open(&place.file()).unwrap();
    store.write(&[decided(1, Outcome::Whole)], &mut HashMap::new()).unwrap();
    let connection = &mut store.connection;
    let version =
        |connection: &Connection| connection.query_row("PRAGMA user_version", [], |row| row.get::<_, i64>(0)).unwrap();
    let broken = [schema::STEPS[0], "ALTER TABLE suggestion ADD COLUMN mood INTEGER", "no such thing"];
    let steps = |steps| database::Kind { steps, ..schema::KIND };
    database::migrate(connection, &steps(&broken)).unwrap_err();
    assert_eq!(version(connection), 1);
    connection.prepare("SELECT mood FROM suggestion").unwrap_err();
    for _ in 0..2 {
        database::migrate(connection, &steps(&broken[..2])).unwrap();
        assert_eq!(version(connection), 2);
        let rows: i64 =
            connection.query_row("SELECT count(*) FROM suggestion WHERE mood IS NULL", [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1, "what was there stays");
    }
}

#[test]
fn old_rows_go_and_so_do_those_beyond_the_number() {
    let place = Place::new();
    let mut store = Store::open(&place.file()).unwrap();
    let day = |day: i64| Event::Decided { number: 1, row: Row { at: day * 86_400, ..row(Outcome::Rejected) } };
    let days: Vec<Event> = (0..10).map(day).collect();
    store.write(&days, &mut HashMap::new()).unwrap();
    assert_eq!(store.prune(Retention { days: 7, suggestions: 100 }, 10 * 86_400).unwrap(), 3);
    assert_eq!(store.prune(Retention { days: 7, suggestions: 4 }, 10 * 86_400).unwrap(), 3);
    assert_eq!(store.count().unwrap(), 4);
    assert_eq!(store.prune(Retention::days(400), 0).unwrap(), 0, "a clock that is behind deletes nothing");
}

#[test]
fn a_reset_under_a_running_server_mixes_nothing_up() {
    let place = Place::new();
    let (mut server, mut cli) = (Store::open(&place.file()).unwrap(), Store::open(&place.file()).unwrap());
    let mut numbers = HashMap::new();
    server.write(&[decided(1, Outcome::Whole)], &mut numbers).unwrap();
    assert_eq!(cli.reset().unwrap(), 1);
    let kept = Event::Kept { number: 1, mark: Mark::FiveMinutes, kept: Kept::Percent(3) };
    server.write(&[decided(2, Outcome::Whole), kept], &mut numbers).unwrap();
    let kept: Option<i64> =
        server.connection.query_row("SELECT kept_5min FROM suggestion", [], |row| row.get(0)).unwrap();
    assert_eq!((server.count().unwrap(), kept), (1, None), "what was deleted stays deleted");
    let dangling = "SELECT count(*) FROM suggestion WHERE language NOT IN (SELECT id FROM name)";
    assert_eq!(server.connection.query_row(dangling, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
}

#[test]
fn names_are_bounded_and_on_one_line() {
    let place = Place::new();
    let mut store = Store::open(&place.file()).unwrap();
    let mut strange = row(Outcome::Whole);
    strange.figures.language = "é\n".repeat(500);
    store.write(&[Event::Decided { number: 1, row: strange }], &mut HashMap::new()).unwrap();
    let longest = "SELECT text FROM name ORDER BY length(text) DESC";
    let name: String = store.connection.query_row(longest, [], |row| row.get(0)).unwrap();
    assert!(name.len() <= LONGEST_NAME && name.starts_with("é é "), "{name}");
}
