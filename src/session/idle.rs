//! Evaluates a changed prompt while the user is idle, and prepares what follows a shown suggestion.
//!
//! One task follows what the user does. It holds nothing of the session while it waits, so that a session ends when its
//! owner drops it.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::watch;

use super::Session;
use crate::complete::{self, LookAheadCounts, Patience, Purpose, Suggestion, Trigger};
use crate::text::{Document, DocumentId};

/// Where the user did something last: a document and a byte offset in it.
#[derive(Clone, Debug)]
struct Activity {
    document: DocumentId,
    offset: usize,
}

/// Tells the task of every edit and request.
#[derive(Debug)]
pub struct Idle {
    last: watch::Sender<Option<Activity>>,
}

impl Idle {
    pub fn new() -> Self {
        Self { last: watch::Sender::new(None) }
    }

    /// The user was here.
    pub fn note(&self, document: &DocumentId, offset: usize) {
        self.last.send_replace(Some(Activity { document: document.clone(), offset }));
    }

    /// Starts the task. It ends with the session.
    pub fn follow(session: &Arc<Session>) {
        tokio::spawn(attend(Arc::downgrade(session), session.idle.last.subscribe()));
    }
}

async fn attend(session: Weak<Session>, mut activity: watch::Receiver<Option<Activity>>) {
    while activity.changed().await.is_ok() {
        // Once for each time that the user pauses: what changes without the user is found by the next request.
        loop {
            let Some(pause) = session.upgrade().map(|session| session.settings().completion.idle_ms) else { return };
            match tokio::time::timeout(Duration::from_millis(pause), activity.changed()).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return,
                Err(_) => break,
            }
        }
        let Some(last) = activity.borrow_and_update().clone() else { continue };
        let request = session.upgrade().and_then(|session| session.idle_request(&last));
        let Some(mut request) = request else { continue };
        let prepare = async {
            if let Some(prefill) = complete::prefill(&mut request).await {
                prefill.finish(&request).await;
            }
        };
        tokio::select! {
            () = prepare => {}
            // The next turn sees it, too.
            told = activity.changed() => match told {
                Ok(()) => activity.mark_changed(),
                Err(_) => return,
            }
        }
    }
}

impl Session {
    /// None where nothing is to be prepared: switched off, closed, or the user looks at a suggestion whose acceptance is.
    fn idle_request(&self, last: &Activity) -> Option<complete::Request> {
        if !self.settings().completion.look_ahead {
            return None;
        }
        let request = self.snapshot(&last.document, Trigger::Automatic, Patience::COMMAND, |open, _| {
            let is_ahead = open.lane.is_ahead_at(open.document.rope(), last.offset);
            (!is_ahead).then(|| (last.offset, open.lane.observe()))
        })?;
        Some(complete::Request { purpose: Purpose::LookAhead, ..request })
    }

    /// The first of these is shown: prepares what follows its acceptance, where the settings and the engine allow.
    pub(super) fn look_ahead(&self, document: &Document, offset: usize, shown: &[Suggestion]) {
        let Some(shown) = shown.first() else { return };
        let is_ready = || self.state().model.as_ref().is_some_and(|engine| engine.status().borrow().is_ready());
        if !self.settings().completion.look_ahead || !is_ready() {
            return;
        }
        let request = self.snapshot(document.id(), Trigger::Automatic, Patience::COMMAND, |open, _| {
            let is_current = open.document.rope().is_instance(document.rope());
            let ticket = is_current.then(|| open.lane.begin_ahead(document.rope(), offset, shown))??;
            Some((offset, ticket))
        });
        if let Some(request) = request {
            tokio::spawn(complete::look_ahead(request, shown.text.clone()));
        }
    }

    /// What looking ahead and prefilling cost so far, and how much of it was of use.
    pub fn look_ahead_counts(&self) -> LookAheadCounts {
        self.flights.counts()
    }
}
