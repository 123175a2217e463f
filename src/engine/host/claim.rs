//! The right to be the host under a name: a lock for life, and the socket. Taken before a model is loaded, so that of
//! several hosts started at once all but one end within milliseconds.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use anyhow::Context as _;

use super::address::HostAddress;
use super::private::prepare_directory;
use super::transport::{self, Listener};

/// Held while the host lives; dropping it frees the name.
pub struct Claim {
    address: HostAddress,
    lock: File,
    socket: FileId,
    listener: Listener,
}

impl Claim {
    /// None when another host has the name. Wants a tokio runtime around it.
    pub fn take(address: HostAddress) -> anyhow::Result<Option<Self>> {
        prepare_directory(&address.directory)?;
        let Some(lock) = lock(&address.lock())? else { return Ok(None) };
        // Whoever made this file is dead: it held the lock.
        if cfg!(unix)
            && let Err(error) = std::fs::remove_file(address.socket())
            && error.kind() != std::io::ErrorKind::NotFound
        {
            return Err(error).with_context(|| format!("cannot remove {}", address.socket().display()));
        }
        let listener = transport::listen(&address)
            .with_context(|| format!("cannot open the socket {}", address.socket().display()))?;
        let socket = FileId::of_path(&address.socket());
        Ok(Some(Self { address, lock, socket, listener }))
    }

    pub fn listener(&self) -> &Listener {
        &self.listener
    }

    /// No new client finds this host; the name stays taken until the claim is dropped, so that the next host does not
    /// load its model while this one still holds its own.
    pub(super) fn hide(&self) {
        if cfg!(unix) && FileId::of_path(&self.address.socket()) == self.socket {
            let _ = std::fs::remove_file(self.address.socket());
        }
    }

    /// False when somebody removed or replaced the lock or the socket: no client finds this host any more.
    pub fn is_ours(&self) -> bool {
        FileId::of_path(&self.address.lock()) == FileId::of_file(&self.lock)
            && FileId::of_path(&self.address.socket()) == self.socket
    }
}

impl Drop for Claim {
    /// The files go while the lock is held, and only when they are ours.
    fn drop(&mut self) {
        self.hide();
        if cfg!(unix) && FileId::of_path(&self.address.lock()) == FileId::of_file(&self.lock) {
            let _ = std::fs::remove_file(self.address.lock());
        }
    }
}

/// Locks the file; None when another process has it.
fn lock(path: &Path) -> anyhow::Result<Option<File>> {
    loop {
        let file = OpenOptions::new().create(true).truncate(false).write(true).open(path);
        let file = file.with_context(|| format!("cannot open the lock {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Ok(None),
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("cannot lock {}", path.display()));
            }
        }
        // A host that ended between our open and our lock has removed this file; the lock is on nothing then.
        if FileId::of_path(path) == FileId::of_file(&file) {
            return Ok(Some(file));
        }
    }
}

/// Which file a path or a handle means. All files are equal where the system does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct FileId(Option<(u64, u64)>);

impl FileId {
    fn of_path(path: &Path) -> Self {
        Self::of(std::fs::symlink_metadata(path))
    }

    fn of_file(file: &File) -> Self {
        Self::of(file.metadata())
    }

    #[cfg(unix)]
    fn of(found: std::io::Result<std::fs::Metadata>) -> Self {
        use std::os::unix::fs::MetadataExt as _;
        Self(found.ok().map(|found| (found.dev(), found.ino())))
    }

    #[cfg(not(unix))]
    fn of(_found: std::io::Result<std::fs::Metadata>) -> Self {
        Self(None)
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    fn address(directory: &Path) -> HostAddress {
        HostAddress { directory: directory.to_owned(), name: "test".into() }
    }

    #[tokio::test]
    async fn one_at_a_time() {
        let root = tempfile::tempdir().expect("tempdir");
        let first = Claim::take(address(root.path())).expect("works").expect("free");
        assert!(Claim::take(address(root.path())).expect("works").is_none());
        assert_eq!(std::fs::metadata(address(root.path()).socket()).expect("there").mode() & 0o777, 0o600);
        drop(first);
        assert_eq!(std::fs::read_dir(root.path()).expect("there").count(), 0, "files were left");
        assert!(Claim::take(address(root.path())).expect("works").is_some());
    }

    #[tokio::test]
    async fn what_a_dead_host_left_is_no_hindrance() {
        let root = tempfile::tempdir().expect("tempdir");
        std::fs::write(address(root.path()).lock(), "").expect("written");
        drop(std::os::unix::net::UnixListener::bind(address(root.path()).socket()).expect("bound"));
        assert!(Claim::take(address(root.path())).expect("works").is_some());
    }

    #[tokio::test]
    async fn a_removed_socket_is_noticed_and_a_new_one_is_left_alone() {
        let root = tempfile::tempdir().expect("tempdir");
        let first = Claim::take(address(root.path())).expect("works").expect("free");
        assert!(first.is_ours());
        std::fs::remove_file(address(root.path()).socket()).expect("removed");
        assert!(!first.is_ours());
        std::fs::remove_file(address(root.path()).lock()).expect("removed");
        let second = Claim::take(address(root.path())).expect("works").expect("free");
        drop(first);
        assert!(second.is_ours(), "the first removed the files of the second");
    }
}
