//! Which files count, and random holes in them. The same seed gives the same holes.

use std::path::{Path, PathBuf};

use tandem::syntax::Language;

pub struct File {
    pub language: &'static Language,
    pub path: PathBuf,
    pub text: String,
}

/// A text with a hole where the cursor is.
pub struct Hole {
    pub before: String,
    /// What stood in the hole, and a little of what follows it.
    pub truth: String,
    pub after: String,
}

/// Folders whose files somebody else wrote or a program made.
const SKIPPED: [&str; 9] =
    [".git", "vendor", "node_modules", "third_party", "dist", "build", "target", "generated", "testdata"];
/// A language with fewer files than this is left out: a handful of scripts says nothing.
const LEAST_FILES: usize = 5;

pub fn collect(directories: &[PathBuf]) -> Vec<Vec<File>> {
    let mut paths = Vec::new();
    for directory in directories {
        walk(directory, &mut paths);
    }
    paths.sort();
    let mut by_language: Vec<Vec<File>> = Vec::new();
    for path in paths {
        let Some(language) = Language::detect("", &path.to_string_lossy(), "").filter(|found| !found.is_outline())
        else {
            continue;
        };
        let Ok(text) = std::fs::read_to_string(&path) else { continue };
        let is_written = text.lines().all(|line| line.len() < 500) && (10..=5_000).contains(&text.lines().count());
        if !is_written {
            continue;
        }
        let file = File { language: language.of_content(&path.to_string_lossy(), text.as_bytes()), path, text };
        match by_language.iter_mut().find(|files| files[0].language == file.language) {
            Some(files) => files.push(file),
            None => by_language.push(vec![file]),
        }
    }
    by_language.retain(|files| files.len() >= LEAST_FILES);
    by_language.sort_by(|a, b| a[0].language.name.cmp(&b[0].language.name));
    by_language
}

fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let name = entry.file_name();
        if kind.is_dir() && !SKIPPED.iter().any(|skipped| name == *skipped) {
            walk(&entry.path(), paths);
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
}

/// One of: whole lines are missing; the rest of a line is; what stands between a bracket and its end is; nothing is, and
/// the text after the cursor is what comes next.
pub fn hole(text: &str, random: &mut Random) -> Option<Hole> {
    let starts: Vec<usize> = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
    let line = random.below(starts.len());
    let start = starts[line];
    let end = text[start..].find('\n').map_or(text.len(), |length| start + length);
    let content = &text[start..end];
    if content.trim().is_empty() {
        return None;
    }
    let indentation = content.len() - content.trim_start().len();
    let (from, to) = match random.below(4) {
        0 => {
            let last = (line + 1 + random.below(10)).min(starts.len());
            (start + indentation, starts.get(last).map_or(text.len(), |next| next - 1))
        }
        1 => (start + indentation + random.below(content.len() - indentation), end),
        2 => {
            let open = content.find(['(', '[', '{'])?;
            let close = content.rfind([')', ']', '}']).filter(|close| *close > open)?;
            (start + open + 1, start + close)
        }
        _ => {
            let at = start + indentation + random.below(content.len() - indentation);
            (at, at)
        }
    };
    let floor = |mut byte: usize| {
        while !text.is_char_boundary(byte) {
            byte -= 1;
        }
        byte
    };
    let (from, to) = (floor(from), floor(to.max(from)));
    let further = floor((to + 300).min(text.len()));
    Some(Hole { before: text[..from].to_owned(), truth: text[from..further].to_owned(), after: text[to..].to_owned() })
}

/// splitmix64: enough for choosing, and the same everywhere.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % limit.max(1) as u64) as usize
    }
}
