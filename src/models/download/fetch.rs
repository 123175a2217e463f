//! From a file's name to the file: what it is now, whether that agrees with what it was, and anew where it changes on the way.

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use super::partial::Partial;
use super::{Download, EARLIER, Event, Failure, Finished, Options};
use crate::models::Sha256;
use crate::models::hub::{FileDigest, Hub, HubAddress, HubError, HubFile, Remote, Trouble};

/// So often a file may change while it is brought.
const MOST_CHANGES: u32 = 2;

/// Where a file is to be had.
#[derive(Clone, Debug)]
pub enum Source {
    Hub(HubFile),
    Address(HubAddress),
}

/// Who asks, and how.
#[derive(Clone)]
pub struct Fetch {
    pub hub: Arc<Hub>,
    pub options: Options,
    pub stop: CancellationToken,
    pub on_event: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Fetch {
    /// What the file is now. A machine without a network hears so at once.
    pub async fn look(&self, source: &Source) -> Result<Remote, Failure> {
        self.patiently(async || match source {
            Source::Hub(file) => self.hub.resolve(file).await,
            Source::Address(address) => self.hub.look_at(address).await,
        })
        .await
    }

    /// Asks again where that may help.
    pub async fn patiently<T>(&self, ask: impl AsyncFn() -> Result<T, HubError>) -> Result<T, Failure> {
        let mut failures = 0;
        loop {
            let asked = tokio::select! {
                () = self.stop.cancelled() => return Err(Failure::Stopped),
                asked = ask() => asked,
            };
            let error = match asked {
                Ok(found) => return Ok(found),
                Err(error) => error,
            };
            failures += 1;
            let is_hopeful = matches!(error.trouble, Trouble::Passing | Trouble::Busy(_));
            let wait = self.options.patience.wait(failures, &error).filter(|_| is_hopeful);
            let Some(wait) = wait else { return Err(Failure::Hub(error)) };
            (self.on_event)(Event::Again { why: error.message, wait });
            tokio::select! {
                () = self.stop.cancelled() => return Err(Failure::Stopped),
                () = (self.options.patience.sleep)(wait) => {}
            }
        }
    }

    /// Brings it. `remote` is what `look` found.
    pub async fn bring(
        &self,
        source: &Source,
        remote: Remote,
        partial: &Arc<Partial>,
        pinned: Option<Sha256>,
    ) -> Result<Finished, Failure> {
        let mut remote = Arc::new(remote);
        let mut changes = 0;
        loop {
            if let (Some(pinned), Some(FileDigest::Sha256(now))) = (pinned, remote.digest)
                && pinned != now
            {
                let (said, found) = (FileDigest::Sha256(pinned).to_string(), FileDigest::Sha256(now).to_string());
                // What an interrupted pull had brought of it is of no use any more.
                partial.discard().map_err(|error| Failure::Io { path: partial.path(), error })?;
                return Err(Failure::lie(&remote.what, EARLIER, said, found));
            }
            let download = Download {
                hub: self.hub.clone(),
                remote: remote.clone(),
                partial: partial.clone(),
                pinned,
                options: self.options.clone(),
                stop: self.stop.clone(),
                on_event: self.on_event.clone(),
            };
            let error = match download.run().await {
                Err(Failure::Hub(error)) if error.trouble == Trouble::Changed => error,
                other => return other,
            };
            let now = self.look(source).await?;
            let identity = |of: &Remote| (of.size, of.digest, of.tag.clone(), of.modified.clone());
            let is_same = identity(&now) == identity(&remote);
            if is_same || changes >= MOST_CHANGES {
                let message = format!("{}, and not the one that was promised: try again later", error.message);
                return Err(Failure::Hub(HubError { message, trouble: Trouble::Final }));
            }
            (self.on_event)(Event::Anew { why: error.message });
            remote = Arc::new(now);
            changes += 1;
        }
    }
}
