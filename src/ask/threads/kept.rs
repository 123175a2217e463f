//! Threads on disk: a JSON file each, written beside its place and moved there, so that nobody reads half of one.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::Thread;
use crate::config::create_private_dir;

/// Longer files are none of ours.
const LONGEST: u64 = 16 << 20;

/// None for a name that could lead elsewhere.
fn place(directory: &Path, id: &str) -> Option<PathBuf> {
    let is_ours = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_ours.then(|| directory.join(format!("{id}.json")))
}

pub fn read(directory: &Path, id: &str) -> Option<Thread> {
    read_file(&place(directory, id)?).filter(|thread| thread.id == id)
}

/// What is damaged is passed over.
fn read_file(file: &Path) -> Option<Thread> {
    let mut text = String::new();
    std::fs::File::open(file).ok()?.take(LONGEST).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).inspect_err(|error| tracing::warn!(%error, "a damaged thread")).ok()
}

pub fn all(directory: &Path) -> Vec<Thread> {
    let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
    let ids = entries.flatten().filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        Some(name.strip_suffix(".json")?.to_owned())
    });
    ids.filter_map(|id| read(directory, &id)).collect()
}

pub fn write(directory: &Path, thread: &Thread) -> io::Result<()> {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    create_private_dir(directory)?;
    let file = place(directory, &thread.id).ok_or(io::ErrorKind::InvalidInput)?;
    let text = serde_json::to_string(thread)?;
    if text.len() as u64 >= LONGEST {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it is too long"));
    }
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let beside = directory.join(format!(".{}-{}-{number}.part", thread.id, std::process::id()));
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options.open(&beside).and_then(|mut opened| {
        opened.write_all(text.as_bytes())?;
        std::fs::rename(&beside, &file)
    });
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written
}

pub fn delete(directory: &Path, id: &str) -> bool {
    place(directory, id).is_some_and(|file| std::fs::remove_file(file).is_ok())
}

/// Deletes the oldest beyond so many, by the time of their last change.
pub fn trim(directory: &Path, most: usize) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    let mut files: Vec<_> = entries
        .flatten()
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "json"))
        .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
        .collect();
    files.sort();
    let beyond = files.len().saturating_sub(most);
    for (_, file) in files.into_iter().take(beyond) {
        let _ = std::fs::remove_file(file);
    }
}
