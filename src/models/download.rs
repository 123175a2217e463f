//! One file from a hub to the disk: in parts over several connections, gone on with after any interruption, in constant memory,
//! and not believed before its digest was computed from what is on the disk.
//!
//! What comes is written into a file beside its place. Nobody finds it under the model's name before it is whole and verified:
//! moving it there is the store's work.

mod attempt;
mod fetch;
mod hash;
mod journal;
mod partial;
mod patience;
mod progress;
mod ranges;
mod work;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use super::Sha256;
use super::hub::{FileDigest, Hub, HubError, Remote, Trouble};
pub use fetch::{Fetch, Source};
pub use partial::{Partial, has_room};
pub use patience::{Patience, Sleep};
pub use progress::{Meter, Pace};

use attempt::{Attempt, Broken, Way};
use journal::Identity;
use ranges::Ranges;

/// Bytes in a second that a line of a gigabit carries.
const FULL_LINE: u64 = 118_000_000;

/// How a file is brought.
#[derive(Clone, Debug)]
pub struct Options {
    /// Most connections at once.
    pub ranges: usize,
    /// Bytes in a second that are enough of one connection. It brings them in order, so that the digest reads what was written a
    /// moment before; what several bring has left the processor's caches by then, and that costs more than the digest itself.
    pub enough: u64,
    /// How long the first connection is looked at before it is judged, again and again. Zero: all connections from the beginning.
    pub trial: Duration,
    /// Longest part that one request asks for, in bytes. Long ones cost fewer round trips, short ones let the digest follow closer.
    pub piece: u64,
    /// Least time between two entries of the journal. Each costs two writes to the disk for certain.
    pub checkpoint: Duration,
    /// What the file begins with: an error page in its place is noticed at once.
    pub magic: &'static [u8],
    pub patience: Patience,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            ranges: 4,
            enough: FULL_LINE,
            trial: Duration::from_millis(200),
            piece: 64 << 20,
            checkpoint: Duration::from_millis(250),
            magic: b"GGUF",
            patience: Patience::default(),
        }
    }
}

/// What happens meanwhile.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// So much was there already.
    Begun { there: u64, size: u64 },
    /// So much is there now.
    Came { done: u64 },
    /// One of the connections tries again after this long.
    Again { why: String, wait: Duration },
    /// The server gives no parts: one connection, and an interruption starts from the beginning.
    OneStream { why: String },
    /// What was there is of no use.
    Anew { why: String },
    /// Everything came; the rest of the digest is computed.
    Checking,
}

/// A whole and verified file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finished {
    pub path: PathBuf,
    pub bytes: u64,
    pub sha256: Sha256,
    /// Whether the hub had said what the digest would be.
    pub was_known: bool,
    /// Bytes that an earlier run had brought.
    pub reused: u64,
}

/// Why there is no file. What came is kept unless it is said otherwise.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error("{0}")]
    Hub(HubError),
    #[error("stopped")]
    Stopped,
    #[error(
        "there is no room in {}: {} more are needed, and {} are free. Make room, or set `models.directory` to another disk",
        path.display(), gigabytes(*.wanted), gigabytes(*.free)
    )]
    NoRoom { path: PathBuf, wanted: u64, free: u64 },
    #[error("the disk of {} is full: {} more are needed. Make room and pull again", path.display(), gigabytes(*.wanted))]
    Full { path: PathBuf, wanted: u64 },
    #[error(
        "the file system of {} takes no file of {}: set `models.directory` to another one",
        path.display(), gigabytes(*.size)
    )]
    TooLarge { path: PathBuf, size: u64 },
    #[error("cannot write {}: {error}", path.display())]
    Io { path: PathBuf, error: io::Error },
    #[error("what comes for {0} is no GGUF file: nothing of it was kept")]
    NotModel(String),
    #[error("{what} is not what it should be: {by} said {said}, and it is {found}. Nothing of it was kept; {way_out}")]
    Lie { what: String, by: &'static str, said: String, found: String, way_out: String },
}

/// Who said what a file's digest is.
pub const EARLIER: &str = "an earlier pull";
const HUB: &str = "the hub";

impl Failure {
    /// Another file than was promised, and nothing of it here any more.
    pub fn lie(what: &str, by: &'static str, said: String, found: String) -> Self {
        let way_out = match by {
            EARLIER => "if the new file is meant, remove the model that is installed and pull again",
            _ => "pull again, and if it comes so again, take another source",
        };
        Self::Lie { what: what.to_owned(), by, said, found, way_out: way_out.to_owned() }
    }
}

/// Who brings which file where.
pub struct Download {
    pub hub: Arc<Hub>,
    pub remote: Arc<Remote>,
    pub partial: Arc<Partial>,
    /// What an earlier pull of the same revision had.
    pub pinned: Option<Sha256>,
    pub options: Options,
    /// Ends it; what came until then can be gone on with.
    pub stop: CancellationToken,
    pub on_event: Arc<dyn Fn(Event) + Send + Sync>,
}

