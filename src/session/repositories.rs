//! The tokens of each folder's files for the lookup engine, kept in step with the folder's index.
//!
//! Which files count is the index's word: what it does not have never gets in here. Nothing is stored. The tokens are made
//! anew after a start, which takes a tenth of a second for each megabyte of source.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use crate::engine::lookup::{Change, Repository};
use crate::index::{File, Index, Omission};

/// How often the indexes are looked at.
const LOOK: Duration = Duration::from_secs(2);
/// An update is followed by a pause of this many times what it took: a tenth of a core at most.
const PAUSE: u32 = 9;
/// Bytes held for a byte of source, with the copy that an update makes: 2.9 to 4.6 (docs/benchmarks.md). Where a repository
/// turns out to need more, it gets fewer files.
const HELD_A_BYTE: f64 = 4.5;

/// The newest tokens of each index.
#[derive(Debug, Default)]
pub struct Repositories {
    kept: Mutex<Vec<Kept>>,
    news: Condvar,
}

#[derive(Debug)]
struct Kept {
    index: Weak<Index>,
    repository: Arc<Repository>,
}

impl Repositories {
    /// Starts the thread that keeps them; it ends with the last handle.
    pub fn start() -> Arc<Self> {
        let repositories = Arc::new(Self::default());
        let weak = Arc::downgrade(&repositories);
        let thread = std::thread::Builder::new().name("tandem-repository".to_owned()).spawn(move || keep(&weak));
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for the repository's tokens: lookup copies from open documents alone");
        }
        repositories
    }

    /// Keeps the tokens of these indexes from now on, and of no others.
    pub fn follow(&self, indexes: &[Arc<Index>]) {
        let kept = |index| Kept { index: Arc::downgrade(index), repository: Arc::default() };
        let before = std::mem::replace(&mut *self.kept(), indexes.iter().map(kept).collect());
        drop(before);
        self.news.notify_one();
    }

    /// The tokens of an index; None while there are none.
    pub fn of(&self, index: &Arc<Index>) -> Option<Arc<Repository>> {
        let kept = self.kept();
        let known = kept.iter().find(|kept| kept.index.as_ptr() == Arc::as_ptr(index))?;
        (known.repository.files() > 0).then(|| known.repository.clone())
    }

    fn kept(&self) -> MutexGuard<'_, Vec<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn keep(repositories: &Weak<Repositories>) {
    let mut keepers: Vec<Keeper> = Vec::new();
    while let Some(repositories) = repositories.upgrade() {
        let wanted: Vec<Weak<Index>> = repositories.kept().iter().map(|kept| kept.index.clone()).collect();
        keepers.retain(|keeper| wanted.iter().any(|index| index.ptr_eq(&keeper.index)));
        for index in wanted {
            if keepers.iter().all(|keeper| !index.ptr_eq(&keeper.index)) {
                keepers.push(Keeper::new(index));
            }
        }
        for keeper in &mut keepers {
            if let Some(next) = keeper.look() {
                let mut kept = repositories.kept();
                if let Some(kept) = kept.iter_mut().find(|kept| kept.index.ptr_eq(&keeper.index)) {
                    kept.repository = next;
                }
            }
        }
        drop(repositories.news.wait_timeout(repositories.kept(), LOOK));
    }
}

/// Brings the tokens of one index up to date.
#[derive(Debug)]
struct Keeper {
    index: Weak<Index>,
    repository: Arc<Repository>,
    /// The contents that were taken up, by path.
    known: FxHashMap<Arc<str>, [u8; 16]>,
    /// Open documents that had changed when they were last looked at, with what they had become. One in which somebody types
    /// is not taken up: lookup reads open documents themselves.
    restless: FxHashMap<Arc<str>, [u8; 16]>,
    /// The index's generation that is taken up.
    generation: Option<u64>,
    rests_until: Option<Instant>,
    /// Bytes held for a byte of source.
    held_a_byte: f64,
    /// There was a version before.
    is_known: bool,
}

impl Keeper {
    fn new(index: Weak<Index>) -> Self {
        Self {
            index,
            repository: Arc::default(),
            known: FxHashMap::default(),
            restless: FxHashMap::default(),
            generation: None,
            rests_until: None,
            held_a_byte: HELD_A_BYTE,
            is_known: false,
        }
    }

