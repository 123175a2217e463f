//! Brings one file of the index in line with the disk.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::extract::{Extracted, FileLimits, extract};
use super::heuristics::Omission;
use super::state::Stamp;
use super::walk;

/// A file left alone for this long, in ns, will have another time when it is written again: file systems count in ticks
/// of up to 10 ms, FAT in 2 s.
const SETTLED_AFTER: i64 = 2_500_000_000;

/// What reading a file led to.
#[derive(Debug)]
pub enum Reading {
    /// The content is what it was.
    Same(Stamp),
    Changed(Stamp, Box<Extracted>),
    /// Not there, or no regular file.
    Gone,
}

/// Reads `path` of the workspace at `root`. `before` is the stamp of the version that the index has.
pub fn read(root: &Path, path: &str, before: Option<&Stamp>, limits: FileLimits) -> Reading {
    let full = root.join(path);
    let opened = open(&full);
    let listed = match &opened {
        Ok(file) => file.metadata(),
        Err(_) => std::fs::symlink_metadata(&full),
    };
    let Some(listed) = listed.ok().filter(std::fs::Metadata::is_file) else { return Reading::Gone };
    let (modified, changed) = (walk::modified(&listed), walk::changed(&listed));
    let settled = is_settled(modified.max(changed));
    let entry = walk::entry(&listed);
    let mut stamp = Stamp { bytes: listed.len(), modified, entry, hash: [0; 16], settled };
    if listed.len() > limits.bytes {
        return Reading::Changed(stamp, Box::new(Extracted::omitted(Omission::TooLarge)));
    }
    let content = match opened.and_then(|file| content_of(&file, listed.len(), limits.bytes)) {
        Ok(content) => content,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Reading::Gone,
        Err(error) => {
            tracing::debug!(path, %error, "a file cannot be read");
            return Reading::Changed(stamp, Box::new(Extracted::omitted(Omission::Unreadable)));
        }
    };
    // Written while it was read: read again next time.
    stamp.settled &= content.len() as u64 == stamp.bytes;
    stamp.bytes = content.len() as u64;
    stamp.hash = hash(&content);
    match before {
        Some(before) if before.hash == stamp.hash && before.bytes == stamp.bytes => Reading::Same(stamp),
        _ => Reading::Changed(stamp, Box::new(extract_or_omit(path, &content, limits))),
    }
}

/// A defect that one file brings to light must not take the index with it.
fn extract_or_omit(path: &str, content: &[u8], limits: FileLimits) -> Extracted {
    std::panic::catch_unwind(|| extract(path, content, limits)).unwrap_or_else(|_| {
        tracing::error!(path, "extracting from this file panicked; it is left out");
        Extracted::omitted(Omission::Unreadable)
    })
}

/// The stamp of an open document's text.
pub fn stamp_of_text(text: &str) -> Stamp {
    Stamp { bytes: text.len() as u64, hash: hash(text.as_bytes()), ..Stamp::default() }
}

pub fn hash(content: &[u8]) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&blake3::hash(content).as_bytes()[..16]);
    short
}

/// The content of a regular file, up to one byte more than `most`.
pub fn content(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let file = open(path)?;
    let bytes = file.metadata()?.len();
    content_of(&file, bytes, most)
}

/// No symbolic link is followed, and what turns out to be a pipe is not waited for.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NOFOLLOW | libc::O_NONBLOCK);
    options.open(path)
}

/// As much as the file had when it was opened. One that grew since has another time, too, and is read again; a workspace
/// has many small files, so none is asked a second time whether that was all.
fn content_of(file: &File, bytes: u64, most: u64) -> std::io::Result<Vec<u8>> {
    let wanted = bytes.min(most.saturating_add(1));
    let mut content = Vec::with_capacity(usize::try_from(wanted).unwrap_or(0));
    file.take(wanted).read_to_end(&mut content)?;
    Ok(content)
}

fn is_settled(modified: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).ok().and_then(|now| i64::try_from(now.as_nanos()).ok());
    // A time in the future says nothing: the clock was wrong then or is wrong now.
    now.is_some_and(|now| modified < now && now - modified > SETTLED_AFTER)
}
