//! Lists the files of a workspace, in parallel, without those that are ignored.
//!
//! Symbolic links are not followed: what they lead to is either in the workspace anyway or not of it, and so no link can
//! make a loop.

use std::collections::VecDeque;
use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::UNIX_EPOCH;

use rustc_hash::FxHashMap;

use super::heuristics;
use super::state::Stamp;
use crate::privacy::IgnoreRules;

/// A file as the directory lists it: path from the root with `/`, size and times.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    /// Shared with the index, which keeps it: a workspace can have a million.
    pub path: Arc<str>,
    pub bytes: u64,
    pub modified: i64,
    /// See `entry`.
    pub entry: u64,
}

/// What a walk found, ordered by path.
#[derive(Debug, Default)]
pub struct Listing {
    pub files: Vec<Listed>,
    /// Directories that were read: those to watch.
    pub directories: Vec<PathBuf>,
    /// Files beyond `most_files`.
    pub beyond: u64,
    /// Directories that could not be listed, as many as a person reads, and how many in all.
    pub unreadable: Vec<String>,
    pub unreadable_count: u64,
    /// Names that are not UTF-8 and cannot be told to an editor.
    pub unnameable: u64,
}

/// Directories that could not be read and are named.
const NAMED: usize = 8;

struct Queue {
    directories: VecDeque<PathBuf>,
    /// Threads that are reading a directory.
    busy: usize,
    listing: Listing,
}

/// Lists `start` (the root or a directory in it) and all below. Stops early when `stop` is set.
pub fn walk(
    root: &Path,
    start: &Path,
    rules: &IgnoreRules,
    threads: usize,
    most_files: usize,
    stop: &AtomicBool,
) -> Listing {
    let queue = Queue { directories: [start.to_owned()].into(), busy: 0, listing: Listing::default() };
    let (queue, news) = (Mutex::new(queue), Condvar::new());
    std::thread::scope(|scope| {
        let work = || work(root, rules, most_files, stop, &queue, &news);
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        work();
        others.into_iter().for_each(|other| _ = other.join());
    });
    let mut listing = queue.into_inner().unwrap_or_else(PoisonError::into_inner).listing;
    listing.files.sort_unstable();
    listing.unreadable.sort_unstable();
    listing
}

fn work(root: &Path, rules: &IgnoreRules, most_files: usize, stop: &AtomicBool, queue: &Mutex<Queue>, news: &Condvar) {
    let lock = || -> MutexGuard<'_, Queue> { queue.lock().unwrap_or_else(PoisonError::into_inner) };
    loop {
        let mut state = lock();
        let directory = loop {
            if stop.load(Ordering::Relaxed) {
                news.notify_all();
                return;
            }
            if let Some(directory) = state.directories.pop_front() {
                state.busy += 1;
                break directory;
            }
            if state.busy == 0 {
                news.notify_all();
                return;
            }
            state = news.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        let room = most_files.saturating_sub(state.listing.files.len());
        drop(state);

        let read = read(root, &directory, rules, room, stop);
        let mut state = lock();
        state.busy -= 1;
        let listing = &mut state.listing;
        let room = most_files.saturating_sub(listing.files.len()).min(read.files.len());
        listing.beyond += read.beyond + (read.files.len() - room) as u64;
        listing.files.extend(read.files.into_iter().take(room));
        listing.unnameable += read.unnameable;
        if read.is_unreadable {
            listing.unreadable_count += 1;
            if listing.unreadable.len() < NAMED {
                listing.unreadable.push(relative(root, &directory).unwrap_or_default());
            }
        }
        listing.directories.push(directory);
        state.directories.extend(read.directories);
        drop(state);
        news.notify_all();
    }
}

/// The files of one directory, in the order of the file system, at most `most` of them.
pub fn files_in(root: &Path, directory: &Path, rules: &IgnoreRules, most: usize, stop: &AtomicBool) -> Vec<Listed> {
    read(root, directory, rules, most, stop).files
}

#[derive(Default)]
struct Directory {
    files: Vec<Listed>,
    directories: Vec<PathBuf>,
    beyond: u64,
    unnameable: u64,
    is_unreadable: bool,
}

fn read(root: &Path, path: &Path, rules: &IgnoreRules, room: usize, stop: &AtomicBool) -> Directory {
    let mut found = Directory::default();
    let Ok(entries) = std::fs::read_dir(path) else {
        found.is_unreadable = true;
        return found;
    };
    let rules = rules.within(path);
    // One entry at a time: a directory of a million files is never held as a whole.
    for entry in entries {
        if stop.load(Ordering::Relaxed) {
            return found;
        }
        let Ok(entry) = entry else {
            found.is_unreadable = true;
            continue;
        };
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if kind.is_dir() {
            let is_made = entry.file_name().to_str().is_some_and(heuristics::is_made_directory);
            if !is_made && !rules.denies(&path, true) {
                found.directories.push(path);
            }
        } else if kind.is_file() && !rules.denies(&path, false) {
            let Some(relative) = relative(root, &path) else {
                found.unnameable += 1;
                continue;
            };
            if found.files.len() >= room {
                found.beyond += 1;
                continue;
            }
            // Gone since it was listed: then it is not there.
            let Ok(data) = entry.metadata() else { continue };
            found.files.push(Listed {
                path: relative.into(),
                bytes: data.len(),
                modified: modified(&data),
                entry: self::entry(&data),
            });
        }
    }
    found
}

/// The path from the root with `/`; None where it is not below the root or not UTF-8.
pub fn relative(root: &Path, path: &Path) -> Option<String> {
    let path = path.strip_prefix(root).ok()?.to_str()?;
    Some(if std::path::MAIN_SEPARATOR == '/' { path.to_owned() } else { path.replace(std::path::MAIN_SEPARATOR, "/") })
}

/// Nanoseconds since 1970, negative before.
pub fn modified(data: &Metadata) -> i64 {
    let Ok(time) = data.modified() else { return 0 };
    let nanos = |duration: std::time::Duration| i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => nanos(after),
        Err(before) => -nanos(before.duration()),
    }
}

