//! Vectors as a whole, on real files, with words hashed in place of a model.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::engine::embed::EmbedError;
use crate::engine::embed::fake::HashedWords;
use crate::index::tests::Bench;
use crate::index::{FoundBy, Index, Ranks, SearchBy};

const DIMENSIONS: usize = 64;

const FILES: &[(&str, &str)] = &[
    (
        "src/pay.rs",
        "/// Charges a card.\nfn charge(card: Card) {\n    gateway.send(card);\n}\n\nfn refund() {\n    back();\n}\n",
    ),
    ("src/mail.rs", "fn deliver(letter: Letter) {\n    post(letter);\n}\n"),
];

fn meaning(engine: &Arc<HashedWords>, identity: &str) -> Meaning {
    Meaning {
        bytes: 1 << 20,
        patience: Duration::from_secs(1),
        ..Meaning::new(engine.clone(), identity.to_owned(), "a model".to_owned())
    }
}

/// The bench's index with all its vectors.
fn open(bench: &Bench, meaning: Meaning) -> Arc<Index> {
    let index = bench.open();
    index.understand(Some(meaning));
    settle(&index);
    index
}

fn settle(index: &Index) -> VectorStatus {
    index.settle_vectors(|_| false);
    index.vector_status().unwrap()
}

fn bench() -> Bench {
    let mut bench = Bench::new(FILES);
    bench.settings.cpu_share = 100;
    bench
}

fn stored(bench: &Bench) -> PathBuf {
    let mut files = std::fs::read_dir(bench.store.path()).unwrap().map(|entry| entry.unwrap().path());
    files.find(|file| file.extension().is_some_and(|extension| extension == "vectors")).expect("vectors are stored")
}

#[test]
fn what_changed_is_made_anew_and_nothing_else() {
    let (bench, engine) = (bench(), Arc::new(HashedWords::new(DIMENSIONS)));
    let index = open(&bench, meaning(&engine, "m"));
    let status = index.vector_status().unwrap();
    assert_eq!((status.pieces, status.vectors, status.left_out, engine.documents()), (3, 3, 0, 3));
    assert!(status.is_done && status.bytes > 3 * DIMENSIONS as u64);

    bench.write("src/pay.rs", FILES[0].1.replace("back()", "back_again()"));
    bench.change(&index, &["src/pay.rs"]);
    settle(&index);
    assert_eq!(engine.documents(), 4, "one piece of two");

    // A file that moves keeps its vectors, and rows that are added above are no change of what is below.
    std::fs::rename(bench.root().join("src/mail.rs"), bench.root().join("src/post.rs")).unwrap();
    bench.change(&index, &["src/mail.rs", "src/post.rs"]);
    settle(&index);
    let near = index.shared.vectors().unwrap().nearest(&index.shared, "deliver letter", 1).unwrap();
    assert_eq!((&*near[0].path, near[0].rows.clone()), ("src/post.rs", 0..3));

    std::fs::remove_file(bench.root().join("src/post.rs")).unwrap();
    bench.change(&index, &["src/post.rs"]);
    assert_eq!(settle(&index).pieces, 2, "what is gone is gone");
}

#[test]
fn the_bound_holds_and_says_what_it_left_out() {
    let (bench, engine) = (bench(), Arc::new(HashedWords::new(DIMENSIONS)));
    let two = Meaning { bytes: 2 * (DIMENSIONS as u64 + 88), ..meaning(&engine, "m") };
    let most = two.bytes;
    let index = open(&bench, two);
    let status = index.vector_status().unwrap();
    assert_eq!((status.pieces, status.vectors, status.left_out), (3, 2, 1));
    assert!(status.bytes <= most);
    assert!(status.describe().contains("1 are left out (index.vectorsMb)"), "{}", status.describe());
    // Room that comes back is used.
    std::fs::remove_file(bench.root().join("src/pay.rs")).unwrap();
    bench.change(&index, &["src/pay.rs"]);
    let status = settle(&index);
    assert_eq!((status.pieces, status.left_out), (1, 0));
}

#[test]
fn vectors_outlast_a_run_and_are_of_one_model() {
    let bench = bench();
    let first = Arc::new(HashedWords::new(DIMENSIONS));
    drop(open(&bench, meaning(&first, "m")));
    assert_eq!(first.documents(), 3);

    let second = Arc::new(HashedWords::new(DIMENSIONS));
    drop(open(&bench, meaning(&second, "m")));
    assert_eq!(second.documents(), 0, "they were read");

    let other = Arc::new(HashedWords::new(DIMENSIONS / 2));
    drop(open(&bench, meaning(&other, "another")));
    assert_eq!(other.documents(), 3, "another model's are made anew");

    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(stored(&bench)).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "nobody else reads them");
    }
}

