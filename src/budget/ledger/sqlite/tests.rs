//! What can happen to a file, and that no fault opens a budget.

use std::path::Path;

use rusqlite::Connection;

use super::*;
use crate::budget::ledger::tests::{HOUR, NOON, Scene, account, ask, cost, money, refused, stand};
use crate::budget::{Period, Scope};

fn month() -> Limit {
    money(100, Period::Month, Scope::User)
}

fn try_open(scene: &Scene) -> Result<SqliteLedger, LedgerError> {
    SqliteLedger::open(&scene.file(), scene.clock(), TimeZone::UTC)
}

fn spend(ledger: &SqliteLedger, amount: u64) {
    let reserved = ask(ledger, &account(), &[month()], amount).unwrap();
    ledger.settle(reserved, &cost(amount)).unwrap();
}

#[test]
#[cfg(unix)]
fn everything_is_its_users_alone() {
    use std::os::unix::fs::PermissionsExt;
    let scene = Scene::new();
    let ledger = scene.open();
    spend(&ledger, 10);
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(scene.file().parent().unwrap()), 0o700);
    for side in ["", "-wal", "-shm"] {
        assert_eq!(mode(&with_suffix(&scene.file(), side)), 0o600, "{side}");
    }
    assert_eq!(mode(&with_suffix(&scene.file(), ".holders")), 0o700);
}

#[test]
fn each_change_is_on_the_disk_when_its_call_returns() {
    let scene = Scene::new();
    let ledger = scene.open();
    let synchronous: i64 = ledger.connection().query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
    let journal: String = ledger.connection().query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
    assert_eq!((synchronous, journal.as_str()), (2, "wal"), "2 is FULL");
    // What a kill leaves: the files as they are now.
    ask(&ledger, &account(), &[month()], 70).unwrap();
    let after = Scene::new();
    std::fs::create_dir(after.file().parent().unwrap()).unwrap();
    for side in ["", "-wal", "-shm"] {
        std::fs::copy(with_suffix(&scene.file(), side), with_suffix(&after.file(), side)).unwrap();
    }
    refused(ask(&after.open(), &account(), &[month()], 31));
}

#[test]
fn a_damaged_file_is_refused_and_stays_as_it_is() {
    let garbage = b"not a database, and longer than a header of one would be: ".repeat(100);
    let foreign = {
        let scene = Scene::new();
        std::fs::create_dir(scene.file().parent().unwrap()).unwrap();
        let other = Connection::open(scene.file()).unwrap();
        other.execute_batch("CREATE TABLE recipes (name TEXT); PRAGMA application_id = 7;").unwrap();
        drop(other);
        std::fs::read(scene.file()).unwrap()
    };
    for bytes in [garbage, foreign, Vec::new()] {
        let scene = Scene::new();
        std::fs::create_dir(scene.file().parent().unwrap()).unwrap();
        std::fs::write(scene.file(), &bytes).unwrap();
        for _ in 0..2 {
            let error = try_open(&scene).unwrap_err();
            assert!(matches!(&error, LedgerError::Damaged(told) if told.contains("tandem budget --repair")), "{error}");
        }
        assert_eq!(std::fs::read(scene.file()).unwrap(), bytes);
    }
}

/// Overwrites all pages but the first.
fn damage(scene: &Scene) {
    let ledger = scene.open();
    for _ in 0..60 {
        ask(&ledger, &account(), &[], 1).unwrap();
    }
    drop(ledger);
    let mut bytes = std::fs::read(scene.file()).unwrap();
    assert!(bytes.len() > 4 * 4096);
    bytes[4096..].fill(0xa5);
    std::fs::write(scene.file(), bytes).unwrap();
}

#[test]
fn damage_behind_a_good_first_page_is_found_when_it_is_opened() {
    let scene = Scene::new();
    damage(&scene);
    assert!(matches!(try_open(&scene), Err(LedgerError::Damaged(_))));
}

