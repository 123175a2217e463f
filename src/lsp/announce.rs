//! Tells the client what the engine does: `tandem/status`, a progress while a model loads, one message when it failed.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::client::{ClientHandle, Progress, Severity};
use super::ext;
use crate::engine::{EngineState, ServerStatus, Writer};
use crate::session::Status;

/// Shortest time between two status notifications: ten a second are all that a status line can show.
const PAUSE: Duration = Duration::from_millis(100);

/// What the user reads when the process that runs the model died.
const RESTARTED: &str = "the process that runs the model ended unexpectedly and is being started again; suggestions go \
                         on without the model until then";

/// Follows the session's status until the session or this future is dropped.
pub async fn announce(client: Arc<ClientHandle>, mut status: watch::Receiver<Status>, shows_progress: bool) {
    let mut announcer = Announcer {
        client,
        shows_progress,
        sent: None,
        progress: None,
        loads: 0,
        failure: None,
        restarts: 0,
        is_replaced: false,
        paid: HashSet::new(),
    };
    loop {
        let now = status.borrow_and_update().clone();
        announcer.tell(&now).await;
        tokio::time::sleep(PAUSE).await;
        if status.changed().await.is_err() {
            return;
        }
    }
}

struct Announcer {
    client: Arc<ClientHandle>,
    shows_progress: bool,
    sent: Option<ext::Status>,
    progress: Option<Progress>,
    /// Loads that were announced; makes progress tokens unique.
    loads: u32,
    /// The failure that the user was told.
    failure: Option<String>,
    /// Ends of the engine host that the user was told.
    restarts: u32,
    /// The user was told that the model here writes in a server's place.
    is_replaced: bool,
    /// What was said of a paid service. Its troubles come and go with every limit and every wait that it asks for, so each is
    /// told once.
    paid: HashSet<String>,
}

impl Announcer {
    async fn tell(&mut self, status: &Status) {
        let news = ext::Status::from(status);
        if self.sent.as_ref() != Some(&news) {
            self.client.status(&news);
            self.sent = Some(news);
        }
        if status.engine.restarts > self.restarts {
            self.client.show(Severity::Warning, RESTARTED);
        }
        self.restarts = status.engine.restarts;
        let server = status.engine.server.as_ref();
        if server.is_some_and(|server| server.paid.is_some()) {
            self.paid(server.and_then(|server| server.down.as_deref()));
        } else {
            self.server(server);
        }
        let is_paid = server.is_some_and(|server| server.paid.is_some() && server.down.is_some());
        match &status.engine.state {
            EngineState::Loading { progress } => self.loading(ext::percentage(*progress)).await,
            EngineState::Ready => {
                self.failure = None;
                self.loaded("ready");
            }
            EngineState::Idle => self.loaded("stopped"),
            EngineState::Asleep { .. } => self.loaded("asleep"),
            EngineState::Failed { reason } => {
                self.loaded("failed");
                if self.failure.as_ref() != Some(reason) && !is_paid {
                    self.client.show(Severity::Error, reason);
                    self.failure = Some(reason.clone());
                }
            }
        }
    }

    /// Why a paid service is not asked, once in the run of a server.
    fn paid(&mut self, down: Option<&str>) {
        if let Some(why) = down
            && self.paid.insert(why.to_owned())
        {
            self.client.show(Severity::Warning, &format!("no suggestions of the paid service for now: {why}"));
        }
    }

    /// Each change of who writes, once.
    fn server(&mut self, server: Option<&ServerStatus>) {
        let is_replaced = server.is_some_and(|server| server.writer == Writer::Here);
        if std::mem::replace(&mut self.is_replaced, is_replaced) == is_replaced {
            return;
        }
        match server {
            Some(ServerStatus { host, down: Some(why), .. }) => {
                let message = format!("{host} is not asked: {why}. The model in this machine writes meanwhile");
                self.client.show(Severity::Warning, &message);
            }
            Some(ServerStatus { host, .. }) => self.client.show(Severity::Info, &format!("{host} writes again")),
            // Another engine is wanted now.
            None => {}
        }
    }

    async fn loading(&mut self, percentage: u32) {
        if !self.shows_progress {
            return;
        }
        if self.progress.is_none() {
            self.loads += 1;
            let token = format!("tandem/load/{}", self.loads);
            self.progress = self.client.begin_progress(token, "Loading the model").await;
            // A client that refuses once is not asked again.
            self.shows_progress = self.progress.is_some();
        }
        if let Some(progress) = &self.progress {
            progress.report(percentage, &format!("{percentage} %"));
        }
    }

    fn loaded(&mut self, message: &str) {
        if let Some(progress) = self.progress.take() {
            progress.end(message);
        }
    }
}
