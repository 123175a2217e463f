//! Which workspaces the user trusts, and with which content of the files that steer Tandem and the editor in them.

use std::io;
use std::path::{Path, PathBuf};

/// What the files that steer Tandem and the editor held when they were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Fingerprint(std::collections::BTreeMap<String, String>);

impl Fingerprint {
    pub fn of(_root: &Path) -> Self {
        Self::default()
    }

    /// The files that are there, from the folder's root, with `/`.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustState {
    Trusted,
    /// The user never said so.
    Never,
    /// The user did, but these files are not what they were, from the folder's root, with `/`.
    Changed {
        files: Vec<String>,
    },
}

/// The user's word, kept outside of every workspace.
#[derive(Clone, Debug)]
pub struct Trust {
    directory: PathBuf,
}

impl Trust {
    /// `state` is the user's state directory.
    pub fn new(state: &Path) -> Self {
        Self { directory: state.join("trust") }
    }

    /// Of the content that is there now: ask right before it matters.
    pub fn state(&self, _root: &Path) -> TrustState {
        TrustState::Never
    }

    /// Trusts the workspace with the content that the user was shown.
    pub fn grant(&self, _root: &Path, _seen: &Fingerprint) -> io::Result<()> {
        Ok(())
    }

    pub fn revoke(&self, _root: &Path) -> io::Result<()> {
        std::fs::exists(&self.directory).map(drop)
    }
}
