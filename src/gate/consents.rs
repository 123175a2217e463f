//! Yeses that hold for a workspace's next questions, or for what is typed in it: a file of the user's, outside of every workspace, shared by all windows.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::{self, Lock};
use super::{Consent, Preview, Withheld};
use crate::budget::Purpose;

/// A request so many times as large as the largest that was allowed is asked about again,
const MUCH_LARGER: usize = 2;
/// if it is at least so many bytes larger.
const LARGER_BYTES: usize = 64 << 10;

/// What a user allowed once for all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Allowed {
    /// A fingerprint of the folder's path.
    pub workspace: String,
    pub provider: String,
    pub host: String,
    pub model: String,
    /// A yes to questions is none to what is typed, nor the other way round.
    #[serde(default)]
    pub purpose: Purpose,
    /// Of the largest request that the user saw.
    pub bytes: usize,
}

/// What a store knows about a request.
#[derive(Debug)]
pub enum Remembered {
    /// The user allowed such requests of this workspace.
    Yes(Consent),
    /// The user must be asked. Why: what a yes from before does not reach. `may_remember`: whether a yes can hold for the next ones.
    Ask { why: Option<String>, may_remember: bool },
}

#[derive(Debug)]
pub struct ConsentStore {
    file: PathBuf,
}

impl ConsentStore {
    /// Nothing is created before something is remembered.
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// Whether the user must be asked. A file that cannot be read allows nothing.
    pub fn check(&self, workspace: &str, preview: &Preview) -> Remembered {
        let internal = preview.manifest.files.iter().filter(|file| file.is_internal).count();
        if internal > 0 {
            let why = match internal {
                1 => "a file in it is internal (`privacy.internal`)".to_owned(),
                many => format!("{many} of the files in it are internal (`privacy.internal`)"),
            };
            return Remembered::Ask { why: Some(why), may_remember: false };
        }
        let all = self.list().unwrap_or_default();
        let is_own = |allowed: &&Allowed| allowed.workspace == workspace && allowed.purpose == preview.purpose;
        let own: Vec<_> = all.iter().filter(is_own).collect();
        match own.iter().find(|allowed| is_for(allowed, preview)) {
            Some(allowed) if is_much_larger(preview.manifest.bytes, allowed.bytes) => {
                let (now, then) = (kilobytes(preview.manifest.bytes), kilobytes(allowed.bytes));
                let why = format!("it has {now} kB; the largest that you allowed had {then} kB");
                Remembered::Ask { why: Some(why), may_remember: true }
            }
            Some(_) => Remembered::Yes(Consent::once(preview)),
            None => {
                let why = own.first().map(|allowed| {
                    format!(
                        "you allowed {} at {} before, not {} at {}",
                        allowed.model, allowed.host, preview.model, preview.host
                    )
                });
                Remembered::Ask { why, may_remember: true }
            }
        }
    }

    /// The user saw this and said yes, this time and from now on.
    pub fn remember(&self, workspace: &str, preview: &Preview) -> Result<Consent, Withheld> {
        let bytes = preview.manifest.bytes;
        self.change(|all| {
            match all.iter_mut().find(|allowed| allowed.workspace == workspace && is_for(allowed, preview)) {
                Some(allowed) => allowed.bytes = allowed.bytes.max(bytes),
                None => all.push(Allowed {
                    workspace: workspace.to_owned(),
                    provider: preview.provider.clone(),
                    host: preview.host.clone(),
                    model: preview.model.clone(),
                    purpose: preview.purpose,
                    bytes,
                }),
            }
        })?;
        Ok(Consent::once(preview))
    }

    /// Takes back a workspace's, all or those to one purpose. How many there were.
    pub fn revoke(&self, workspace: &str, purpose: Option<Purpose>) -> Result<usize, Withheld> {
        if !self.file.exists() {
            return Ok(0);
        }
        let mut revoked = 0;
        self.change(|all| {
            let before = all.len();
            all.retain(|allowed| {
                allowed.workspace != workspace || purpose.is_some_and(|purpose| purpose != allowed.purpose)
            });
            revoked = before - all.len();
        })?;
        Ok(revoked)
    }

    /// All that is allowed.
    pub fn list(&self) -> io::Result<Vec<Allowed>> {
        read(&self.file)
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Allowed>)) -> Result<(), Withheld> {
        let write = || -> io::Result<()> {
            let _lock = Lock::take(&self.file)?;
            // One that is damaged is replaced: it allowed nothing.
            let mut all = read(&self.file).unwrap_or_default();
            change(&mut all);
            disk::replace(&self.file, &serde_json::to_vec_pretty(&all)?)
        };
        write().map_err(|error| Withheld::Consents(format!("{}: {error}", self.file.display())))
    }
}

fn read(file: &Path) -> io::Result<Vec<Allowed>> {
    match std::fs::read(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        bytes => Ok(serde_json::from_slice(&bytes?)?),
    }
}

fn is_for(allowed: &Allowed, preview: &Preview) -> bool {
    (allowed.purpose, &allowed.provider, &allowed.host, &allowed.model)
        == (preview.purpose, &preview.provider, &preview.host, &preview.model)
}

fn is_much_larger(bytes: usize, allowed: usize) -> bool {
    bytes > allowed.saturating_mul(MUCH_LARGER) && bytes - allowed > LARGER_BYTES
}

fn kilobytes(bytes: usize) -> usize {
    bytes.div_ceil(1000)
}
