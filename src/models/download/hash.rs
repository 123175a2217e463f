//! Digests of a file that is being written, read behind those who write it.
//!
//! Parts come in any order and SHA-256 wants one: so the bytes are read again, from the system's cache, as far as the file is
//! there without a gap. That is done beside the download by a thread of its own. What an earlier run had left is read from the
//! disk like the rest: what is checked is the file, not what was meant to be in it.

use std::io;
use std::sync::{Condvar, Mutex, PoisonError};

use sha1::Sha1;
use sha2::{Digest, Sha256 as Hasher};

use super::super::Sha256;
use super::super::hub::FileDigest;
use super::partial::PartialFile;

/// Bytes that are read at once: few enough that they are in the processor's caches still when they are hashed.
const PIECE: usize = 256 << 10;

/// How far the file can be read.
#[derive(Debug, Default)]
pub struct Frontier {
    state: Mutex<State>,
    moved: Condvar,
}

#[derive(Clone, Copy, Debug, Default)]
struct State {
    until: u64,
    is_over: bool,
    is_given_up: bool,
}

/// What the whole file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    pub sha256: Sha256,
    pub git: Option<[u8; 20]>,
}

impl Digests {
    pub fn agree_with(&self, said: &FileDigest) -> bool {
        match said {
            FileDigest::Sha256(said) => self.sha256 == *said,
            FileDigest::GitBlob(said) => self.git == Some(*said),
        }
    }
}

impl Frontier {
    pub fn move_to(&self, until: u64) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        // A wake-up for every piece, not for every packet.
        let had = state.until / PIECE as u64;
        state.until = state.until.max(until);
        if state.until / PIECE as u64 > had {
            self.moved.notify_one();
        }
    }

    /// Nothing more will come. A whole file is read to its end; of another one nobody wants to know more.
    pub fn end(&self, is_whole: bool) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.is_over, state.is_given_up) = (true, !is_whole);
        self.moved.notify_one();
    }

    /// Waits until there is something behind `from`.
    fn after(&self, from: u64) -> State {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let is_waiting = |state: &mut State| state.until < from + PIECE as u64 && !state.is_over;
        *self.moved.wait_while(state, is_waiting).unwrap_or_else(PoisonError::into_inner)
    }
}

/// Reads behind the frontier up to `size`. None where it ended before.
pub fn follow(file: &PartialFile, frontier: &Frontier, size: u64, wants_git: bool) -> io::Result<Option<Digests>> {
    let mut sha256 = Hasher::new();
    let mut git = wants_git.then(|| Sha1::new().chain_update(format!("blob {size}\0")));
    let mut piece = vec![0; PIECE];
    let mut at = 0;
    while at < size {
        let State { until, is_given_up, .. } = frontier.after(at);
        if is_given_up || until <= at {
            return Ok(None);
        }
        let count = usize::try_from((until - at).min(PIECE as u64)).unwrap_or(PIECE);
        let bytes = piece.get_mut(..count).unwrap_or_default();
        file.read_at(bytes, at)?;
        sha256.update(&*bytes);
        if let Some(git) = &mut git {
            git.update(&*bytes);
        }
        at += count as u64;
    }
    let git = git.map(|git| git.finalize().into());
    Ok(Some(Digests { sha256: Sha256(sha256.finalize().into()), git }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_hashed_behind_its_writer() {
        let place = tempfile::tempdir().unwrap();
        let bytes: Vec<u8> = (0..3 * PIECE + 17).map(|at| ((at * 31) >> 3) as u8).collect();
        let path = place.path().join("a");
        let file = PartialFile::open(&path, bytes.len() as u64, true).unwrap();
        let frontier = Frontier::default();
        let digests = std::thread::scope(|scope| {
            let hasher = scope.spawn(|| follow(&file, &frontier, bytes.len() as u64, true));
            for (at, part) in bytes.chunks(PIECE / 3).enumerate() {
                file.write_at(part, (at * (PIECE / 3)) as u64).unwrap();
                frontier.move_to((at * (PIECE / 3) + part.len()) as u64);
            }
            frontier.end(true);
            hasher.join().unwrap().unwrap().unwrap()
        });
        assert_eq!(digests.sha256, crate::models::hash_file(&path, |_| true).unwrap());
        assert!(digests.agree_with(&FileDigest::Sha256(digests.sha256)));
        assert!(!digests.agree_with(&FileDigest::GitBlob([0; 20])));
    }

    #[test]
    fn small_files_have_git_s_digest() {
        let place = tempfile::tempdir().unwrap();
        let file = PartialFile::open(&place.path().join("a"), 6, true).unwrap();
        file.write_at(b"hello\n", 0).unwrap();
        let frontier = Frontier::default();
        frontier.move_to(6);
        frontier.end(true);
        let digests = follow(&file, &frontier, 6, true).unwrap().unwrap();
        // `echo hello | git hash-object --stdin`
        let git = FileDigest::of_hex("ce013625030ba8dba906f756967f9e9ca394464a").unwrap();
        assert!(digests.agree_with(&git));
    }

    #[test]
    fn a_download_that_ends_has_no_digest() {
        let place = tempfile::tempdir().unwrap();
        let file = PartialFile::open(&place.path().join("a"), 9, true).unwrap();
        let frontier = Frontier::default();
        frontier.move_to(5);
        frontier.end(true);
        assert_eq!(follow(&file, &frontier, 9, false).unwrap(), None, "it is not whole");
        frontier.move_to(9);
        assert!(follow(&file, &frontier, 9, false).unwrap().is_some());
        frontier.end(false);
        assert_eq!(follow(&file, &frontier, 9, false).unwrap(), None);
        let empty = PartialFile::open(&place.path().join("b"), 0, true).unwrap();
        assert!(follow(&empty, &frontier, 0, false).unwrap().is_some());
    }
}