#[test]
fn damage_that_comes_while_it_is_open_refuses() {
    let scene = Scene::new();
    let ledger = scene.open();
    spend(&ledger, 10);
    ledger.connection().query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let mut bytes = std::fs::read(scene.file()).unwrap();
    bytes[100..].fill(0xa5);
    std::fs::write(scene.file(), bytes).unwrap();
    // Another process, whose memory holds no pages of it.
    let fresh = try_open(&scene).map(|ledger| ask(&ledger, &account(), &[month()], 1));
    assert!(matches!(fresh, Err(LedgerError::Damaged(_))), "{fresh:?}");
}

#[test]
fn a_file_without_its_last_entries_is_not_begun_anew() {
    let scene = Scene::new();
    let ledger = scene.open();
    spend(&ledger, 70);
    std::fs::remove_file(scene.file()).unwrap();
    assert!(with_suffix(&scene.file(), "-wal").exists());
    let error = try_open(&scene).unwrap_err().to_string();
    assert!(error.contains("is gone, but its journal is there"), "{error}");
    drop(ledger);
    std::fs::write(with_suffix(&scene.file(), "-wal"), b"entries").unwrap();
    let aside = SqliteLedger::repair(&scene.file(), scene.clock(), TimeZone::UTC, AfterRepair::Spent).unwrap().unwrap();
    assert_eq!(std::fs::read(with_suffix(&aside, "-wal")).unwrap(), b"entries");
    refused(ask(&scene.open(), &account(), &[month()], 1));
}

#[test]
fn a_repaired_ledger_presumes_the_running_windows_spent() {
    let scene = Scene::new();
    let day = money(40, Period::Day, Scope::Workspace);
    damage(&scene);
    let damaged = std::fs::read(scene.file()).unwrap();
    let aside = SqliteLedger::repair(&scene.file(), scene.clock(), TimeZone::UTC, AfterRepair::Spent).unwrap().unwrap();
    assert_eq!(std::fs::read(&aside).unwrap(), damaged, "kept as it was");
    let ledger = scene.open();
    assert_eq!((stand(&ledger, &day), stand(&ledger, &month())), ((40, 0), (100, 0)));
    refused(ask(&ledger, &account(), &[month()], 1));
    scene.set(NOON + 24 * HOUR);
    assert_eq!(refused(ask(&ledger, &account(), &[day.clone(), month()], 1)).0.limit, month(), "a day later");
    scene.set(NOON + 20 * 24 * HOUR);
    ask(&ledger, &account(), &[day, month()], 40).unwrap();
    assert_eq!(
        SqliteLedger::repair(&scene.file(), scene.clock(), TimeZone::UTC, AfterRepair::Unspent).unwrap(),
        None,
        "what is whole stays"
    );
    refused(ask(&ledger, &account(), &[month()], 61));
}

#[test]
fn a_repair_that_was_interrupted_opens_nothing() {
    let scene = Scene::new();
    damage(&scene);
    let repair = || SqliteLedger::repair(&scene.file(), scene.clock(), TimeZone::UTC, AfterRepair::Spent).unwrap();
    repair();
    // As if nothing had been put in the damaged one's place.
    for side in ["", "-wal", "-shm"] {
        let _ = std::fs::remove_file(with_suffix(&scene.file(), side));
    }
    assert!(matches!(try_open(&scene), Err(LedgerError::Damaged(_))));
    repair();
    refused(ask(&scene.open(), &account(), &[month()], 1));
}

#[test]
fn a_user_who_says_that_nothing_was_spent_is_believed() {
    let scene = Scene::new();
    damage(&scene);
    let repair =
        || SqliteLedger::repair(&scene.file(), scene.clock(), TimeZone::UTC, AfterRepair::Unspent).unwrap().unwrap();
    let first = repair();
    ask(&scene.open(), &account(), &[month()], 100).unwrap();
    damage(&scene);
    assert_ne!(repair(), first, "an older one that was kept is not overwritten");
    assert!(first.exists());
}