    /// The next version, if there is one.
    fn look(&mut self) -> Option<Arc<Repository>> {
        let started = Instant::now();
        let index = self.index.upgrade()?;
        // While files are still being read for the first time, each look would find a few more.
        let is_early = self.generation.is_none() && !index.progress().borrow().is_caught_up;
        if is_early || self.rests_until.is_some_and(|until| started < until) {
            return None;
        }
        let wanted = {
            let state = index.read();
            if self.generation == Some(state.generation()) && self.restless.is_empty() {
                return None;
            }
            self.generation = Some(state.generation());
            wanted(state.files().map(|(_, file)| file))
        };
        let limit = index.options().lookup_bytes;
        // Whoever closes the folder does not wait for this thread.
        drop(index);
        let mut fitting = fitting(&wanted, limit as f64 / self.held_a_byte);
        if !self.update(fitting) {
            return None;
        }
        let source: u64 = fitting.iter().map(|file| file.bytes).sum();
        let held = self.repository.bytes() + self.repository.tokens() * size_of::<u32>();
        if held as u64 > limit && source > 0 {
            self.held_a_byte = held as f64 / source as f64;
            fitting = self::fitting(&wanted, limit as f64 / self.held_a_byte);
            self.update(fitting);
        }
        let took = started.elapsed();
        self.rests_until = Some(started + took * (1 + PAUSE));
        let (files, tokens, bytes) = (self.repository.files(), self.repository.tokens(), self.repository.bytes());
        let (left_out, ms) = (wanted.len() - fitting.len(), took.as_millis() as u64);
        if std::mem::replace(&mut self.is_known, true) {
            tracing::debug!(files, tokens, bytes, left_out, ms, "lookup follows the repository");
        } else {
            tracing::info!(
                files,
                tokens,
                bytes,
                left_out,
                ms,
                "lookup knows the repository, up to index.lookupMemoryMb"
            );
        }
        Some(self.repository.clone())
    }

    /// Brings the tokens in line with these files. False where they are already.
    fn update(&mut self, wanted: &[Wanted]) -> bool {
        let changes = self.changes(wanted);
        if changes.is_empty() {
            return false;
        }
        let texts = changes.into_iter().map(|(path, is_there)| {
            let text = if is_there { self.index.upgrade().and_then(|index| index.text(&path)) } else { None };
            Change { path, text }
        });
        self.repository = Arc::new(self.repository.updated(texts));
        true
    }

    /// Paths that differ from what is known, in their order, and whether there is a file.
    fn changes(&mut self, wanted: &[Wanted]) -> Vec<(Arc<str>, bool)> {
        let mut known: FxHashMap<Arc<str>, [u8; 16]> = FxHashMap::default();
        let mut restless = FxHashMap::default();
        let mut changes = Vec::new();
        for file in wanted {
            let before = self.known.remove(&file.path);
            let is_typed_in = file.is_open && self.restless.get(&file.path) != Some(&file.hash);
            if before != Some(file.hash) && is_typed_in {
                restless.insert(file.path.clone(), file.hash);
                known.extend(before.map(|before| (file.path.clone(), before)));
                continue;
            }
            if before != Some(file.hash) {
                changes.push((file.path.clone(), true));
            }
            known.insert(file.path.clone(), file.hash);
        }
        changes.extend(std::mem::replace(&mut self.known, known).into_keys().map(|path| (path, false)));
        self.restless = restless;
        changes.sort_unstable();
        changes
    }
}

/// A file that counts.
#[derive(Clone, Debug, PartialEq)]
struct Wanted {
    path: Arc<str>,
    hash: [u8; 16],
    bytes: u64,
    is_open: bool,
}

/// The files of code that people wrote in this repository, the smallest first.
fn wanted<'f>(files: impl Iterator<Item = &'f File>) -> Vec<Wanted> {
    let is_whole = |omission: Option<Omission>| omission.is_none_or(|omission| omission == Omission::ParseTime);
    let mut wanted: Vec<Wanted> = files
        .filter(|file| {
            file.stamp.bytes > 0
                && file.language.is_some()
                && is_whole(file.omission)
                && !file.is_generated
                && !file.is_vendored
        })
        .map(|file| {
            let File { path, stamp, is_open, .. } = file;
            Wanted { path: path.clone(), hash: stamp.hash, bytes: stamp.bytes, is_open: *is_open }
        })
        .collect();
    wanted.sort_unstable_by(|a, b| (a.bytes, &a.path).cmp(&(b.bytes, &b.path)));
    wanted
}

