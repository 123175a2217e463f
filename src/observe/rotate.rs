//! A log file that several processes append to and that stays bounded.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::config::create_private_dir;

/// After this many bytes of its own a process looks again at the file: another one may have rotated it.
const LOOK_EVERY_BYTES: u64 = 64 << 10;

/// `tandem.log`, and older ones as `tandem.log.1` (the newest) to `tandem.log.N`.
///
/// The size is kept to within `LOOK_EVERY_BYTES` for each process that writes. Two that rotate at the same moment
/// may skip a number; nothing is written twice and nothing grows without end.
pub(super) struct RotatingFile {
    path: PathBuf,
    file: File,
    max_bytes: u64,
    old_files: u32,
    since_look: u64,
}

impl RotatingFile {
    pub fn open(path: &Path, max_bytes: u64, old_files: u32) -> io::Result<Self> {
        if let Some(directory) = path.parent() {
            create_private_dir(directory)?;
        }
        rotate_if_full(path, max_bytes, old_files)?;
        Ok(Self { path: path.to_owned(), file: open_to_append(path)?, max_bytes, old_files, since_look: 0 })
    }
}

impl Write for RotatingFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.since_look += line.len() as u64;
        if self.since_look >= LOOK_EVERY_BYTES.min(self.max_bytes) {
            self.since_look = 0;
            rotate_if_full(&self.path, self.max_bytes, self.old_files)?;
            self.file = open_to_append(&self.path)?;
        }
        self.file.write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

fn open_to_append(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn rotate_if_full(path: &Path, max_bytes: u64, old_files: u32) -> io::Result<()> {
    match path.metadata() {
        Ok(data) if data.len() >= max_bytes => {}
        Ok(_) => return Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    }
    for number in (1..old_files).rev() {
        ignore_missing(std::fs::rename(numbered(path, number), numbered(path, number + 1)))?;
    }
    ignore_missing(std::fs::rename(path, numbered(path, 1)))
}

fn numbered(path: &Path, number: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    PathBuf::from(name)
}

fn ignore_missing(result: io::Result<()>) -> io::Result<()> {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn total(directory: &Path) -> u64 {
        std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().metadata().unwrap().len()).sum()
    }

    #[test]
    fn two_writers_stay_within_the_bound_and_keep_the_newest() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("state/tandem.log");
        let mut one = RotatingFile::open(&path, 1000, 2).unwrap();
        let mut other = RotatingFile::open(&path, 1000, 2).unwrap();
        for number in 0..500 {
            writeln!(one, "one {number:5}").unwrap();
            writeln!(other, "other {number:5}").unwrap();
        }
        let directory = path.parent().unwrap();
        assert!(total(directory) <= 3 * (1000 + 2 * 1000), "{}", total(directory));
        assert_eq!(std::fs::read_dir(directory).unwrap().count(), 3);
        let newest = std::fs::read_to_string(&path).unwrap() + &std::fs::read_to_string(numbered(&path, 1)).unwrap();
        assert!(newest.contains("one   499") && newest.contains("other   499"));
    }

    #[cfg(unix)]
    #[test]
    fn the_log_is_readable_by_its_user_alone() {
        use std::os::unix::fs::PermissionsExt;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("state/tandem.log");
        drop(RotatingFile::open(&path, 1000, 2).unwrap());
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(path.parent().unwrap().metadata().unwrap().permissions().mode() & 0o777, 0o700);
    }
}