#[test]
fn damaged_vectors_are_made_anew() {
    let bench = bench();
    drop(open(&bench, meaning(&Arc::new(HashedWords::new(DIMENSIONS)), "m")));
    let whole = std::fs::read(stored(&bench)).unwrap();
    let cut = whole[..whole.len() - 1].to_vec();
    let mut flipped = whole.clone();
    flipped[whole.len() / 2] ^= 1;
    for damaged in [cut, flipped, Vec::new(), b"tandem vectors1\n".to_vec()] {
        std::fs::write(stored(&bench), damaged).unwrap();
        let engine = Arc::new(HashedWords::new(DIMENSIONS));
        let index = open(&bench, meaning(&engine, "m"));
        assert_eq!((engine.documents(), index.vector_status().unwrap().vectors), (3, 3));
        drop(index);
        assert_eq!(std::fs::read(stored(&bench)).unwrap(), whole, "equal vectors are equal files");
    }
}

#[test]
fn of_open_documents_nothing_is_stored() {
    let (bench, engine) = (bench(), Arc::new(HashedWords::new(DIMENSIONS)));
    let index = open(&bench, meaning(&engine, "m"));
    let text = ropey::Rope::from_str("fn unsaved_secret() {}\n");
    assert!(index.set_document(&bench.root().join("src/mail.rs"), None, &text, None));
    settle(&index);
    let near = index.shared.vectors().unwrap().nearest(&index.shared, "unsaved secret fn", 1).unwrap();
    assert_eq!(&*near[0].path, "src/mail.rs", "it is found while it is open");
    drop(index);
    let again = Arc::new(HashedWords::new(DIMENSIONS));
    drop(open(&bench, meaning(&again, "m")));
    assert_eq!(again.documents(), 1, "the file on disk");
}

#[test]
fn a_model_that_is_away_leaves_words_and_is_told_of() {
    let (bench, engine) = (bench(), Arc::new(HashedWords::new(DIMENSIONS)));
    engine.fail(Some(EmbedError::Away("the machine is hot".to_owned())));
    let index = open(&bench, meaning(&engine, "m"));
    let status = index.vector_status().unwrap();
    assert_eq!((status.vectors, status.problem.as_deref()), (0, Some("the machine is hot")));
    let words = index.search_by("charge card", 5, SearchBy::Words);
    assert_eq!(index.search("charge card", 5), words);
    assert_eq!(index.search_by("charge card", 5, SearchBy::Meaning), []);
    engine.fail(None);
    index.shared.vectors().unwrap().look();
    index.settle_vectors(|status| status.vectors == 3);
    while index.vector_status().unwrap().vectors < 3 {
        std::thread::sleep(Duration::from_millis(5));
    }
    engine.fail(Some(EmbedError::Late));
    assert_eq!(index.search("charge card", 5), words, "a query that gets no vector is one of words");
}

#[test]
fn answers_without_vectors_are_the_same_bytes() {
    let bench = bench();
    let index = bench.open();
    let bytes = |hits: &[crate::index::Hit]| serde_json::to_string(hits).unwrap();
    let before = bytes(&index.search("charge card", 5));
    assert!(before.contains("charge") && !before.contains("\"by\""), "{before}");
    let engine = Arc::new(HashedWords::new(DIMENSIONS));
    engine.fail(Some(EmbedError::Failed("no such model".to_owned())));
    index.understand(Some(meaning(&engine, "m")));
    settle(&index);
    assert_eq!(bytes(&index.search("charge card", 5)), before);
    engine.fail(None);
    index.understand(Some(meaning(&engine, "m")));
    settle(&index);
    assert_eq!(bytes(&index.search_by("charge card", 5, SearchBy::Words)), before);
    index.understand(None);
    assert_eq!(bytes(&index.search("charge card", 5)), before);
}

