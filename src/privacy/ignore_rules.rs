//! The union of all ignore files: what one of them denies stays denied, whatever another one allows.
//!
//! Each kind of file follows git's rules by itself: a directory's file stands above those of the directories around it,
//! and `!` takes back what the same kind denied. Between kinds there is no taking back. What is in a denied directory is
//! denied.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use ignore::Match;
use ignore::gitignore::Gitignore;

use super::patterns::{builder, finish, folds_case};
use crate::config::read_beginning;

/// Files with git's syntax that some tool takes as "do not read this" (reference: cloud.md, E). `.git/info/exclude` and
/// git's global file count as `.gitignore`.
pub const IGNORE_FILES: &[&str] = &[
    ".gitignore",
    ".ignore",
    ".tandemignore",
    ".aiignore",
    ".aiexclude",
    ".noai",
    ".copilotignore",
    ".cursorignore",
    ".cursorindexingignore",
    ".codeiumignore",
    ".geminiignore",
    ".clineignore",
    ".rooignore",
    ".continueignore",
    ".aiderignore",
    ".augmentignore",
    ".tabnineignore",
];

/// Denied everywhere, in git's syntax: version control's own files, and what holds keys by its name.
const BUILT_IN: &[&str] = &[
    ".git",
    ".hg",
    ".svn",
    ".jj",
    ".env",
    ".env.*",
    ".envrc",
    "*.pem",
    "*.key",
    "*.p12",
    "*.pfx",
    "*.jks",
    "*.keystore",
    "*.kdbx",
    "*.tfstate",
    "*.tfstate.*",
    "id_rsa*",
    "id_dsa*",
    "id_ecdsa*",
    "id_ed25519*",
    ".npmrc",
    ".netrc",
    ".pypirc",
    ".pgpass",
    ".htpasswd",
    ".git-credentials",
    ".aws/",
    ".ssh/",
    ".gnupg/",
    ".docker/config.json",
    ".kube/config",
];

/// An ignore file above this size is no list that a person keeps; what it denies is denied as far as it was read.
const MAX_IGNORE_FILE: u64 = 1 << 20;

/// The rules of one workspace. Files of rules are read once a directory; after one changed, make new rules.
#[derive(Debug)]
pub struct IgnoreRules {
    root: PathBuf,
    folds_case: bool,
    /// Of the whole workspace: built in, the user's patterns, git's global ones.
    everywhere: Vec<Gitignore>,
    directories: Mutex<HashMap<PathBuf, Arc<DirectoryRules>>>,
}

/// The rules that stand in one directory, and those around it.
#[derive(Debug, Default)]
struct DirectoryRules {
    /// Index into `IGNORE_FILES`, and the matcher.
    own: Vec<(usize, Gitignore)>,
    outer: Option<Arc<DirectoryRules>>,
    /// The directory itself is denied, and so is everything in it.
    is_denied: bool,
}

/// The rules for what lies directly in one directory.
#[derive(Debug)]
pub struct RulesWithin<'a> {
    rules: &'a IgnoreRules,
    own: Arc<DirectoryRules>,
}

impl RulesWithin<'_> {
    /// `path` is an entry of the directory.
    pub fn denies(&self, path: &Path, is_directory: bool) -> bool {
        self.own.is_denied || self.rules.denied_by(&self.own, path, is_directory)
    }
}

impl IgnoreRules {
    /// `patterns` are the user's, in git's syntax, from the workspace's root.
    pub fn new(root: &Path, patterns: &[String]) -> Self {
        let folds_case = folds_case(root);
        let build = |lines: &mut dyn Iterator<Item = &str>| {
            let mut builder = builder(root, folds_case);
            for line in lines {
                if let Err(error) = builder.add_line(None, line) {
                    tracing::warn!(%error, "a pattern of files to leave out");
                }
            }
            finish(&builder)
        };
        // A user's pattern cannot take back what is built in: each list decides for itself.
        let built_in = build(&mut BUILT_IN.iter().copied());
        let own = build(&mut patterns.iter().map(String::as_str));
        let (global, _) = Gitignore::global();
        let everywhere = vec![built_in, own, global];
        Self { root: root.to_owned(), folds_case, everywhere, directories: Mutex::default() }
    }

    /// Whether `path`, which lies in the workspace, is denied by its own name, by a directory around it, or because it
    /// is not in the workspace at all.
    pub fn denies(&self, path: &Path, is_directory: bool) -> bool {
        let Some(parent) = path.parent().filter(|_| path.starts_with(&self.root)) else { return true };
        if path == self.root {
            return false;
        }
        self.within(parent).denies(path, is_directory)
    }

