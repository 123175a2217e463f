//! Vectors of a session's folders: what its status says of them, and that completions go before them.

use std::sync::atomic::AtomicBool;

use super::*;
use crate::config::IndexSettings;
use crate::engine::CancelFlag;
use crate::engine::embed::{EmbedEngine, EmbedError, EmbedJob};
use crate::index::IndexOptions;

/// Waits for its first job to be cancelled, then makes vectors.
#[derive(Default)]
struct Patient {
    is_asked: AtomicBool,
    was_cancelled: AtomicBool,
}

impl EmbedEngine for Patient {
    fn embed(&self, job: EmbedJob, cancel: &CancelFlag, _: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
        if !self.is_asked.swap(true, Ordering::SeqCst) {
            while !cancel.is_cancelled() {
                std::thread::sleep(Duration::from_millis(1));
            }
            self.was_cancelled.store(true, Ordering::SeqCst);
            return Err(EmbedError::Cancelled);
        }
        Ok(vec![vec![0.6, 0.8]; job.texts.len()])
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_completion_goes_before_vectors_and_the_status_says_how_far_they_are() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b.rs"), "fn b() {\n    c();\n}\n").unwrap();
    let editor = Editor::new("fn a() {\n    $0\n}\n", Duration::ZERO, |_| "b();".to_owned());
    let options = IndexOptions::new(&IndexSettings { threads: 1, cpu_share: 100, ..IndexSettings::default() }, None);
    let patient = Arc::new(Patient::default());
    editor.session.understand(Some(Meaning::new(patient.clone(), "m".to_owned(), "small".to_owned())));
    let plan = IndexPlan { folders: vec![folder.path().to_owned()], options, watches: false };
    editor.session.set_indexes(Some(plan));
    while !patient.is_asked.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    editor.ask().await;
    let mut status = editor.session.status();
    let told = status.wait_for(|status| status.vectors.as_ref().is_some_and(|vectors| vectors.is_done)).await.unwrap();
    let vectors = told.vectors.clone().unwrap();
    drop(told);
    assert!(patient.was_cancelled.load(Ordering::SeqCst), "the completion went first");
    assert_eq!((vectors.model.as_str(), vectors.pieces, vectors.vectors, vectors.problem), ("small", 1, 1, None));
    editor.session.understand(None);
    status.wait_for(|status| status.vectors.is_none()).await.unwrap();
}