/// When the file's entry last changed, in nanoseconds since 1970; 0 where the system does not say. Unlike the time of its
/// content nobody can set it: a renamed file and one with a restored time are told by it.
pub fn changed(data: &Metadata) -> i64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        data.ctime().saturating_mul(1_000_000_000).saturating_add(data.ctime_nsec())
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        0
    }
}

/// Tells an entry of a directory from another of the same size and times: when it last changed, with the number of the file
/// that it leads to. A directory that is renamed brings its files under other paths, and all their times with them.
pub fn entry(data: &Metadata) -> u64 {
    let time = changed(data) as u64;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        time ^ data.ino().wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
    #[cfg(not(unix))]
    time
}

impl Listed {
    /// Whether a file that was read with this stamp need not be read again.
    pub fn is_as(&self, stamp: &Stamp) -> bool {
        let is_same = (stamp.bytes, stamp.modified, stamp.entry) == (self.bytes, self.modified, self.entry);
        stamp.settled && is_same
    }
}

/// Answers whether single paths would be listed. It remembers what it saw of directories, so it is made for one batch of
/// changes.
pub struct Wanted<'a> {
    root: &'a Path,
    rules: &'a IgnoreRules,
    /// Whether a directory is reached from the root without a symbolic link.
    direct: Mutex<FxHashMap<PathBuf, bool>>,
}

impl<'a> Wanted<'a> {
    pub fn new(root: &'a Path, rules: &'a IgnoreRules) -> Self {
        Self { root, rules, direct: Mutex::default() }
    }

    /// Whether `path` is there, no symbolic link, not ignored, and in no directory that is left out or reached through a
    /// link: the walk would not have gone there.
    pub fn wants(&self, path: &Path) -> bool {
        let Some(relative) = relative(self.root, path) else { return false };
        let in_made = relative.rsplit('/').skip(1).any(heuristics::is_made_directory);
        !in_made
            && !self.rules.denies(path, false)
            && is_no_link(path)
            && path.parent().is_some_and(|parent| self.is_reached_directly(parent))
    }

    /// Whether no directory from below the root to this one is a symbolic link.
    pub fn is_reached_directly(&self, directory: &Path) -> bool {
        if directory == self.root || !directory.starts_with(self.root) {
            return directory == self.root;
        }
        let lock = || self.direct.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = lock().get(directory) {
            return *known;
        }
        let is_direct =
            is_no_link(directory) && directory.parent().is_some_and(|parent| self.is_reached_directly(parent));
        lock().insert(directory.to_owned(), is_direct);
        is_direct
    }
}

fn is_no_link(path: &Path) -> bool {
    std::fs::symlink_metadata(path).is_ok_and(|data| !data.file_type().is_symlink())
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_moment_are_different_entries() {
        let directory = tempfile::tempdir().unwrap();
        let write = |number: usize| {
            let path = directory.path().join(number.to_string());
            std::fs::write(&path, "same size").unwrap();
            (std::fs::metadata(&path).unwrap(), path)
        };
        // The system's clock has ticks of milliseconds, so two of many files have one.
        let files: Vec<_> = (0..2_000).map(write).collect();
        let pair = files.windows(2).find(|pair| changed(&pair[0].0) == changed(&pair[1].0));
        let [(one, path), (other, _)] = pair.expect("two files within one tick") else { unreachable!() };
        assert_ne!(entry(one), entry(other));
        assert_eq!(entry(one), entry(&std::fs::metadata(path).unwrap()));
    }
}
