//! A file that is not whole yet: its places, who may write it, room for it, and bytes at their offsets.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use super::journal::Journal;

/// Room that is left on the disk for others, in bytes.
const SPARE: u64 = 64 << 20;

/// The files of one download: `KEY.part`, `KEY.journal` and `KEY.lock`. While this lives, no other process writes them.
#[derive(Debug)]
pub struct Partial {
    directory: PathBuf,
    key: String,
    _lock: File,
}

impl Partial {
    /// None: another process has it.
    pub fn try_take(directory: &Path, key: &str) -> io::Result<Option<Self>> {
        crate::config::create_private_dir(directory)?;
        let path = directory.join(format!("{key}.lock"));
        loop {
            let mut options = OpenOptions::new();
            options.create(true).truncate(false).write(true);
            #[cfg(unix)]
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
            let lock = options.open(&path)?;
            match lock.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever had it before may have removed the file that was opened here.
            if is_still_there(&path, &lock) {
                return Ok(Some(Self { directory: directory.to_owned(), key: key.to_owned(), _lock: lock }));
            }
        }
    }

    pub fn path(&self) -> PathBuf {
        self.directory.join(format!("{}.part", self.key))
    }

    pub fn journal(&self) -> Journal {
        Journal::at(self.directory.join(format!("{}.journal", self.key)))
    }

    /// Bytes that still have to be found on the disk for a file of this size.
    pub fn wanted_room(&self, size: u64) -> u64 {
        size.saturating_sub(allocated(&self.path()))
    }

    /// Nothing of it is of use any more.
    pub fn discard(&self) -> io::Result<()> {
        self.journal().remove()?;
        match std::fs::remove_file(self.path()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        // Where a lock's file cannot be told from another one of its name, it stays.
        if cfg!(unix) && !self.path().exists() {
            let _ = self.journal().remove();
            let _ = std::fs::remove_file(self.directory.join(format!("{}.lock", self.key)));
        }
    }
}

#[cfg(unix)]
fn is_still_there(path: &Path, lock: &File) -> bool {
    use std::os::unix::fs::MetadataExt;
    let pair = |data: std::fs::Metadata| (data.dev(), data.ino());
    matches!((path.metadata().map(pair), lock.metadata().map(pair)), (Ok(there), Ok(here)) if there == here)
}

#[cfg(not(unix))]
fn is_still_there(_path: &Path, _lock: &File) -> bool {
    true
}

#[cfg(unix)]
fn allocated(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    path.metadata().map_or(0, |data| data.blocks().saturating_mul(512))
}

#[cfg(not(unix))]
fn allocated(path: &Path) -> u64 {
    path.metadata().map_or(0, |data| data.len())
}

/// Whether so many bytes more have room; the free ones, where they have not.
pub fn has_room(directory: &Path, wanted: u64) -> Result<(), u64> {
    match super::super::store::free_space(directory) {
        Ok(Some(free)) if free < wanted.saturating_add(SPARE) => Err(free),
        // Where the system does not say, the disk itself will.
        _ => Ok(()),
    }
}

/// The open file, of its final length from the beginning.
#[derive(Debug)]
pub struct PartialFile {
    file: File,
}

impl PartialFile {
    /// Opens it, empties it where nothing of it is of use, and finds room for all of it.
    pub fn open(path: &Path, size: u64, is_new: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).read(true).write(true).truncate(is_new);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path)?;
        reserve(&file, size)?;
        file.set_len(size)?;
        Ok(Self { file })
    }

    #[cfg(unix)]
    pub fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::write_all_at(&self.file, bytes, offset)
    }

    #[cfg(unix)]
    pub fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        std::os::unix::fs::FileExt::read_exact_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    pub fn write_at(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        while !bytes.is_empty() {
            let count = std::os::windows::fs::FileExt::seek_write(&self.file, bytes, offset)?;
            bytes = bytes.get(count..).filter(|_| count > 0).ok_or(io::ErrorKind::WriteZero)?;
            offset += count as u64;
        }
        Ok(())
    }

    #[cfg(windows)]
    pub fn read_at(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        while !buffer.is_empty() {
            let count = std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)?;
            buffer = buffer.get_mut(count..).filter(|_| count > 0).ok_or(io::ErrorKind::UnexpectedEof)?;
            offset += count as u64;
        }
        Ok(())
    }

    /// After it, the bytes are on the disk.
    pub fn sync(&self) -> io::Result<()> {
        self.file.sync_data()
    }
}

/// Room now rather than an error in the middle. File systems that cannot say so give it as they go.
#[cfg(target_os = "linux")]
fn reserve(file: &File, size: u64) -> io::Result<()> {
    use std::os::fd::AsRawFd;

    let length = libc::off_t::try_from(size).map_err(|_| io::ErrorKind::FileTooLarge)?;
    loop {
        // SAFETY: the descriptor is open as long as `file`, and the call touches no memory of ours.
        if length == 0 || unsafe { libc::fallocate(file.as_raw_fd(), 0, 0, length) } == 0 {
            return Ok(());
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            Some(libc::EINTR) => {}
            Some(libc::EOPNOTSUPP | libc::ENOSYS | libc::EINVAL) => return Ok(()),
            _ => return Err(error),
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn reserve(_file: &File, _size: u64) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("partial");
        let first = Partial::try_take(&directory, "a").unwrap().unwrap();
        assert!(Partial::try_take(&directory, "a").unwrap().is_none());
        assert!(Partial::try_take(&directory, "b").unwrap().is_some(), "another model");
        std::fs::write(first.path(), "x").unwrap();
        drop(first);
        let second = Partial::try_take(&directory, "a").unwrap().unwrap();
        assert!(second.path().exists(), "what was there stays");
        std::fs::remove_file(second.path()).unwrap();
        drop(second);
        assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0, "nothing is left behind");
    }

    #[test]
    fn room_is_there_from_the_beginning() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("partial");
        let partial = Partial::try_take(&directory, "a").unwrap().unwrap();
        assert_eq!(partial.wanted_room(1 << 20), 1 << 20);
        let file = PartialFile::open(&partial.path(), 1 << 20, true).unwrap();
        if cfg!(target_os = "linux") {
            assert_eq!(partial.wanted_room(1 << 20), 0);
        }
        file.write_at(b"abc", (1 << 20) - 3).unwrap();
        let mut read = [0; 4];
        file.read_at(&mut read, (1 << 20) - 4).unwrap();
        assert_eq!(&read, b"\0abc");
        assert!(file.read_at(&mut read, 1 << 20).is_err());
        let again = PartialFile::open(&partial.path(), 1 << 20, false).unwrap();
        again.read_at(&mut read, (1 << 20) - 4).unwrap();
        assert_eq!(&read, b"\0abc");
        assert!(has_room(&directory, 1).is_ok());
        assert!(has_room(&directory, u64::MAX / 2).is_err());
    }
}