#[test]
fn hits_say_by_what_they_were_found_in_the_same_order_every_time() {
    let (bench, engine) = (bench(), Arc::new(HashedWords::new(DIMENSIONS)));
    let index = open(&bench, meaning(&engine, "m"));
    let hits = index.search("charge card", 5);
    assert_eq!((hits[0].name.as_deref(), hits[0].by), (Some("charge"), Some(FoundBy::Both)));
    assert_eq!(hits.len(), 3, "what shares no word is near, too, but last");
    assert!(hits[1..].iter().all(|hit| hit.by == Some(FoundBy::Meaning)));
    assert!(!hits[1].line.is_empty());
    for _ in 0..3 {
        assert_eq!(index.search("charge card", 5), hits);
    }
    drop(index);
    assert_eq!(open(&bench, meaning(&engine, "m")).search("charge card", 5), hits, "and after another start");
    assert_eq!(open(&bench, meaning(&engine, "m")).search("charge card", 1).len(), 1);
}

#[test]
fn one_that_only_asks_makes_and_writes_nothing() {
    let (bench, engine) = (bench(), Arc::new(HashedWords::new(DIMENSIONS)));
    let asks = || Meaning { makes_missing: false, ..meaning(&engine, "m") };
    let index = open(&bench, asks());
    assert_eq!((engine.documents(), index.vector_status().unwrap().vectors), (0, 0));
    drop(index);
    drop(open(&bench, meaning(&engine, "m")));
    bench.write("src/mail.rs", "fn other() {}\n");
    let before = std::fs::read(stored(&bench)).unwrap();
    let index = open(&bench, asks());
    assert_eq!(index.search("charge card", 1)[0].by, Some(FoundBy::Both));
    assert!(index.search("deliver letter", 5).iter().all(|hit| hit.path != "src/mail.rs"), "it is another by now");
    drop(index);
    assert_eq!(std::fs::read(stored(&bench)).unwrap(), before);
    assert_eq!(engine.documents(), 3);
}

#[test]
fn what_was_made_outlasts_a_kill() {
    /// Makes two vectors and then none until it is cancelled.
    struct Slow(HashedWords);
    impl EmbedEngine for Slow {
        fn embed(&self, job: EmbedJob, cancel: &CancelFlag, patience: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
            while self.0.documents() >= 2 && !cancel.is_cancelled() {
                std::thread::sleep(Duration::from_millis(1));
            }
            self.0.embed(job, cancel, patience)
        }
    }
    let bench = bench();
    let index = bench.open();
    let slow = Slow(HashedWords::new(DIMENSIONS));
    let slow = Meaning { engine: Arc::new(slow), save_after: Duration::ZERO, ..meaning(&Arc::default(), "m") };
    index.understand(Some(slow));
    let first_file = || {
        let mut files = std::fs::read_dir(bench.store.path()).unwrap().map(|entry| entry.unwrap().path());
        files.find(|file| file.extension().is_some_and(|extension| extension == "vectors"))
    };
    let kept = loop {
        // As it is on the disk while the rest is still being made, which is what a kill leaves.
        match first_file() {
            Some(file) => break std::fs::read(file).unwrap(),
            None => std::thread::sleep(Duration::from_millis(1)),
        }
    };
    let file = first_file().unwrap();
    drop(index);
    std::fs::write(&file, kept).unwrap();
    // And half of a write that the kill cut off.
    std::fs::write(file.with_extension("1-0.new"), "tandem vec").unwrap();
    let again = Arc::new(HashedWords::new(DIMENSIONS));
    let index = open(&bench, meaning(&again, "m"));
    assert_eq!(index.vector_status().unwrap().vectors, 3);
    assert!(again.documents() < 3, "what was on the disk is not made again: {}", again.documents());
}

#[test]
fn a_completion_takes_the_place_of_a_batch_and_loses_nothing() {
    /// Waits for its first batch to be cancelled; makes all others.
    struct Once(HashedWords, AtomicBool, AtomicBool);
    impl EmbedEngine for Once {
        fn embed(&self, job: EmbedJob, cancel: &CancelFlag, patience: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
            if !self.1.swap(true, Ordering::SeqCst) {
                while !cancel.is_cancelled() {
                    std::thread::sleep(Duration::from_millis(1));
                }
                self.2.store(true, Ordering::SeqCst);
                return Err(EmbedError::Cancelled);
            }
            self.0.embed(job, cancel, patience)
        }
    }
    let bench = bench();
    let index = bench.open();
    let once = Arc::new(Once(HashedWords::new(DIMENSIONS), AtomicBool::new(false), AtomicBool::new(false)));
    let way = Arc::new(GiveWay::default());
    let first = Meaning { engine: once.clone(), way: way.clone(), ..meaning(&Arc::default(), "m") };
    index.understand(Some(first));
    while !once.1.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(1));
    }
    drop(way.urgent());
    let status = settle(&index);
    assert!(once.2.load(Ordering::SeqCst), "the batch was cancelled");
    assert_eq!((status.vectors, status.problem, once.0.documents()), (3, None, 3), "and made afterwards");
}

