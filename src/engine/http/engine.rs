//! `HttpEngine`: an `Engine` whose work is done by a server.

use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::watch;

use super::{HttpConfig, KeySource};
use crate::engine::{Engine, EngineState, EngineStatus, Finish, Generation, Job, generation};

/// Dropping it closes its connections, which cancels its jobs.
pub struct HttpEngine {
    status: watch::Sender<EngineStatus>,
}

impl HttpEngine {
    /// Starts to look for the server and returns at once; `status` tells how it goes. An address that code may not go to is a status,
    /// too. `runtime` must have its IO and time drivers enabled.
    pub fn new(config: HttpConfig, keys: Arc<dyn KeySource>, runtime: &Handle) -> Self {
        let _ = (keys, runtime);
        Self { status: watch::Sender::new(EngineStatus::new(super::word(config.kind), EngineState::Idle)) }
    }
}

impl Engine for HttpEngine {
    fn generate(&self, _job: Job) -> Generation {
        let (sender, stream) = generation();
        sender.finish(Finish::Failed("The server is not reached yet.".to_owned()));
        stream
    }

    fn status(&self) -> watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}
