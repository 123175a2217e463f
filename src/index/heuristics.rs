//! What a file is, judged by its name and its first bytes: worth parsing, worth searching, or neither.

use memchr::{memchr, memchr_iter, memmem};

/// Why a file's content is not in the index, or only in part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Omission {
    /// Has a NUL byte.
    Binary,
    /// Longer than `index.maxFileBytes`.
    TooLarge,
    /// Lines that nobody wrote: minified code, embedded data.
    Minified,
    /// A lock file or the like: long, and nobody looks for what stands in it.
    Lock,
    /// Could not be read: permissions, or gone in the meantime.
    Unreadable,
    /// The words are there; parsing took longer than `index.maxParseMs`.
    ParseTime,
    /// `index.maxMemoryMb` or `index.maxFiles` is used up.
    Memory,
}

impl Omission {
    /// What a person reads.
    pub fn describe(self) -> &'static str {
        match self {
            Self::Binary => "binary",
            Self::TooLarge => "larger than index.maxFileBytes",
            Self::Minified => "minified or data in long lines",
            Self::Lock => "lock files",
            Self::Unreadable => "not readable",
            Self::ParseTime => "words only: parsing takes longer than index.maxParseMs",
            Self::Memory => "no room: index.maxMemoryMb or index.maxFiles is reached",
        }
    }
}

/// Bytes at the beginning of a file that are looked at.
const HEAD: usize = 8 * 1024;
/// Bytes in which a generator says so.
const NOTICE: usize = 2 * 1024;
/// Mean length of the lines of code that people write is 30 to 40 bytes; Tabby's limit is 150 (reference: its file filter).
const MAX_MEAN_LINE: usize = 150;
/// A line this long in a file of long lines is no longer a sentence or a table.
const LONG_LINE: usize = 1_000;

const LOCK_FILES: &[&str] = &[
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "Cargo.lock",
    "poetry.lock",
    "uv.lock",
    "Pipfile.lock",
    "composer.lock",
    "Gemfile.lock",
    "go.sum",
    "mix.lock",
    "flake.lock",
    "packages.lock.json",
    "Podfile.lock",
    "pubspec.lock",
];

/// Code of others that lies in the repository: it is found, but ranks behind the repository's own.
const VENDOR_DIRECTORIES: &[&str] =
    &["vendor", "vendored", "third_party", "third-party", "thirdparty", "3rdparty", "externals", "Godeps"];

/// Directories whose files show or test the others.
const ASIDE_DIRECTORIES: &[&str] = &[
    "test",
    "tests",
    "__tests__",
    "spec",
    "specs",
    "testdata",
    "test_data",
    "fixtures",
    "examples",
    "example",
    "bench",
    "benches",
    "benchmarks",
    "docs",
    "doc",
];

/// Directories that hold what can be made again. They are usually ignored by the repository itself.
const MADE_DIRECTORIES: &[&str] = &[
    "node_modules",
    "bower_components",
    "__pycache__",
    ".venv",
    ".tox",
    ".nox",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    ".gradle",
    ".terraform",
    ".next",
    ".nuxt",
    ".svelte-kit",
    ".cache",
    "DerivedData",
];

pub fn is_lock_file(name: &str) -> bool {
    LOCK_FILES.contains(&name)
}

/// A test, an example, a benchmark or a part of the documentation, by the path inside the workspace.
pub fn is_aside(path: &str) -> bool {
    let (directory, name) = path.rsplit_once('/').unwrap_or(("", path));
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let marks = ["test_", "_test", ".test", ".spec", "_spec"];
    directory.split('/').any(|part| ASIDE_DIRECTORIES.contains(&part))
        || marks.iter().any(|mark| if mark.ends_with('_') { stem.starts_with(mark) } else { stem.ends_with(mark) })
        || matches!(stem, "test" | "tests")
}

/// By the path inside the workspace.
pub fn is_vendored(path: &str) -> bool {
    path.split('/').rev().skip(1).any(|directory| VENDOR_DIRECTORIES.contains(&directory))
}

/// Whether a directory of this name is not entered at all.
pub fn is_made_directory(name: &str) -> bool {
    MADE_DIRECTORIES.contains(&name)
}

/// Why the content is of no use; None for text that people wrote.
pub fn omission_of(content: &[u8]) -> Option<Omission> {
    let head = &content[..content.len().min(HEAD)];
    if memchr(0, head).is_some() {
        return Some(Omission::Binary);
    }
    // A short file is no burden, whatever it holds.
    if content.len() < 4 * LONG_LINE {
        return None;
    }
    let lines = memchr_iter(b'\n', content).count() + 1;
    if content.len() / lines <= MAX_MEAN_LINE {
        return None;
    }
    // Prose has long lines too, a paragraph each; what is minified has lines that no paragraph reaches, or hardly a space.
    let longest = content.split(|byte| *byte == b'\n').map(<[u8]>::len).max().unwrap_or(0);
    let blanks = head.iter().filter(|byte| byte.is_ascii_whitespace()).count();
    (longest > LONG_LINE * 5 || (longest > LONG_LINE && blanks * 10 < head.len())).then_some(Omission::Minified)
}

/// Whether a generator says at the top that it wrote this.
pub fn is_generated(content: &[u8]) -> bool {
    let head = &content[..content.len().min(NOTICE)];
    let says = |notice: &str| memmem::find(head, notice.as_bytes()).is_some();
    ["@generated", "DO NOT EDIT", "Do not edit this file", "Code generated by", "AUTO-GENERATED", "Autogenerated by"]
        .into_iter()
        .any(says)
        || says("utomatically generated")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_wrote_is_kept() {
        assert_eq!(omission_of(b""), None);
        assert_eq!(omission_of("fn main() {}\n".repeat(2000).as_bytes()), None);
        let paragraph = "A sentence of a paragraph that is one line. ".repeat(30);
        assert_eq!(omission_of(format!("{paragraph}\n\n").repeat(20).as_bytes()), None);
    }

    #[test]
    fn what_nobody_wrote_is_left_out() {
        assert_eq!(omission_of(b"\x7fELF\0\0"), Some(Omission::Binary));
        assert_eq!(omission_of("var a=1;b(a,2);".repeat(1000).as_bytes()), Some(Omission::Minified));
        let data = format!("const x = \"{}\";\n", "QUJD".repeat(3000));
        assert_eq!(omission_of(data.as_bytes()), Some(Omission::Minified));
        assert!(is_generated(b"// Code generated by protoc-gen-go. DO NOT EDIT.\npackage a"));
        assert!(is_generated(b"/* This file was automatically generated */"));
        assert!(!is_generated(b"// generates code\n"));
        assert!(is_lock_file("Cargo.lock") && !is_lock_file("lock.rs"));
        assert!(is_vendored("a/vendor/b.go") && !is_vendored("src/vendor") && !is_vendored("src/vendors/a.go"));
    }
}
