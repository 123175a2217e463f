//! Files that belong to their user alone, written so that a crash leaves the old or the new.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::config::create_private_dir;

/// Longest wait for another process that writes.
const LOCK_PATIENCE: Duration = Duration::from_secs(5);
const LOCK_PAUSE: Duration = Duration::from_millis(2);

/// A new or existing file for its user alone, at whose end is written.
pub fn open_to_append(file: &Path) -> io::Result<File> {
    private(OpenOptions::new().read(true).append(true).create(true)).open(file)
}

/// Puts a file with these bytes in the place of whatever is there, in one step and on disk.
pub fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut name = file.as_os_str().to_owned();
    name.push(".new");
    let new = Path::new(&name);
    let mut out = private(OpenOptions::new().write(true).create(true).truncate(true)).open(new)?;
    out.write_all(bytes)?;
    out.sync_data()?;
    drop(out);
    std::fs::rename(new, file)
}

/// Makes a name in a directory outlive a loss of power.
pub fn sync_directory(file: &Path) -> io::Result<()> {
    if cfg!(windows) {
        // Windows keeps names by itself, and opens no directory for that.
        return Ok(());
    }
    file.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

/// Held by one process at a time, until it is dropped or its process ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// For a log and what belongs to it. Makes the directory.
    pub fn take(log: &Path) -> io::Result<Self> {
        if let Some(directory) = log.parent() {
            create_private_dir(directory)?;
        }
        let file = private(OpenOptions::new().read(true).write(true).create(true).truncate(false))
            .open(log.with_extension("lock"))?;
        let begun = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < LOCK_PATIENCE => std::thread::sleep(LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => {
                    return Err(io::Error::new(io::ErrorKind::WouldBlock, "another process keeps it locked"));
                }
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
    }
}

fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
    options
}
