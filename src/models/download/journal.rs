//! What of a file is on the disk for certain, written down beside it: a process that dies goes on from there.
//!
//! It is bound to the file's size, digest, entity tag or date. It is replaced as a whole, after the bytes that it tells of are on the
//! disk, so it may tell of too few and never of too many.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::super::store::sync_directory;
use super::ranges::Ranges;

const VERSION: u32 = 2;
/// Longest journal that is read, in bytes; the usual one has a few hundred.
const MOST_BYTES: u64 = 1 << 20;

/// Which content the bytes belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    pub size: u64,
    /// As `hub::FileDigest` shows it.
    pub digest: Option<String>,
    pub tag: Option<String>,
    pub modified: Option<String>,
}

impl Identity {
    /// Whether it tells one version of a file from another of the same size.
    pub fn is_certain(&self) -> bool {
        self.digest.is_some() || self.tag.is_some() || self.modified.is_some()
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Contents {
    version: u32,
    identity: Identity,
    finished: Ranges,
}

/// The journal of one download.
#[derive(Clone, Debug)]
pub struct Journal {
    path: PathBuf,
}

impl Journal {
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// What is there of this content. Nothing where the journal is of another one, damaged, or absent.
    pub fn read(&self, identity: &Identity) -> Ranges {
        let text = match std::fs::metadata(&self.path) {
            Ok(data) if data.is_file() && data.len() <= MOST_BYTES => std::fs::read(&self.path).unwrap_or_default(),
            _ => return Ranges::default(),
        };
        match serde_json::from_slice::<Contents>(&text) {
            Ok(found)
                if found.version == VERSION
                    && found.identity == *identity
                    && found.finished.is_sound(identity.size) =>
            {
                found.finished
            }
            _ => Ranges::default(),
        }
    }

    /// To be called when these bytes are on the disk.
    pub fn write(&self, identity: &Identity, finished: &Ranges) -> io::Result<()> {
        let contents = Contents { version: VERSION, identity: identity.clone(), finished: finished.clone() };
        let text = serde_json::to_vec(&contents).map_err(io::Error::other)?;
        let fresh = self.path.with_extension("journal-new");
        let mut file = private(&fresh)?;
        file.write_all(&text)?;
        file.sync_data()?;
        std::fs::rename(&fresh, &self.path)?;
        sync_directory(self.path.parent().unwrap_or(Path::new(".")))
    }

    /// Before other bytes are written than it tells of.
    pub fn remove(&self) -> io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => sync_directory(self.path.parent().unwrap_or(Path::new("."))),
        }
    }
}

/// A file for this user alone, emptied.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(size: u64) -> Identity {
        Identity { size, digest: Some("sha256:00".to_owned()), tag: None, modified: None }
    }

    #[test]
    fn a_journal_is_of_one_content() {
        let place = tempfile::tempdir().unwrap();
        let journal = Journal::at(place.path().join("a.journal"));
        assert_eq!(journal.read(&identity(9)), Ranges::default());
        let mut finished = Ranges::default();
        finished.insert(2..5);
        journal.write(&identity(9), &finished).unwrap();
        assert_eq!(journal.read(&identity(9)), finished);
        let others = [
            identity(10),
            Identity { digest: Some("sha256:01".to_owned()), ..identity(9) },
            Identity { digest: None, ..identity(9) },
            Identity { tag: Some("x".to_owned()), ..identity(9) },
            Identity { modified: Some("x".to_owned()), ..identity(9) },
        ];
        for other in others {
            assert_eq!(journal.read(&other), Ranges::default(), "{other:?}");
        }
        journal.remove().unwrap();
        journal.remove().unwrap();
        assert_eq!(journal.read(&identity(9)), Ranges::default());
    }

    #[test]
    fn a_damaged_journal_is_none() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("a.journal");
        let journal = Journal::at(path.clone());
        let mut finished = Ranges::default();
        finished.insert(2..5);
        journal.write(&identity(9), &finished).unwrap();
        let whole = std::fs::read_to_string(&path).unwrap();
        for cut in 0..whole.len() {
            std::fs::write(&path, &whole[..cut]).unwrap();
            assert_eq!(journal.read(&identity(9)), Ranges::default(), "{cut}");
        }
        let longer = whole.replace("\"end\":5", "\"end\":50");
        assert_ne!(longer, whole);
        std::fs::write(&path, longer).unwrap();
        assert_eq!(journal.read(&identity(9)), Ranges::default());
        std::fs::remove_file(&path).unwrap();
        std::fs::create_dir(&path).unwrap();
        assert_eq!(journal.read(&identity(9)), Ranges::default());
    }
}