impl Download {
    /// Brings the file. Wants a runtime of several threads: it writes to the disk where it stands.
    ///
    /// # Errors
    /// `Failure::Hub` with `Trouble::Changed` where it is another file than `remote` says: to be looked at anew.
    pub async fn run(&self) -> Result<Finished, Failure> {
        let identity = Identity {
            size: self.remote.size,
            digest: self.remote.digest.as_ref().map(FileDigest::to_string),
            tag: self.remote.tag.clone(),
            modified: self.remote.modified.clone(),
        };
        let said = [(EARLIER, self.pinned.map(FileDigest::Sha256)), (HUB, self.remote.digest)];
        let (mut way, mut failures) = (Way::Parts, 0);
        if !identity.is_certain() {
            // Parts of two versions would make a file that nobody ever had.
            let why = format!("nobody says by what to know a version of {}", self.remote.what);
            self.tell(Event::OneStream { why });
            way = Way::OneStream;
        }
        let mut there = self.there(&identity)?;
        loop {
            let reused = there.total();
            let attempt = Attempt::begin(self, &identity, way, std::mem::take(&mut there))?;
            let digests = match attempt.run().await {
                Ok(digests) => digests,
                Err(Broken::Failed(Failure::Hub(error))) if error.trouble == Trouble::NoParts && way == Way::Parts => {
                    self.tell(Event::OneStream { why: error.message });
                    way = Way::OneStream;
                    continue;
                }
                Err(Broken::Failed(Failure::Hub(error))) if way == Way::OneStream => {
                    failures += 1;
                    let Some(wait) = self.options.patience.wait(failures, &error) else {
                        return Err(Failure::Hub(error));
                    };
                    self.tell(Event::Again { why: error.message, wait });
                    self.pause(wait).await?;
                    continue;
                }
                Err(Broken::Failed(failure @ Failure::NotModel(_))) => {
                    self.discard()?;
                    return Err(failure);
                }
                Err(Broken::Failed(failure)) => return Err(failure),
                Err(Broken::Stopped) => return Err(Failure::Stopped),
            };
            let lie = said.iter().find_map(|(by, said)| {
                let said = said.as_ref().filter(|said| !digests.agree_with(said))?;
                Some((*by, said.to_string()))
            });
            match lie {
                None => {
                    return Ok(Finished {
                        path: self.partial.path(),
                        bytes: self.remote.size,
                        sha256: digests.sha256,
                        was_known: self.remote.digest.is_some(),
                        reused,
                    });
                }
                // The disk may have lost what an earlier run wrote.
                Some(_) if reused > 0 => {
                    self.tell(Event::Anew { why: "what was there already is damaged".to_owned() });
                }
                Some((by, said)) => {
                    self.discard()?;
                    let found = match self.remote.digest {
                        Some(FileDigest::GitBlob(git)) if by == HUB => {
                            FileDigest::GitBlob(digests.git.unwrap_or(git)).to_string()
                        }
                        _ => FileDigest::Sha256(digests.sha256).to_string(),
                    };
                    return Err(Failure::lie(&self.remote.what, by, said, found));
                }
            }
        }
    }

    /// What an earlier run left of this content.
    fn there(&self, identity: &Identity) -> Result<Ranges, Failure> {
        let length = self.partial.path().metadata().map(|data| data.len()).ok();
        let known = if identity.is_certain() { self.partial.journal().read(identity) } else { Ranges::default() };
        if length.is_some_and(|length| length > 0) && (known.total() == 0 || length != Some(identity.size)) {
            // Either nothing was written down yet, or it was another file's.
            self.tell(Event::Anew { why: "what was there already is of another version of the file".to_owned() });
            return Ok(Ranges::default());
        }
        Ok(if length.is_some() { known } else { Ranges::default() })
    }

    fn discard(&self) -> Result<(), Failure> {
        self.partial.discard().map_err(|error| self.io(error))
    }

    async fn pause(&self, wait: Duration) -> Result<(), Failure> {
        tokio::select! {
            () = self.stop.cancelled() => Err(Failure::Stopped),
            () = (self.options.patience.sleep)(wait) => Ok(()),
        }
    }

    fn tell(&self, event: Event) {
        (self.on_event)(event);
    }

    fn io(&self, error: io::Error) -> Failure {
        failure_of_disk(&self.partial, self.remote.size, error)
    }
}

fn gigabytes(bytes: u64) -> String {
    format!("{:.2} GB", bytes as f64 / 1e9)
}

fn failure_of_disk(partial: &Partial, size: u64, error: io::Error) -> Failure {
    let path = partial.path();
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Failure::Full { wanted: partial.wanted_room(size), path }
        }
        io::ErrorKind::FileTooLarge => Failure::TooLarge { path, size },
        _ => Failure::Io { path, error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_a_sentence_with_the_way_out() {
        let place = tempfile::tempdir().unwrap();
        let partial = Partial::try_take(place.path(), "a").unwrap().unwrap();
        let said = |kind: io::ErrorKind| {
            let text = failure_of_disk(&partial, 5_000_000_000, io::Error::from(kind)).to_string();
            text.replace(&partial.path().display().to_string(), "PATH")
        };
        let full = "the disk of PATH is full: 5.00 GB more are needed. Make room and pull again";
        assert_eq!(
            (said(io::ErrorKind::StorageFull).as_str(), said(io::ErrorKind::QuotaExceeded).as_str()),
            (full, full)
        );
        assert_eq!(
            said(io::ErrorKind::FileTooLarge),
            "the file system of PATH takes no file of 5.00 GB: set `models.directory` to another one"
        );
        assert_eq!(said(io::ErrorKind::PermissionDenied), "cannot write PATH: permission denied");
        let room = Failure::NoRoom { path: "/m".into(), wanted: 5_000_000_000, free: 1_000_000 };
        assert_eq!(
            room.to_string(),
            "there is no room in /m: 5.00 GB more are needed, and 0.00 GB are free. Make room, or set `models.directory` to \
             another disk"
        );
    }
}
