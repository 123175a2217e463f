//! A second name for a file, without a second copy of its bytes.

use std::io;
use std::path::{Path, PathBuf};

use super::{Candidate, ImportError};
use crate::config::create_private_dir;
use crate::models::name::ModelName;
use crate::models::store::{Holding, Store, StoreError, sync_directory};

/// How a file of somebody else's is taken up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkKind {
    /// The first of the others that works, in their order.
    #[default]
    Auto,
    Hard,
    Symbolic,
    /// No name of ours: the path is written down.
    Path,
}

/// Makes the links. Returns how the files are held, and their paths as the store writes them.
pub fn link(
    store: &Store,
    name: &ModelName,
    candidate: &Candidate,
    names: &[String],
    wanted: LinkKind,
) -> Result<(Holding, Vec<PathBuf>), ImportError> {
    let by_path = || (Holding::Path, candidate.files.iter().map(|file| file.path.clone()).collect());
    let (kinds, is_only): (&[Holding], bool) = match wanted {
        LinkKind::Auto => (&[Holding::HardLink, Holding::SymbolicLink], false),
        LinkKind::Hard => (&[Holding::HardLink], true),
        LinkKind::Symbolic => (&[Holding::SymbolicLink], true),
        LinkKind::Path => return Ok(by_path()),
    };
    let directory = store.place(name)?;
    let unusable = |path: &Path, error| ImportError::Store(StoreError::Io { path: path.to_owned(), error });
    create_private_dir(store.directory()).map_err(|error| unusable(store.directory(), error))?;
    create_private_dir(&directory).map_err(|error| unusable(&directory, error))?;
    let mut last = None;
    for kind in kinds {
        match all(*kind, &directory, candidate, names) {
            Ok(paths) => {
                sync_directory(&directory).map_err(|error| unusable(&directory, error))?;
                let below = |path: PathBuf| path.strip_prefix(store.directory()).map(Path::to_owned).unwrap_or(path);
                return Ok((*kind, paths.into_iter().map(below).collect()));
            }
            Err(error) => last = Some(error),
        }
    }
    match last {
        Some(error) if is_only => Err(unusable(&directory, error)),
        _ => Ok(by_path()),
    }
}

/// All files or none.
fn all(kind: Holding, directory: &Path, candidate: &Candidate, names: &[String]) -> io::Result<Vec<PathBuf>> {
    let mut made = Vec::new();
    for (file, name) in candidate.files.iter().zip(names) {
        let target = directory.join(name);
        if let Err(error) = one(kind, &file.path, &target) {
            for path in &made {
                // The first error is the one to tell.
                let _ = std::fs::remove_file(path);
            }
            return Err(error);
        }
        made.push(target);
    }
    Ok(made)
}

/// In the place of what stands there, which nothing that works names any more.
fn one(kind: Holding, source: &Path, target: &Path) -> io::Result<()> {
    let mut fresh = target.as_os_str().to_owned();
    fresh.push(format!(".new-{}", std::process::id()));
    let fresh = PathBuf::from(fresh);
    match kind {
        Holding::HardLink => hard(source, &fresh)?,
        _ => symbolic(source, &fresh)?,
    }
    let renamed = std::fs::rename(&fresh, target);
    // Also where it went well: of two names of one file POSIX's rename leaves both.
    let _ = std::fs::remove_file(&fresh);
    renamed
}

/// Only files of the user's own: a link to somebody else's would keep their bytes on the disk without their knowing.
fn hard(source: &Path, fresh: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;

        // SAFETY: geteuid takes nothing, changes nothing and cannot fail.
        let ours = unsafe { libc::geteuid() };
        if source.metadata()?.uid() != ours {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the file belongs to another user"));
        }
    }
    std::fs::hard_link(source, fresh)
}

#[cfg(unix)]
fn symbolic(source: &Path, fresh: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(source, fresh)
}

#[cfg(windows)]
fn symbolic(source: &Path, fresh: &Path) -> io::Result<()> {
    std::os::windows::fs::symlink_file(source, fresh)
}

#[cfg(not(any(unix, windows)))]
fn symbolic(_source: &Path, _fresh: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}
