//! A request that nobody wants any more: time to its answer while 64 are pending.

use std::sync::Arc;
use std::time::Instant;

use serde_json::Value;
use tandem::engine::{Engine, EngineState, EngineStatus, Generation, GenerationSender, Job, generation};
use tokio::sync::{mpsc, watch};

use super::editor::Editor;
use super::samples::Samples;

const PENDING: usize = 64;
const ROUNDS: usize = 64;
/// Measured per round and kind.
const PROBES: usize = 8;

/// Takes jobs, answers none, and tells when each came.
struct Silent {
    jobs: mpsc::UnboundedSender<(Instant, GenerationSender)>,
    status: watch::Sender<EngineStatus>,
}

impl Engine for Silent {
    fn generate(&self, _job: Job) -> Generation {
        let (sender, stream) = generation();
        let _ = self.jobs.send((Instant::now(), sender));
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}

/// A document whose cursor's line moves down with every edit, so that no request can join the generation of an older.
struct Place {
    uri: String,
    line: u32,
    column: u32,
}

impl Place {
    async fn edit_and_ask(&mut self, editor: &mut Editor) -> i64 {
        self.line += 1;
        editor.insert(&self.uri, self.line as i32 + 1, 0, 0, "\n").await;
        editor.ask(&self.uri, self.line, self.column).await
    }
}

pub async fn run() {
    let (sender, mut jobs) = mpsc::unbounded_channel();
    let status = watch::Sender::new(EngineStatus::new("fake", EngineState::Ready));
    let mut editor = Editor::in_process(Arc::new(Silent { jobs: sender, status })).await;
    let mut places = Vec::new();
    for file in 0..PENDING {
        let (uri, text) = (format!("file:///proj/{file}.rs"), format!("let name_{file} = "));
        editor.open(&uri, &format!("{text}\n")).await;
        places.push(Place { uri, line: 0, column: text.len() as u32 });
    }
    let (mut cancelled, mut superseded, mut started) = (Samples::default(), Samples::default(), Samples::default());
    for _ in 0..ROUNDS {
        let mut pending = Vec::new();
        let mut with_engine = Vec::new();
        for place in &mut places {
            pending.push(place.edit_and_ask(&mut editor).await);
            with_engine.extend(jobs.recv().await);
        }
        for id in &pending[..PROBES] {
            let start = Instant::now();
            editor.cancel(*id).await;
            let (answer, arrived) = editor.answer(*id).await;
            // One that ran out of patience on a busy machine was answered before.
            if answer["error"]["code"] == -32800 {
                cancelled.add(arrived - start);
            }
        }
        for (place, id) in places.iter_mut().zip(&pending).skip(PROBES).take(PROBES) {
            let start = Instant::now();
            place.edit_and_ask(&mut editor).await;
            let (answer, arrived) = editor.answer(*id).await;
            if answer["result"] == Value::Null {
                superseded.add(arrived - start);
            }
            if let Some(job) = jobs.recv().await {
                started.add(job.0 - start);
                with_engine.push(job);
            }
        }
    }
    cancelled.print("cancel to answer, 64 pending");
    superseded.print("edit and newer request to the older one's answer, 64 pending");
    started.print("edit and newer request to the engine's next job, 64 pending");
}