/// As many as have `most` bytes together: that way most files are there, and what is missing is what is long.
fn fitting(wanted: &[Wanted], most: f64) -> &[Wanted] {
    let mut sum = 0;
    let fitting = wanted.iter().take_while(|file| {
        sum += file.bytes;
        sum as f64 <= most
    });
    wanted.get(..fitting.count()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::IndexSettings;
    use crate::index::IndexOptions;

    struct Workspace {
        directory: tempfile::TempDir,
        index: Arc<Index>,
        keeper: Keeper,
    }

    impl Workspace {
        fn new(files: &[(&str, &str)]) -> Self {
            Self::with_settings(files, &IndexSettings::default())
        }

        fn with_settings(files: &[(&str, &str)], settings: &IndexSettings) -> Self {
            let directory = tempfile::tempdir().unwrap();
            for (path, text) in files {
                write(&directory, path, text);
            }
            let index = Index::open(directory.path(), IndexOptions::new(settings, None));
            index.settle();
            let keeper = Keeper::new(Arc::downgrade(&index));
            Self { directory, index, keeper }
        }

        fn write(&self, path: &str, text: &str) {
            write(&self.directory, path, text);
            self.index.changed(vec![self.directory.path().join(path)]);
            self.index.settle();
        }

        /// An edit in the editor.
        fn edit(&self, path: &str, text: &str) {
            let language = crate::syntax::Language::detect("python", path, "");
            self.index.set_document(&self.directory.path().join(path), language, &ropey::Rope::from_str(text), None);
        }

        fn close(&self, path: &str) {
            self.index.close_document(&self.directory.path().join(path));
            self.index.settle();
        }

        /// Files and tokens after a look. None where there is no new version.
        fn look(&mut self) -> Option<(usize, usize)> {
            self.keeper.rests_until = None;
            let repository = self.keeper.look()?;
            Some((repository.files(), repository.tokens()))
        }
    }

    fn write(directory: &tempfile::TempDir, path: &str, text: &str) {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn follows_files_as_they_come_change_and_go() {
        let mut workspace = Workspace::new(&[("src/a.rs", "fn a() {}\n"), ("b.py", "x = 1\n")]);
        assert_eq!(workspace.look(), Some((2, 11)));
        assert_eq!(workspace.look(), None, "nothing changed");
        workspace.write("b.py", "x = 1\ny = 2\n");
        assert_eq!(workspace.look(), Some((2, 15)));
        workspace.write("src/c.rs", "use a;\n");
        assert_eq!(workspace.look(), Some((3, 19)));
        std::fs::remove_file(workspace.directory.path().join("src/a.rs")).unwrap();
        workspace.index.changed(vec![workspace.directory.path().join("src/a.rs")]);
        workspace.index.settle();
        assert_eq!(workspace.look(), Some((2, 12)));
    }

    #[test]
    fn what_the_index_does_not_have_or_nobody_wrote_stays_out() {
        let long_line = format!("x = \"{}\"\n", "QUJD".repeat(1 << 20));
        let mut workspace = Workspace::new(&[
            (".gitignore", "ignored.py\n"),
            ("ignored.py", "secret = 1\n"),
            (".env", "KEY=value\n"),
            ("id_rsa", "private\n"),
            ("vendor/lib.py", "y = 1\n"),
            ("made.py", "# @generated\nz = 1\n"),
            ("data.py", &long_line),
            ("binary.py", "a = 1\0\n"),
            ("notes.txt", "text without a language\n"),
            ("empty.py", ""),
            ("kept.py", "x = 1\n"),
        ]);
        assert_eq!(workspace.look(), Some((1, 4)));
    }

    #[test]
    fn the_editor_s_text_counts_once_nobody_types() {
        let mut workspace = Workspace::new(&[("a.py", "x = 1\n")]);
        workspace.look();
        workspace.edit("a.py", "x = 1\ny = 2\n");
        assert_eq!(workspace.look(), None, "it was just typed in");
        workspace.edit("a.py", "x = 1\ny = 2\nz = 3\n");
        assert_eq!(workspace.look(), None, "and once more");
        assert_eq!(workspace.look(), Some((1, 12)), "it was left alone for a while");
        workspace.close("a.py");
        assert_eq!(workspace.look(), Some((1, 4)), "the file on disk counts again");
    }

    #[test]
    fn beyond_its_memory_the_longest_files_are_left_out() {
        let long = "value = other\n".repeat(20_000);
        let files = [("long.py", long.as_str()), ("a.py", "x = 1\n"), ("b.py", "y = 1\n"), ("empty.py", "")];
        let settings = |lookup_memory_mb| IndexSettings { lookup_memory_mb, ..IndexSettings::default() };
        assert_eq!(Workspace::with_settings(&files, &settings(8)).look(), Some((3, 80_008)));
        assert_eq!(Workspace::with_settings(&files, &settings(1)).look(), Some((2, 8)));
        assert_eq!(Workspace::with_settings(&files, &settings(0)).look(), None, "0 switches it off");
    }

    #[test]
    fn a_repository_of_dense_files_gets_fewer_of_them() {
        let dense = "1,2,3,4,\n".repeat(5_000);
        let paths: Vec<String> = (0..40).map(|number| format!("{number}.py")).collect();
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), dense.as_str())).collect();
        let mut workspace =
            Workspace::with_settings(&files, &IndexSettings { lookup_memory_mb: 8, ..IndexSettings::default() });
        let (count, _) = workspace.look().unwrap();
        assert!((5..40).contains(&count), "{count}");
        assert!(workspace.keeper.repository.bytes() < 8 << 20, "{}", workspace.keeper.repository.bytes());
        assert_eq!(workspace.look(), None, "it stays so");
    }

    #[test]
    fn a_closed_folder_frees_its_tokens() {
        let repositories = Repositories::default();
        let workspace = Workspace::new(&[("a.py", "x = 1\n")]);
        repositories.follow(std::slice::from_ref(&workspace.index));
        let repository =
            Arc::new(Repository::default().updated([Change { path: "a.py".into(), text: Some("x = 1\n".to_owned()) }]));
        repositories.kept()[0].repository = repository.clone();
        assert!(repositories.of(&workspace.index).is_some());
        repositories.follow(&[]);
        assert!(repositories.of(&workspace.index).is_none());
        assert_eq!(Arc::strong_count(&repository), 1);
    }
}