    /// For many questions about what lies directly in one directory of the workspace.
    pub fn within(&self, directory: &Path) -> RulesWithin<'_> {
        RulesWithin { rules: self, own: self.rules_of(directory) }
    }

    /// The rules that hold in `directory`, read at the first question.
    fn rules_of(&self, directory: &Path) -> Arc<DirectoryRules> {
        if let Some(rules) = self.lock().get(directory) {
            return rules.clone();
        }
        let outer = match directory.parent() {
            Some(parent) if directory != self.root && directory.starts_with(&self.root) => Some(self.rules_of(parent)),
            _ => None,
        };
        let is_denied = outer.as_ref().is_some_and(|outer| outer.is_denied || self.denied_by(outer, directory, true));
        // What is denied is not even looked into.
        let own = if is_denied { Vec::new() } else { self.read(directory) };
        let rules = Arc::new(DirectoryRules { own, outer, is_denied });
        self.lock().insert(directory.to_owned(), rules.clone());
        rules
    }

    fn denied_by(&self, rules: &DirectoryRules, path: &Path, is_directory: bool) -> bool {
        if self.everywhere.iter().any(|matcher| matcher.matched(path, is_directory).is_ignore()) {
            return true;
        }
        // A kind is decided by the innermost file of it that says something.
        let mut decided = 0_u32;
        let mut next = Some(rules);
        while let Some(rules) = next {
            for (kind, matcher) in &rules.own {
                let bit = 1 << kind;
                if decided & bit == 0 {
                    match matcher.matched(path, is_directory) {
                        Match::Ignore(_) => return true,
                        Match::Whitelist(_) => decided |= bit,
                        Match::None => {}
                    }
                }
            }
            next = rules.outer.as_deref();
        }
        false
    }

    fn read(&self, directory: &Path) -> Vec<(usize, Gitignore)> {
        // One listing costs less than asking for each name.
        let Ok(entries) = std::fs::read_dir(directory) else { return Vec::new() };
        let mut kinds: Vec<usize> = Vec::new();
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name.as_encoded_bytes().first() == Some(&b'.') {
                kinds.extend(IGNORE_FILES.iter().position(|file| name == **file));
            }
        }
        kinds.sort_unstable();
        let mut own = Vec::new();
        if directory == self.root
            && let Ok(bytes) = read_beginning(&directory.join(".git/info/exclude"), MAX_IGNORE_FILE)
        {
            let text = String::from_utf8_lossy(&bytes);
            own.push((0, self.matcher(directory, &text)));
        }
        for kind in kinds {
            let file = directory.join(IGNORE_FILES[kind]);
            match read_beginning(&file, MAX_IGNORE_FILE) {
                Ok(bytes) => {
                    let text = String::from_utf8_lossy(&bytes);
                    let is_empty = text.lines().all(|line| line.trim().is_empty());
                    // Gemini's: an empty `.aiexclude` denies its whole directory.
                    let text = if is_empty && IGNORE_FILES[kind] == ".aiexclude" { "*".into() } else { text };
                    own.push((kind, self.matcher(directory, &text)));
                }
                // Rules that cannot be read cannot be kept; a directory of that name holds none.
                Err(_) if file.is_dir() => {}
                Err(error) => {
                    tracing::warn!(file = %file.display(), %error, "an ignore file cannot be read: its directory is left out");
                    own.push((kind, self.matcher(directory, "*")));
                }
            }
        }
        own
    }

    fn matcher(&self, directory: &Path, text: &str) -> Gitignore {
        let mut builder = builder(directory, self.folds_case);
        for line in text.lines() {
            if let Err(error) = builder.add_line(None, line) {
                tracing::debug!(directory = %directory.display(), %error, "a line of an ignore file");
            }
        }
        finish(&builder)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<PathBuf, Arc<DirectoryRules>>> {
        self.directories.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(files: &[(&str, &str)]) -> tempfile::TempDir {
        let directory = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = directory.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        directory
    }

    fn denied(files: &[(&str, &str)], questions: &[&str]) -> Vec<bool> {
        let directory = workspace(files);
        let rules = IgnoreRules::new(directory.path(), &["private/".to_owned(), "!.env".to_owned()]);
        questions.iter().map(|path| rules.denies(&directory.path().join(path), false)).collect()
    }

    #[test]
    fn every_tools_file_denies() {
        for name in IGNORE_FILES {
            assert_eq!(
                denied(&[(name, "secret.rs\n")], &["secret.rs", "a/secret.rs", "open.rs"]),
                [true, true, false],
                "{name}"
            );
        }
    }

    #[test]
    fn no_kind_takes_back_what_another_denied() {
        let files = [(".gitignore", "*.log\n"), (".cursorignore", "!*.log\n"), ("a/.aiignore", "!x.log\n")];
        assert_eq!(denied(&files, &["x.log", "a/x.log"]), [true, true]);
    }

    #[test]
    fn a_kind_takes_back_its_own() {
        let files = [(".gitignore", "*.log\n"), ("a/.gitignore", "!x.log\n")];
        assert_eq!(denied(&files, &["x.log", "a/x.log", "a/y.log"]), [true, false, true]);
    }

    #[test]
    fn what_is_in_a_denied_directory_is_denied() {
        let files = [(".gitignore", "build/\n"), ("build/.gitignore", "!*\n"), ("build/a/b.rs", "")];
        assert_eq!(denied(&files, &["build/a/b.rs", "build/c"]), [true, true]);
    }

    #[test]
    fn the_users_patterns_and_the_built_in_ones_hold() {
        let questions =
            ["private/a", "a/.env", ".env.local", "server.pem", ".ssh/config", ".git/config", "env.rs", "key.rs"];
        assert_eq!(denied(&[], &questions), [true, true, true, true, true, true, false, false]);
    }

    #[test]
    fn an_empty_aiexclude_denies_its_directory() {
        assert_eq!(
            denied(&[("a/.aiexclude", "\n"), (".aiexclude", "x\n")], &["a/b/c.rs", "d.rs", "x"]),
            [true, false, true]
        );
    }

    #[test]
    fn what_lies_elsewhere_is_denied() {
        assert_eq!(denied(&[], &["/etc/passwd"]), [true]);
    }

    #[cfg(unix)]
    #[test]
    fn rules_that_cannot_be_read_deny_everything() {
        let directory = workspace(&[("a/b.rs", ""), ("c.rs", "")]);
        // A link to nowhere stands there for a file without permission, which root would read.
        std::os::unix::fs::symlink("nowhere", directory.path().join("a/.gitignore")).unwrap();
        let rules = IgnoreRules::new(directory.path(), &[]);
        assert!(rules.denies(&directory.path().join("a/b.rs"), false));
        assert!(!rules.denies(&directory.path().join("c.rs"), false));
    }
}
