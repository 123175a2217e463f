//! Files of the user's alone, written whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::config::create_private_dir;

/// Puts `bytes` in the file's place: a reader sees the old content or the new one. Mode 0600, its directory 0700.
pub(super) fn replace(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let written = write_beside(file, bytes)?;
    std::fs::rename(&written, file).inspect_err(|_| drop(std::fs::remove_file(&written)))
}

/// The file's content, which is `bytes` unless another process was first.
pub(super) fn read_or_create(file: &Path, bytes: &[u8]) -> io::Result<Vec<u8>> {
    if !std::fs::exists(file)? {
        let written = write_beside(file, bytes)?;
        // A link fails where the name is taken, and nobody sees a half-written file by it.
        let linked = std::fs::hard_link(&written, file);
        std::fs::remove_file(&written)?;
        if let Err(error) = linked
            && error.kind() != io::ErrorKind::AlreadyExists
        {
            return Err(error);
        }
    }
    let mut content = Vec::new();
    File::open(file)?.take(1 << 20).read_to_end(&mut content)?;
    Ok(content)
}

fn write_beside(file: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
    let directory = file.parent().ok_or(io::ErrorKind::InvalidInput)?;
    create_private_dir(directory)?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let beside = directory.join(format!(".{name}.{:016x}", u64::from_ne_bytes(random)));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut open = options.open(&beside)?;
    let written = open.write_all(bytes).and_then(|()| open.sync_all());
    written.inspect_err(|_| drop(std::fs::remove_file(&beside)))?;
    Ok(beside)
}