#[test]
fn a_file_that_is_replaced_while_it_is_open_refuses() {
    if cfg!(windows) {
        return;
    }
    let scene = Scene::new();
    let ledger = scene.open();
    spend(&ledger, 70);
    let reserved = ask(&ledger, &account(), &[month()], 10).unwrap();
    for side in ["", "-wal", "-shm"] {
        std::fs::remove_file(with_suffix(&scene.file(), side)).unwrap();
    }
    for replaced in [false, true] {
        let error = match ask(&ledger, &account(), &[month()], 1) {
            Err(crate::budget::Refusal::Ledger(error)) => error.to_string(),
            other => panic!("{other:?}"),
        };
        assert!(error.contains("deleted or replaced") && error.contains("restart"), "{replaced}: {error}");
        assert!(matches!(ledger.settle(reserved, &cost(1)), Err(LedgerError::Unusable(_))));
        drop(scene.open());
    }
}

#[test]
fn a_ledger_that_somebody_keeps_locked_is_busy() {
    let scene = Scene::new();
    let ledger = scene.open();
    ledger.connection().busy_timeout(std::time::Duration::from_millis(20)).unwrap();
    let other = Connection::open(scene.file()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let asked = ask(&ledger, &account(), &[month()], 1);
    let Err(crate::budget::Refusal::Ledger(LedgerError::Busy(told))) = asked else { panic!("{asked:?}") };
    assert!(told.contains("locked") && told.contains("ask again"), "{told}");
    let third = Connection::open(scene.file()).unwrap();
    third.busy_timeout(std::time::Duration::ZERO).unwrap();
    let met_while_opening = database::explain(&scene.file(), &third.execute_batch("BEGIN IMMEDIATE").unwrap_err());
    assert!(matches!(adapter::from_database(met_while_opening), LedgerError::Busy(_)));
    assert_eq!(stand(&ledger, &month()), (0, 0), "it can be read meanwhile");
    other.execute_batch("COMMIT").unwrap();
    spend(&ledger, 1);
}

#[test]
fn a_full_disk_refuses_and_what_is_there_stays() {
    let scene = Scene::new();
    let ledger = scene.open();
    spend(&ledger, 60);
    let pages: i64 = ledger.connection().query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    ledger.connection().query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
    let error = (0..500).find_map(|_| ask(&ledger, &account(), &[], 0).err()).expect("it is full");
    assert!(error.to_string().contains("the disk is full; make room"), "{error}");
    assert_eq!(stand(&ledger, &month()), (60, 0));
}

/// A file system of half a megabyte for the scene's ledger, where the machine lets us make one. Gone when it is dropped.
#[cfg(target_os = "linux")]
struct SmallDisk(String);

#[cfg(target_os = "linux")]
impl SmallDisk {
    fn under(scene: &Scene) -> Option<Self> {
        let state = scene.file().parent().unwrap().to_owned();
        std::fs::create_dir(&state).unwrap();
        let path = state.display().to_string();
        run("mount", &["-t", "tmpfs", "-o", "size=512k,mode=700", "tmpfs", &path]).then_some(Self(path))
    }
}

#[cfg(target_os = "linux")]
impl Drop for SmallDisk {
    fn drop(&mut self) {
        run("umount", &["-l", &self.0]);
    }
}

#[cfg(target_os = "linux")]
fn run(program: &str, arguments: &[&str]) -> bool {
    std::process::Command::new(program).args(arguments).output().is_ok_and(|output| output.status.success())
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_file_system_refuses_and_what_is_there_stays() {
    let scene = Scene::new();
    let Some(disk) = SmallDisk::under(&scene) else { return };
    let ledger = scene.open();
    spend(&ledger, 60);
    let mut filler = std::fs::File::create(format!("{}/filler", disk.0)).unwrap();
    while std::io::Write::write(&mut filler, &[0; 512]).is_ok_and(|written| written > 0) {}
    let error = (0..2_000).find_map(|_| ask(&ledger, &account(), &[], 0).err()).expect("it is full");
    assert!(matches!(error, crate::budget::Refusal::Ledger(LedgerError::Unusable(_))), "{error}");
    assert_eq!(stand(&ledger, &month()), (60, 0));
    drop(ledger);
}

#[test]
#[cfg(target_os = "linux")]
fn a_file_system_that_becomes_read_only_refuses_and_can_be_read() {
    let scene = Scene::new();
    let Some(disk) = SmallDisk::under(&scene) else { return };
    spend(&scene.open(), 60);
    assert!(run("mount", &["-o", "remount,ro", &disk.0]));
    let error = try_open(&scene).unwrap_err();
    assert!(matches!(&error, LedgerError::Unusable(told) if told.contains("Read-only")), "{error}");
    assert!(run("mount", &["-o", "remount,rw", &disk.0]));
    assert_eq!(stand(&scene.open(), &month()), (60, 0));
}

#[test]
fn a_place_that_cannot_be_written_is_said() {
    let scene = Scene::new();
    let ledger = scene.open();
    ledger.connection().execute_batch("PRAGMA query_only = ON").unwrap();
    let error = ask(&ledger, &account(), &[month()], 1).unwrap_err().to_string();
    assert!(error.contains("cannot be written") && error.contains("writable for you alone"), "{error}");
    // Where not even the superuser may write.
    if cfg!(target_os = "linux") {
        let error = SqliteLedger::open(Path::new("/proc/tandem/ledger.db"), scene.clock(), TimeZone::UTC).unwrap_err();
        assert!(matches!(error, LedgerError::Unusable(_)), "{error}");
    }
}

#[test]
fn a_ledger_of_a_newer_tandem_is_left_alone() {
    let scene = Scene::new();
    scene.open().connection().execute_batch("PRAGMA user_version = 900").unwrap();
    for error in [
        try_open(&scene).unwrap_err(),
        SqliteLedger::repair(&scene.file(), scene.clock(), TimeZone::UTC, AfterRepair::Spent).unwrap_err(),
    ] {
        assert!(error.to_string().contains("newer Tandem (version 900"), "{error}");
    }
}

#[test]
fn a_ledger_of_an_older_tandem_keeps_what_is_in_it() {
    let scene = Scene::new();
    let ledger = scene.open();
    spend(&ledger, 20);
    let older =
        "ALTER TABLE request DROP COLUMN own_cost; ALTER TABLE request DROP COLUMN purpose; PRAGMA user_version = 1";
    ledger.connection().execute_batch(older).unwrap();
    drop(ledger);
    let ledger = scene.open();
    spend(&ledger, 30);
    let reserved = ask(&ledger, &account(), &[month()], 10).unwrap();
    ledger.settle(reserved, &Settlement { own_cost: Some(Picodollars(9)), ..cost(10) }).unwrap();
    let entries = ledger.entries(0, i64::MAX).unwrap();
    let shown: Vec<_> = entries.iter().map(|entry| (entry.money.0, entry.own_cost)).collect();
    assert_eq!(shown, [(20, None), (30, None), (10, Some(Picodollars(9)))]);
    assert_eq!(stand(&ledger, &month()), (60, 0));
}

#[test]
fn several_that_begin_at_once_share_one_ledger() {
    let scene = Scene::new();
    let admitted = std::thread::scope(|scope| {
        let one = || {
            let ledger = scene.open();
            (0..20).filter(|_| ask(&ledger, &account(), &[month()], 3).is_ok()).count()
        };
        let threads: Vec<_> = (0..6).map(|_| scope.spawn(one)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
    });
    assert_eq!(admitted, 33);
}
