//! What commands search by meaning with: the model of the settings, and a runtime for the way to its process.

use std::io::{self, IsTerminal, Write as _};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};

use super::engines;
use super::workspace::Workspace;
use crate::config::Loader;
use crate::index::Index;

/// A search waits until a model is loaded, but not for one that hangs.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// So long a question waits for the vector of its words: a small model is loaded by then, and without it words are enough.
pub const QUESTION_PATIENCE: Duration = Duration::from_secs(3);

/// Keeps the way to the model open. With it the index is one of words again: nobody is left who asks the model.
pub struct Understood {
    index: Arc<Index>,
    runtime: Option<Runtime>,
}

/// Gives the workspace's index its model, where the settings name one. A search waits `patience` for its query's vector.
pub fn understand(
    workspace: &Workspace,
    loader: &Loader,
    makes_missing: bool,
    patience: Duration,
) -> anyhow::Result<Understood> {
    if workspace.settings.engine.embedding_model.is_none() {
        return Ok(Understood { index: workspace.index.clone(), runtime: None });
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let entered = runtime.enter();
    let meaning = engines::embedding_model(&workspace.settings, loader.paths(), patience, makes_missing);
    drop(entered);
    if meaning.is_none() {
        eprintln!("tandem: there is no model of vectors here (engine.embeddingModel); search is by words alone");
    }
    workspace.index.understand(meaning);
    Ok(Understood { index: workspace.index.clone(), runtime: Some(runtime) })
}

/// Waits until the vectors are made, or cannot be. Who watches sees how far it is.
pub fn settle(workspace: &Workspace) {
    let watched = io::stderr().is_terminal();
    workspace.index.settle_vectors(|status| {
        if watched {
            eprint!("\r\x1b[K{}", status.describe());
            let _ = io::stderr().flush();
        }
        false
    });
    if watched {
        eprint!("\r\x1b[K");
    }
}

impl Drop for Understood {
    fn drop(&mut self) {
        self.index.understand(None);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
