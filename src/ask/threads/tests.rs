//! Threads on disk and in memory.

use std::sync::Arc;

use super::*;
use crate::gate::Source;

fn thread(id: &str, at: i64) -> Thread {
    let piece = |text: &str, source| Piece { text: Arc::from(text), source };
    let file = Source::File { path: "a.rs".to_owned(), bytes: 3..9 };
    let shown =
        Shown { path: "a.rs".to_owned(), hash: "1".to_owned(), rows: vec![0..3, 5..6], names: vec!["a.b".to_owned()] };
    let turn = ThreadTurn {
        context: vec![piece("1\tfn a() {}\n", file), piece("log", Source::Log)],
        question: vec![piece("why?", Source::Question)],
        answer: "So.".to_owned(),
        shown: vec![shown],
    };
    Thread {
        id: id.to_owned(),
        title: title("Why is\n  this\u{7} so?"),
        folder: "/w".to_owned(),
        at,
        tag: "t".to_owned(),
        stays: false,
        stable: vec![piece("rules", Source::Instructions)],
        turns: vec![turn],
    }
}

fn ids(threads: &Threads) -> Vec<String> {
    threads.list().into_iter().map(|entry| entry.id).collect()
}

#[test]
fn threads_are_kept_listed_and_deleted() {
    let place = tempfile::tempdir().unwrap();
    let threads = Threads::in_directory(place.path().join("threads"));
    threads.save(thread("a1", 1), true);
    threads.save(thread("b2", 2), true);
    threads.save(thread("c3", 3), false);
    // Another window.
    let other = Threads::in_directory(place.path().join("threads"));
    assert_eq!(ids(&threads), ["c3", "b2", "a1"]);
    assert_eq!(ids(&other), ["b2", "a1"], "what is not to be kept is in memory only");
    assert_eq!(other.load("a1"), Some(thread("a1", 1)), "byte for byte");
    assert_eq!(other.list()[1].title, "Why is this so?");
    assert!(other.delete("a1") && !other.delete("a1"));
    assert_eq!(threads.load("a1"), None);
    assert_eq!(threads.delete_all(), 2);
    assert_eq!(ids(&threads), [""; 0]);
}

#[cfg(unix)]
#[test]
fn only_the_user_reads_them() {
    use std::os::unix::fs::PermissionsExt;
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("threads");
    Threads::in_directory(directory.clone()).save(thread("a1", 1), true);
    assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(directory.join("a1.json").metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 1, "nothing is left beside it");
}

#[test]
fn names_lead_nowhere_else_and_damage_is_passed_over() {
    let place = tempfile::tempdir().unwrap();
    let directory = place.path().join("threads");
    let threads = Threads::in_directory(directory.clone());
    threads.save(thread("a1", 1), true);
    std::fs::write(place.path().join("x.json"), "{}").unwrap();
    assert!(!threads.delete("../x") && threads.load("../x").is_none() && threads.load("").is_none());
    assert!(place.path().join("x.json").exists());
    std::fs::write(directory.join("ff.json"), "{\"id\":").unwrap();
    std::fs::copy(directory.join("a1.json"), directory.join("ee.json")).unwrap();
    assert_eq!(ids(&threads), ["a1"]);
}

#[test]
fn there_is_an_end_to_them() {
    let place = tempfile::tempdir().unwrap();
    let threads = Threads::in_directory(place.path().join("threads"));
    for number in 0..MOST_THREADS + 5 {
        threads.save(thread(&format!("{number:04x}"), number as i64), true);
        threads.save(thread(&format!("f{number:04x}"), number as i64), false);
    }
    assert_eq!(threads.list().len(), 2 * MOST_THREADS);
}