#[test]
fn a_model_that_does_not_answer_is_waited_for_once() {
    /// Never has a vector in time for a query, and remembers for how long it was waited for.
    #[derive(Default)]
    struct Late(HashedWords, Mutex<Vec<Duration>>);
    impl EmbedEngine for Late {
        fn embed(&self, job: EmbedJob, cancel: &CancelFlag, patience: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
            if job.purpose == Purpose::Document {
                return self.0.embed(job, cancel, patience);
            }
            self.1.lock().unwrap().push(patience);
            Err(EmbedError::Late)
        }
    }
    let bench = bench();
    let late = Arc::new(Late(HashedWords::new(DIMENSIONS), Mutex::default()));
    let index = open(&bench, Meaning { engine: late.clone(), ..meaning(&Arc::default(), "m") });
    let words = index.search_by("charge card", 5, SearchBy::Words);
    for _ in 0..3 {
        assert_eq!(index.search("charge card", 5), words);
    }
    assert_eq!(*late.1.lock().unwrap(), [Duration::from_secs(1), GLANCE, GLANCE]);
}

#[test]
fn half_of_the_vectors_are_of_use_already() {
    /// Makes the vectors of one file.
    struct Half(HashedWords);
    impl EmbedEngine for Half {
        fn embed(&self, job: EmbedJob, cancel: &CancelFlag, patience: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
            if job.purpose == Purpose::Document && job.texts.iter().any(|text| text.contains("deliver")) {
                return Err(EmbedError::Away("the machine is hot".to_owned()));
            }
            self.0.embed(job, cancel, patience)
        }
    }
    let bench = bench();
    // The older file, so that the other one is made first.
    let old = std::time::SystemTime::now() - Duration::from_secs(3600);
    let file = std::fs::File::options().write(true).open(bench.root().join("src/mail.rs")).unwrap();
    file.set_modified(old).unwrap();
    let half = Meaning { engine: Arc::new(Half(HashedWords::new(DIMENSIONS))), ..meaning(&Arc::default(), "m") };
    let index = open(&bench, half);
    let status = index.vector_status().unwrap();
    assert_eq!((status.vectors, status.problem.as_deref()), (2, Some("the machine is hot")));
    let ranks = |query: &str, name: &str| {
        let hits = index.search(query, 5);
        hits.into_iter().find(|hit| hit.name.as_deref() == Some(name)).and_then(|hit| hit.ranks).unwrap()
    };
    assert_eq!(ranks("charge card", "charge"), Ranks { words: Some(1), meaning: Some(1) });
    assert_eq!(ranks("deliver letter", "deliver"), Ranks { words: Some(1), meaning: None }, "by words as before");
}

#[test]
fn a_glance_says_what_is_stored() {
    let bench = bench();
    let options = || crate::index::IndexOptions::new(&bench.settings, Some(bench.store.path().to_owned()));
    let root = bench.root().canonicalize().unwrap();
    assert_eq!(glance(&root, &options()).unwrap(), None);
    drop(open(&bench, meaning(&Arc::new(HashedWords::new(DIMENSIONS)), "m")));
    let found = glance(&root, &options()).unwrap().unwrap();
    assert_eq!((found.vectors, found.identity.as_str(), found.is_old), (3, "m", false));
    assert_eq!(found.bytes, std::fs::metadata(stored(&bench)).unwrap().len());
    std::fs::write(stored(&bench), "no vectors").unwrap();
    assert!(glance(&root, &options()).is_err());
}

#[test]
fn a_stop_ends_the_work() {
    /// Answers when it is cancelled.
    struct Stuck;
    impl EmbedEngine for Stuck {
        fn embed(&self, _: EmbedJob, cancel: &CancelFlag, _: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
            while !cancel.is_cancelled() {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(EmbedError::Cancelled)
        }
    }
    let bench = bench();
    let index = bench.open();
    index.understand(Some(Meaning { engine: Arc::new(Stuck), ..meaning(&Arc::default(), "m") }));
    // Would never return if the thread did not end.
    index.understand(None);
    assert_eq!(index.vector_status(), None);
}
