//! Patterns of paths in git's syntax that a user wrote into a setting.

use std::path::Path;

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::ignore_rules::finish;

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
        let mut builder = GitignoreBuilder::new("");
        for pattern in patterns {
            if let Err(error) = builder.add_line(None, pattern) {
                tracing::debug!(%error, "a pattern of paths");
            }
        }
        Self(finish(builder))
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

    #[test]
    fn comments_blank_lines_and_strange_paths_name_nothing() {
        check(&["", "# *.md", "{a"], "x.md", None);
        check(&["x"], "", None);
        check(&["x"], "../y/../z", None);
        check(&["*.ipynb*"], "notes.ipynb#C1", Some("*.ipynb*"));
    }
}
