//! Which files count, and random cursors in their code lines. The same seed gives the same cursors.

use std::path::{Path, PathBuf};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Language {
    Rust,
    Python,
    TypeScript,
    Go,
    Java,
}

pub const LANGUAGES: [Language; 5] =
    [Language::Rust, Language::Python, Language::TypeScript, Language::Go, Language::Java];

/// Where in a line a cursor stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    /// Anywhere behind the indentation of a line of code, inside words too.
    Any,
    /// Where a token starts, the first of the line included, in any line that is not blank.
    TokenStart,
}

pub struct File {
    pub repository: usize,
    pub language: Language,
    pub path: PathBuf,
    pub text: String,
}

/// A place to continue at. `prefix` ends at the cursor; `truth` is what stood there up to the end of the line.
pub struct Cursor {
    pub file: usize,
    pub language: Language,
    pub prefix: String,
    pub truth: String,
    pub suffix: String,
    /// The character before the cursor and the one after it belong to one word.
    pub mid_word: bool,
}

/// Folders whose files somebody else wrote or a program made.
const SKIPPED_FOLDERS: [&str; 12] = [
    ".git",
    "vendor",
    "_vendor",
    "node_modules",
    "third_party",
    "dist",
    "build",
    "target",
    "testdata",
    "fixtures",
    "generated",
    "gen",
];

pub fn collect(repositories: &[PathBuf]) -> Vec<File> {
    let mut files = Vec::new();
    for (repository, folder) in repositories.iter().enumerate() {
        let mut paths = Vec::new();
        walk(folder, &mut paths);
        paths.sort();
        for path in paths {
            let Some(language) = language(&path) else { continue };
            let Ok(text) = std::fs::read_to_string(&path) else { continue };
            let lines = text.lines().count();
            if (50..=5000).contains(&lines) && !is_generated(&text) {
                files.push(File { repository, language, path, text });
            }
        }
    }
    files
}

pub fn walk(folder: &Path, paths: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let name = entry.file_name();
        if kind.is_dir() && !SKIPPED_FOLDERS.iter().any(|skipped| name == *skipped) {
            walk(&entry.path(), paths);
        } else if kind.is_file() {
            paths.push(entry.path());
        }
    }
}

pub fn language(path: &Path) -> Option<Language> {
    let name = path.file_name()?.to_str()?;
    match path.extension()?.to_str()? {
        "rs" => Some(Language::Rust),
        "py" => Some(Language::Python),
        "java" => Some(Language::Java),
        "ts" | "tsx" | "js" | "jsx" | "mjs" if !name.ends_with(".d.ts") => Some(Language::TypeScript),
        "go" if !name.ends_with(".pb.go") => Some(Language::Go),
        _ => None,
    }
}

fn is_generated(text: &str) -> bool {
    let head: Vec<&str> = text.lines().take(10).collect();
    head.iter().any(|line| {
        ["@generated", "DO NOT EDIT", "Code generated", "automatically generated"]
            .iter()
            .any(|mark| line.contains(mark))
    }) || text.lines().any(|line| line.len() > 1000)
        || text.len() > 100 * text.lines().count()
}

/// `count` cursors a language: the repositories in turn, a file of it, a line of the file, a column after the line's
/// indentation and before its end, each uniformly.
pub fn cursors(files: &[File], column: Column, count: usize, seed: u64) -> Vec<Cursor> {
    let mut random = Random(seed);
    let mut cursors = Vec::new();
    for language in LANGUAGES {
        let mut by_repository: Vec<Vec<usize>> = Vec::new();
        for (index, file) in files.iter().enumerate().filter(|(_, file)| file.language == language) {
            by_repository.resize(by_repository.len().max(file.repository + 1), Vec::new());
            by_repository[file.repository].push(index);
        }
        // A repository with a handful of helper scripts is not one of that language.
        by_repository.retain(|files| files.len() >= 10);
        if by_repository.is_empty() {
            continue;
        }
        for turn in 0..count {
            let choice = &by_repository[turn % by_repository.len()];
            let file = choice[random.below(choice.len())];
            if let Some(cursor) = cursor(file, &files[file], column, &mut random) {
                cursors.push(cursor);
            }
        }
    }
    cursors
}

fn cursor(index: usize, file: &File, kind: Column, random: &mut Random) -> Option<Cursor> {
    let mut lines = Vec::new();
    let mut start = 0;
    for line in file.text.split_inclusive('\n') {
        let content = line.trim_end();
        let code = content.trim_start();
        if !code.is_empty() && (kind == Column::TokenStart || !is_comment(code)) {
            lines.push((start, content));
        }
        start += line.len();
    }
    if lines.is_empty() {
        return None;
    }
    let (start, line) = lines[random.below(lines.len())];
    let indentation = line.len() - line.trim_start().len();
    let column = match kind {
        Column::Any => {
            let column = indentation + random.below(line.len() - indentation);
            (0..=column).rev().find(|column| line.is_char_boundary(*column)).unwrap_or(indentation)
        }
        Column::TokenStart => {
            let starts = token_starts(line);
            starts[random.below(starts.len())]
        }
    };
    let (left, truth) = line.split_at(column);
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    Some(Cursor {
        file: index,
        language: file.language,
        prefix: file.text[..start + column].to_owned(),
        truth: truth.to_owned(),
        suffix: file.text[start + line.len()..].to_owned(),
        mid_word: left.ends_with(is_word) && truth.starts_with(is_word),
    })
}

/// Whether a line is a comment, judged by what it begins with.
pub fn is_comment(code: &str) -> bool {
    ["//", "#", "*", "/*"].iter().any(|comment| code.starts_with(comment)) && !code.starts_with("#[")
}

/// Where a word, a number or a mark starts.
fn token_starts(line: &str) -> Vec<usize> {
    let mut before = ' ';
    let mut starts = Vec::new();
    for (at, character) in line.char_indices() {
        let is_inside = |c: char| c.is_alphanumeric() || c == '_';
        let continues = is_inside(before) && is_inside(character);
        if !continues && !character.is_whitespace() {
            starts.push(at);
        }
        before = character;
    }
    starts
}

/// splitmix64: enough for choosing cursors, and the same everywhere.
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
