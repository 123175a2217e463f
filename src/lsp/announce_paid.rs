//! What a user has to know of suggestions that cost money: they are asked once whether a service may be told of a folder, told once
//! that a limit is nearly used up, and the status line follows what was spent.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::client::{ClientHandle, Severity};
use crate::session::{Session, Status};

/// Shortest time between two looks.
const PAUSE: Duration = Duration::from_millis(200);

const ALLOW: &str = "Allow";
const NOT_NOW: &str = "Not now";

/// Follows the session's status until the session or this future is dropped.
pub async fn announce_paid(client: ClientHandle, session: Arc<Session>) {
    let mut status: watch::Receiver<Status> = session.status();
    let session = {
        let weak = Arc::downgrade(&session);
        drop(session);
        weak
    };
    let mut asked: HashSet<PathBuf> = HashSet::new();
    let mut told = None;
    let mut spent = 0;
    while status.changed().await.is_ok() {
        let paid = status.borrow_and_update().engine.server.as_ref().and_then(|server| server.paid.clone());
        let (Some(paid), Some(session)) = (paid, session.upgrade()) else { continue };
        if std::mem::replace(&mut spent, paid.cost) != paid.cost {
            session.budget_changed();
        }
        if paid.notice.is_some() && paid.notice != told {
            told.clone_from(&paid.notice);
            client.show(Severity::Info, &format!("{}.", paid.notice.unwrap_or_default()));
        }
        if let (Some(question), Some(folder)) = (paid.wants_yes, paid.wants_yes_for)
            && asked.insert(folder.clone())
        {
            tokio::spawn(ask(client.clone(), session, question, folder));
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Once for a folder and a run of the server: who does not answer is not asked again.
async fn ask(client: ClientHandle, session: Arc<Session>, question: String, folder: PathBuf) {
    match client.choose(&question, &[ALLOW, NOT_NOW]).await.as_deref() {
        Some(ALLOW) => match session.allow_suggestions(folder).await {
            Ok(()) => {}
            Err(why) => client.show(Severity::Warning, &format!("suggestions of a provider are not allowed: {why}")),
        },
        _ => tracing::info!("suggestions of a provider were not allowed; `tandem trust --suggestions` does it later"),
    }
}
