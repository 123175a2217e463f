//! Only the user's own processes may meet here: checks of directories and of peers.

use std::path::Path;

use anyhow::{Context as _, bail, ensure};

/// The user who runs this process; 0 where there are no numbers for users.
pub fn our_user() -> u32 {
    #[cfg(unix)]
    // SAFETY: geteuid has no arguments, no effects and cannot fail.
    return unsafe { libc::geteuid() };
    #[cfg(not(unix))]
    0
}

/// Makes the directory with mode 0700, or checks that it is a directory, not a link, ours, and closed to others.
pub fn prepare_directory(directory: &Path) -> anyhow::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory).with_context(|| format!("cannot make the directory {}", directory.display()))?;
    check_directory(directory, our_user())
}

#[cfg(unix)]
fn check_directory(directory: &Path, user: u32) -> anyhow::Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    let found = std::fs::symlink_metadata(directory)?;
    let shown = directory.display();
    ensure!(found.is_dir(), "{shown} is not a directory; remove it, so that Tandem can make its own");
    ensure!(
        found.uid() == user,
        "{shown} belongs to user {}, not to user {user}; remove it, so that Tandem can make its own",
        found.uid()
    );
    if found.mode() & 0o077 != 0 {
        std::fs::set_permissions(directory, std::fs::Permissions::from_mode(0o700))
            .with_context(|| format!("{shown} is open to other users and cannot be closed"))?;
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_directory(directory: &Path, _user: u32) -> anyhow::Result<()> {
    ensure!(
        directory.is_dir(),
        "{} is not a directory; remove it, so that Tandem can make its own",
        directory.display()
    );
    Ok(())
}

/// Both ends ask it of each other. `peer` is what the operating system says of the process at the other end.
pub fn check_peer(peer: Option<u32>, ours: u32) -> anyhow::Result<()> {
    match peer {
        Some(user) if user == ours => Ok(()),
        Some(user) => bail!("the process at the other end belongs to user {user}, not to user {ours}"),
        // A pipe's access list has kept others out already.
        None if cfg!(windows) => Ok(()),
        None => bail!("the system does not say whose process is at the other end"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_processes_pass() {
        assert!(check_peer(Some(1000), 1000).is_ok());
        assert!(check_peer(Some(1001), 1000).is_err());
        // Root is another user, too: its processes have nothing to ask here.
        assert!(check_peer(Some(0), 1000).is_err());
        assert_eq!(check_peer(None, 1000).is_ok(), cfg!(windows));
    }

    #[cfg(unix)]
    mod directories {
        use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

        use super::super::*;

        #[test]
        fn a_new_one_is_closed_to_others() {
            let root = tempfile::tempdir().expect("tempdir");
            let directory = root.path().join("a/b");
            prepare_directory(&directory).expect("made");
            assert_eq!(std::fs::metadata(&directory).expect("there").mode() & 0o777, 0o700);
        }

        #[test]
        fn an_open_one_is_closed() {
            let root = tempfile::tempdir().expect("tempdir");
            std::fs::set_permissions(root.path(), std::fs::Permissions::from_mode(0o777)).expect("opened");
            prepare_directory(root.path()).expect("closed");
            assert_eq!(std::fs::metadata(root.path()).expect("there").mode() & 0o777, 0o700);
        }

        #[test]
        fn links_files_and_strangers_are_refused() {
            let root = tempfile::tempdir().expect("tempdir");
            let link = root.path().join("link");
            symlink("/tmp", &link).expect("linked");
            assert!(prepare_directory(&link).is_err());
            let file = root.path().join("file");
            std::fs::write(&file, "").expect("written");
            assert!(prepare_directory(&file).is_err());
            assert!(check_directory(root.path(), our_user() + 1).is_err());
        }
    }
}
