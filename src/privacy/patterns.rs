//! Patterns of paths in git's syntax that a user wrote into a setting.

use std::path::Path;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

/// Whether file systems take `A` and `a` for the same name where nothing else is known.
pub(super) const FOLDS_CASE: bool = cfg!(any(target_os = "macos", windows));

/// Whether `folder` is found by its name in the other case, too: some file systems fold case on every system.
pub(super) fn folds_case(folder: &Path) -> bool {
    let Some(name) = folder.file_name().map(|name| name.to_string_lossy()) else { return FOLDS_CASE };
    let other: String = name
        .chars()
        .map(
            |letter| {
                if letter.is_ascii_uppercase() { letter.to_ascii_lowercase() } else { letter.to_ascii_uppercase() }
            },
        )
        .collect();
    let is_same = || {
        let (one, other) = (folder.canonicalize().ok()?, folder.with_file_name(&other).canonicalize().ok()?);
        Some(is_same_file(&one, &other))
    };
    FOLDS_CASE || other != name && is_same().unwrap_or(false)
}

#[cfg(unix)]
fn is_same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let number = |path: &Path| path.metadata().ok().map(|data| (data.dev(), data.ino()));
    number(one).is_some_and(|found| number(other) == Some(found))
}

#[cfg(not(unix))]
fn is_same_file(one: &Path, other: &Path) -> bool {
    one == other
}

/// What is added to it afterwards folds case where asked to.
pub(super) fn builder(folder: &Path, folds_case: bool) -> GitignoreBuilder {
    let mut builder = GitignoreBuilder::new(folder);
    let _ = builder.case_insensitive(folds_case);
    builder
}

pub(super) fn finish(builder: &GitignoreBuilder) -> Gitignore {
    builder.build().unwrap_or_else(|error| {
        tracing::warn!(%error, "ignore rules");
        Gitignore::empty()
    })
}

/// Patterns that are read from one folder, like those of a `.gitignore` in it.
#[derive(Debug)]
pub struct PathPatterns(Gitignore);

impl Default for PathPatterns {
    fn default() -> Self {
        Self(Gitignore::empty())
    }
}

impl PathPatterns {
    /// What cannot be read is left out: whoever reads settings has told of it.
    pub fn new(patterns: &[String]) -> Self {
        Self::build(patterns, FOLDS_CASE)
    }

    /// For paths in `folder`: names that its file system takes for the same are the same.
    pub fn within(folder: &Path, patterns: &[String]) -> Self {
        Self::build(patterns, folds_case(folder))
    }

    fn build(patterns: &[String], folds_case: bool) -> Self {
        let mut builder = builder(Path::new(""), folds_case);
        for pattern in patterns {
            if let Err(error) = builder.add_line(None, pattern) {
                tracing::debug!(%error, "a pattern of paths");
            }
        }
        Self(finish(&builder))
    }

    /// The pattern that names this file or a directory around it. `path` is relative to the folder, with `/`.
    ///
    /// As in git, what lies in a directory that is named cannot be taken back.
    pub fn naming(&self, path: &str) -> Option<&str> {
        let path = Path::new(path);
        let mut around: Vec<&Path> = path.ancestors().filter(|part| !part.as_os_str().is_empty()).collect();
        around.reverse();
        around.into_iter().find_map(|part| match self.0.matched(part, part != path) {
            Match::Ignore(glob) => Some(glob.original()),
            Match::Whitelist(_) | Match::None => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(patterns: &[&str], path: &str, expected: Option<&str>) {
        let patterns: Vec<String> = patterns.iter().map(ToString::to_string).collect();
        assert_eq!(PathPatterns::new(&patterns).naming(path), expected, "{patterns:?} on {path}");
    }

    #[test]
    fn names_are_matched_anywhere_and_paths_from_the_folder() {
        check(&["*.md"], "docs/deep/a.md", Some("*.md"));
        check(&["*.md"], "docs/a.mdx", None);
        check(&["/a.rs"], "a.rs", Some("/a.rs"));
        check(&["/a.rs"], "src/a.rs", None);
        check(&["src/*.rs"], "src/a.rs", Some("src/*.rs"));
        check(&["src/*.rs"], "src/deep/a.rs", None);
    }

    #[test]
    fn directories_count_for_what_is_in_them() {
        check(&["vendor/"], "vendor/x/a.rs", Some("vendor/"));
        check(&["vendor/"], "vendor", None);
        check(&["vendor/**"], "vendor/x/a.rs", Some("vendor/**"));
        check(&["a", "vendor"], "x/vendor/b.rs", Some("vendor"));
    }

    #[test]
    fn the_last_pattern_decides_and_an_exclamation_mark_takes_back() {
        check(&["*.md", "!NOTES.md"], "docs/NOTES.md", None);
        check(&["!NOTES.md", "*.md"], "docs/NOTES.md", Some("*.md"));
        check(&["vendor/*", "!vendor/ours/"], "vendor/ours/a.rs", None);
        check(&["vendor/*", "!vendor/ours/"], "vendor/theirs/a.rs", Some("vendor/*"));
        check(&["vendor/", "!vendor/ours/a.rs"], "vendor/ours/a.rs", Some("vendor/"));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_folder_that_is_found_in_the_other_case_folds_case() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("Repo");
        std::fs::create_dir(&folder).unwrap();
        let patterns = ["Secret/".to_owned()];
        assert_eq!(PathPatterns::within(&folder, &patterns).naming("secret/a"), None);
        // A link stands there for a file system that folds case.
        std::os::unix::fs::symlink(&folder, place.path().join("rEPO")).unwrap();
        assert_eq!(PathPatterns::within(&folder, &patterns).naming("secret/a"), Some("Secret/"));
    }

    #[test]
    fn comments_blank_lines_and_strange_paths_name_nothing() {
        check(&["", "# *.md", "{a"], "x.md", None);
        check(&["x"], "", None);
        check(&["x"], "../y/../z", None);
        check(&["*.ipynb*"], "notes.ipynb#C1", Some("*.ipynb*"));
    }
}
