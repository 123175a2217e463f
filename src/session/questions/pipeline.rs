//! The question pipeline as a session asks it.

use std::sync::Arc;
use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;

use super::{Answerer, Payload};
use crate::ask::{Asked, Asker, Parts, Question, Threads, Workspace};
use crate::budget::{Crossing, WindowState};
use crate::config::Loader;

/// Answers on this machine.
pub struct Pipeline {
    asker: Asker,
}

impl Pipeline {
    /// Opens nothing.
    pub fn new(loader: &Loader) -> Self {
        let random = || {
            let mut bytes = [0; 16];
            if let Err(error) = getrandom::fill(&mut bytes) {
                tracing::error!(%error, "the system gives no random numbers");
            }
            u128::from_le_bytes(bytes)
        };
        let parts = Parts {
            remote: None,
            threads: Arc::new(Threads::in_directory(loader.paths().threads_directory())),
            clock: Arc::new(SystemTime::now),
            random: Arc::new(random),
        };
        Self { asker: Asker::new(parts) }
    }
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pipeline")
    }
}

impl Answerer for Pipeline {
    fn ask(&self, question: Question, workspace: Workspace) -> Asked {
        self.asker.ask(question, workspace)
    }

    fn preview(&self, question: Question, workspace: Workspace) -> BoxFuture<'static, Result<Payload, String>> {
        let asker = self.asker.clone();
        async move {
            match asker.preview(question, workspace).await {
                Ok(preview) => Ok(Payload { preview, texts: Vec::new() }),
                Err(withheld) => Err(withheld.to_string()),
            }
        }
        .boxed()
    }

    fn budget(&self, _workspace: Workspace) -> BoxFuture<'static, Result<Vec<WindowState>, String>> {
        async { Ok(Vec::new()) }.boxed()
    }

    fn crossings(&self, _workspace: Workspace) -> BoxFuture<'static, Vec<Crossing>> {
        async { Vec::new() }.boxed()
    }

    fn audit(&self) -> BoxFuture<'static, Result<String, String>> {
        async { Ok("# What left this machine\n\nNothing.\n".to_owned()) }.boxed()
    }
}
