//! The user's yes, to one request or to a workspace's.

use std::path::PathBuf;

use super::{Preview, Withheld};

/// A yes to one request: to this content at this destination. Retries of it go on the same yes, other requests do not.
#[derive(Debug)]
pub struct Consent {
    digest: [u8; 32],
}

impl Consent {
    /// The user saw this and said yes, this time.
    pub fn once(preview: &Preview) -> Self {
        Self { digest: *preview.digest() }
    }

    /// Nobody need be asked: it goes to this machine or to a server of the user's.
    pub fn own_server(preview: &Preview) -> Option<Self> {
        preview.is_local.then(|| Self::once(preview))
    }
}

/// What a store knows about a request.
#[derive(Debug)]
pub enum Remembered {
    /// The user allowed such requests of this workspace.
    Yes(Consent),
    /// The user must be asked, with this reason if there is a yes that does not reach that far.
    Ask(Option<String>),
}

/// Which workspaces may send what to whom without being asked. A file of the user's, outside of all workspaces, shared by all windows.
#[derive(Debug)]
pub struct ConsentStore {
    file: PathBuf,
}

impl ConsentStore {
    /// Nothing is created before something is remembered.
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    pub fn check(&self, _workspace: &str, _preview: &Preview) -> Remembered {
        unimplemented!()
    }

    /// The user saw this and said yes, this time and from now on.
    pub fn remember(&self, _workspace: &str, _preview: &Preview) -> Result<Consent, Withheld> {
        unimplemented!()
    }

    /// Takes back all of a workspace's. How many there were.
    pub fn revoke(&self, _workspace: &str) -> Result<usize, Withheld> {
        unimplemented!()
    }
}
