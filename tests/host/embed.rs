//! Vectors over the socket: their texts there and back, cancels, and what becomes of them when a host dies or makes none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tandem::engine::embed::fake::HashedWords;
use tandem::engine::embed::{EmbedEngine, EmbedError, EmbedJob, MOST_TEXTS, Purpose};
use tandem::engine::fake::FakeEngine;
use tandem::engine::{CancelFlag, Engine, EngineStatus, Generation, Job};

use super::support::{Place, Test, wait};

pub const TESTS: &[Test] = &[
    ("vectors_go_through_the_host", vectors_go_through_the_host),
    ("a_cancelled_text_is_cancelled_in_the_host", a_cancelled_text_is_cancelled_in_the_host),
    ("an_engine_without_vectors_says_so", an_engine_without_vectors_says_so),
];

const PATIENCE: Duration = Duration::from_secs(30);

/// Makes vectors, and completes as a scripted engine does.
struct Served<E>(FakeEngine, E);

impl<E: EmbedEngine> Engine for Served<E> {
    fn generate(&self, job: Job) -> Generation {
        self.0.generate(job)
    }

    fn embeddings(&self) -> Option<&dyn EmbedEngine> {
        Some(&self.1)
    }

    fn status(&self) -> tokio::sync::watch::Receiver<EngineStatus> {
        self.0.status()
    }
}

/// Answers when it is cancelled, and tells that it was.
#[derive(Default)]
struct Stuck {
    is_asked: Arc<AtomicBool>,
    is_cancelled: Arc<AtomicBool>,
}

impl EmbedEngine for Stuck {
    fn embed(&self, _: EmbedJob, cancel: &CancelFlag, _: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
        self.is_asked.store(true, Ordering::SeqCst);
        while !cancel.is_cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        self.is_cancelled.store(true, Ordering::SeqCst);
        Err(EmbedError::Cancelled)
    }
}

fn query(text: &str) -> EmbedJob {
    EmbedJob::new(Purpose::Query, vec![text.to_owned()])
}

fn engine() -> FakeEngine {
    FakeEngine::new(|_| "x".to_owned())
}

fn vectors_go_through_the_host() {
    let place = Place::new(&[]);
    let _host = place.serve(&place.config.identity, Arc::new(Served(engine(), HashedWords::new(8))));
    let client = place.engine();
    // The first asks for a connection and waits for it.
    let vectors = client.embed(query("one two"), &CancelFlag::default(), PATIENCE);
    let here = HashedWords::new(8).embed(query("one two"), &CancelFlag::default(), PATIENCE);
    assert!(vectors.is_ok());
    assert_eq!(vectors, here);
    let many = EmbedJob::new(Purpose::Document, vec![String::new(); MOST_TEXTS + 1]);
    assert!(matches!(client.embed(many, &CancelFlag::default(), PATIENCE), Err(EmbedError::Failed(_))));
}

fn a_cancelled_text_is_cancelled_in_the_host() {
    let place = Place::new(&[]);
    let stuck = Stuck::default();
    let (is_asked, is_cancelled) = (stuck.is_asked.clone(), stuck.is_cancelled.clone());
    let _host = place.serve(&place.config.identity, Arc::new(Served(engine(), stuck)));
    let client = place.ready();
    let late = client.embed(query("one"), &CancelFlag::default(), Duration::from_millis(50));
    assert_eq!(late, Err(EmbedError::Late));
    wait("the engine knows", || is_cancelled.swap(false, Ordering::SeqCst));
    is_asked.store(false, Ordering::SeqCst);
    let cancel = CancelFlag::default();
    std::thread::scope(|scope| {
        let asked = scope.spawn(|| client.embed(query("two"), &cancel, PATIENCE));
        wait("it is asked", || is_asked.load(Ordering::SeqCst));
        cancel.cancel();
        assert_eq!(asked.join().expect("it returns"), Err(EmbedError::Cancelled));
    });
    wait("the engine knows again", || is_cancelled.load(Ordering::SeqCst));
}

fn an_engine_without_vectors_says_so() {
    let place = Place::new(&[]);
    let _host = place.serve(&place.config.identity, Arc::new(engine()));
    let failed = place.ready().embed(query("one"), &CancelFlag::default(), PATIENCE);
    assert_eq!(failed, Err(EmbedError::Failed("this engine makes no vectors".to_owned())));
}
