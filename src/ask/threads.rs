//! Questions and answers that can be gone on with: kept in the user's state directory, or in memory only.
//!
//! A thread holds what its questions sent, byte for byte, because the next question sends it again and providers know it by
//! that. So it holds parts of files: its file is readable for its user alone, and deleting it deletes them.

mod kept;

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::pack::Shown;
use crate::gate::Piece;

/// Threads that are kept; the oldest go first.
const MOST_THREADS: usize = 200;
/// Characters of a title.
const LONGEST_TITLE: usize = 80;

/// A thread as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ThreadEntry {
    pub id: String,
    /// The first question, cut.
    pub title: String,
    pub folder: String,
    /// Seconds since 1970 of the last answer.
    pub at: i64,
    pub turns: usize,
}

/// A question with its answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThreadTurn {
    /// What was found for it.
    pub context: Vec<Piece>,
    pub question: Vec<Piece>,
    /// As the model gave it.
    pub answer: String,
    pub shown: Vec<Shown>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    pub id: String,
    pub title: String,
    pub folder: String,
    pub at: i64,
    /// See `pack::Ground::tag`.
    pub tag: String,
    /// A model on this machine answered some of it: files that stay here may be in its answers, so it stays here.
    #[serde(default)]
    pub stays: bool,
    /// The part that is the same for every question.
    pub stable: Vec<Piece>,
    pub turns: Vec<ThreadTurn>,
}

impl Thread {
    pub fn entry(&self) -> ThreadEntry {
        let Self { id, title, folder, at, .. } = self.clone();
        ThreadEntry { id, title, folder, at, turns: self.turns.len() }
    }

    /// What files it has shown, the oldest version first.
    pub fn shown(&self) -> Vec<Shown> {
        self.turns.iter().flat_map(|turn| turn.shown.iter().cloned()).collect()
    }
}

/// The words of a question as a title: one line, cut.
pub fn title(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let line: String = words.join(" ").chars().filter(|c| !c.is_control()).collect();
    match line.char_indices().nth(LONGEST_TITLE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

#[derive(Debug)]
pub struct Threads {
    directory: Option<PathBuf>,
    memory: Mutex<HashMap<String, Thread>>,
}

impl Threads {
    /// Kept in this directory, each in a file that only the user can read.
    pub fn in_directory(directory: PathBuf) -> Self {
        Self { directory: Some(directory), memory: Mutex::default() }
    }

    /// Gone with the process.
    pub fn in_memory() -> Self {
        Self { directory: None, memory: Mutex::default() }
    }

    /// The newest first.
    pub fn list(&self) -> Vec<ThreadEntry> {
        let mut entries: Vec<ThreadEntry> = self.memory().values().map(Thread::entry).collect();
        if let Some(directory) = &self.directory {
            entries.extend(kept::all(directory).iter().map(Thread::entry));
        }
        entries.sort_by(|one, other| other.at.cmp(&one.at).then_with(|| one.id.cmp(&other.id)));
        entries
    }

    pub fn load(&self, id: &str) -> Option<Thread> {
        let in_memory = self.memory().get(id).cloned();
        in_memory.or_else(|| kept::read(self.directory.as_ref()?, id))
    }

    /// `keep`: beyond the end of the process. What cannot be written stays in memory.
    pub fn save(&self, thread: Thread, keep: bool) {
        if let Some(directory) = self.directory.as_ref().filter(|_| keep) {
            match kept::write(directory, &thread) {
                Ok(()) => {
                    self.memory().remove(&thread.id);
                    return kept::trim(directory, MOST_THREADS);
                }
                Err(error) => tracing::warn!(%error, "a thread stays in memory only"),
            }
        }
        let mut memory = self.memory();
        memory.insert(thread.id.clone(), thread);
        while memory.len() > MOST_THREADS {
            let oldest =
                memory.values().min_by_key(|thread| (thread.at, thread.id.clone())).map(|thread| thread.id.clone());
            oldest.map(|id| memory.remove(&id));
        }
    }

    /// Whether there was one.
    pub fn delete(&self, id: &str) -> bool {
        let was_in_memory = self.memory().remove(id).is_some();
        let was_kept = self.directory.as_ref().is_some_and(|directory| kept::delete(directory, id));
        was_in_memory || was_kept
    }

    /// How many there were.
    pub fn delete_all(&self) -> usize {
        self.list().iter().filter(|entry| self.delete(&entry.id)).count()
    }

    fn memory(&self) -> MutexGuard<'_, HashMap<String, Thread>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
