//! Who holds reservations, and whether he still lives.
//!
//! Each open ledger keeps a file of its own locked. The system drops the lock when the process ends, however it ends; unlike
//! a process number it is never given to another, and it tells the truth between containers that share the file, too.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::config::create_private_dir;

/// What a holder that was killed without open reservations leaves behind is cleared away after that time. Much longer than
/// it takes to lock a file that was just made.
const LEFT_BEHIND: Duration = Duration::from_secs(3_600);

#[derive(Debug)]
pub(super) struct Holder {
    directory: PathBuf,
    name: String,
    /// Locked while this lives.
    _file: File,
}

impl Holder {
    /// A new one, in a directory that all holders of one ledger share.
    pub fn claim(directory: &Path) -> io::Result<Self> {
        create_private_dir(directory)?;
        let mut number = [0; 16];
        getrandom::fill(&mut number).map_err(io::Error::other)?;
        let name: String = number.iter().map(|byte| format!("{byte:02x}")).collect();
        let mut options = OpenOptions::new();
        options.create_new(true).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(directory.join(&name))?;
        file.try_lock()?;
        Ok(Self { directory: directory.to_owned(), name, _file: file })
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// False only for one that is certain to have ended.
    pub fn is_alive(&self, name: &str) -> bool {
        if name == self.name {
            return true;
        }
        // Names come from a file that could hold anything.
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return false;
        }
        match File::open(self.directory.join(name)) {
            Ok(file) => !matches!(file.try_lock(), Ok(())),
            Err(error) => error.kind() != io::ErrorKind::NotFound,
        }
    }

    /// Removes what dead holders left behind.
    pub fn clear(&self) {
        let Ok(entries) = std::fs::read_dir(&self.directory) else { return };
        for entry in entries.flatten() {
            let age = entry.metadata().and_then(|data| data.modified()).ok().and_then(|at| at.elapsed().ok());
            let is_old = age.is_some_and(|age| age > LEFT_BEHIND);
            if is_old && !self.is_alive(&entry.file_name().to_string_lossy()) {
                let _ = std::fs::remove_file(entry.path());
            }
        }
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(self.directory.join(&self.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_holder_lives_until_it_is_dropped() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("holders");
        let (one, other) = (Holder::claim(&directory).unwrap(), Holder::claim(&directory).unwrap());
        let name = other.name().to_owned();
        assert!(one.is_alive(one.name()) && one.is_alive(&name) && other.is_alive(one.name()));
        drop(other);
        assert!(!one.is_alive(&name));
        assert!(!one.is_alive("../holders") && !one.is_alive(""));
    }

    #[test]
    fn what_a_killed_one_left_behind_is_cleared_away_and_nothing_else() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("holders");
        let (one, living) = (Holder::claim(&directory).unwrap(), Holder::claim(&directory).unwrap());
        let old = std::time::SystemTime::now() - 2 * LEFT_BEHIND;
        for name in [living.name(), "0a", "0b"] {
            let file = File::options().create(true).append(true).open(directory.join(name)).unwrap();
            if name != "0b" {
                file.set_modified(old).unwrap();
            }
        }
        one.clear();
        let exists = |name: &str| directory.join(name).exists();
        assert!(exists(living.name()) && exists(one.name()) && exists("0b") && !exists("0a"));
    }
}
