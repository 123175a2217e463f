//! The files of the repository, and Rust code without what is not code.

use std::path::Path;

/// A text file of the repository.
pub struct SourceFile {
    /// Relative to the repository, with `/`.
    pub path: String,
    pub text: String,
    /// For Rust: the text with comments and literals blanked out. Otherwise empty.
    pub code: String,
}

impl SourceFile {
    pub fn new(path: &str, text: &str) -> Self {
        let code = if path.ends_with(".rs") { blank_comments_and_literals(text) } else { String::new() };
        Self { path: path.to_owned(), text: text.to_owned(), code }
    }

    /// Identifiers and single punctuation characters, in order.
    pub fn tokens(&self) -> Vec<&str> {
        let mut tokens = Vec::new();
        let mut rest = self.code.as_str();
        while let Some(first) = rest.chars().next() {
            let is_word = |character: char| character.is_alphanumeric() || character == '_';
            let end = if is_word(first) {
                rest.find(|character| !is_word(character)).unwrap_or(rest.len())
            } else {
                first.len_utf8()
            };
            let (token, after) = rest.split_at(end);
            if !first.is_whitespace() {
                tokens.push(token);
            }
            rest = after;
        }
        tokens
    }

    /// For a file in `src/`: its top-level module, and how deep it lies (`src/a.rs` is 1).
    pub fn module(&self) -> Option<(&str, usize)> {
        let inside = self.path.strip_prefix("src/")?.strip_suffix(".rs")?;
        let depth = inside.split('/').count();
        Some((inside.split('/').next()?, depth))
    }
}

/// All text files that are not ignored by git.
pub fn all_files() -> Vec<SourceFile> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let walk = ignore::WalkBuilder::new(root)
        .hidden(false)
        .require_git(false)
        .filter_entry(|entry| entry.file_name() != ".git" && entry.file_name() != "target")
        .build();
    let files: Vec<SourceFile> = walk
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|kind| kind.is_file()))
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(root).ok()?.to_string_lossy().replace('\\', "/");
            Some(SourceFile::new(&path, &std::fs::read_to_string(entry.path()).ok()?))
        })
        .collect();
    assert!(files.iter().any(|file| file.path == "src/lib.rs"), "the walk does not see the sources");
    files
}

/// Replaces comments, strings and character literals by spaces; lines stay where they are.
fn blank_comments_and_literals(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = bytes.to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let rest = &bytes[at..];
        let after_word = at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
        let length = match rest {
            [b'/', b'/', ..] => rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len()),
            [b'/', b'*', ..] => block_comment(rest),
            [b'"', ..] => string(rest, 0),
            [b'b' | b'c', b'"', ..] if !after_word => string(rest, 1),
            [b'r', b'"' | b'#', ..] if !after_word => raw_string(rest, 1),
            [b'b' | b'c', b'r', b'"' | b'#', ..] if !after_word => raw_string(rest, 2),
            [b'\'', ..] => character(rest),
            _ => 0,
        };
        for byte in &mut out[at..at + length] {
            if *byte != b'\n' {
                *byte = b' ';
            }
        }
        at += length.max(1);
    }
    String::from_utf8_lossy(&out).into_owned()
}

fn block_comment(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        match &rest[at..] {
            [b'/', b'*', ..] => (depth, at) = (depth + 1, at + 2),
            [b'*', b'/', ..] => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    rest.len()
}

fn string(rest: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// A raw identifier (`r#type`) has no quote after its hash and is left alone.
fn raw_string(rest: &[u8], start: usize) -> usize {
    let hashes = rest[start..].iter().take_while(|byte| **byte == b'#').count();
    if rest.get(start + hashes) != Some(&b'"') {
        return 0;
    }
    let end = [b"\"".as_slice(), &vec![b'#'; hashes]].concat();
    let body = start + hashes + 1;
    rest[body..].windows(end.len()).position(|window| window == end).map_or(rest.len(), |at| body + at + end.len())
}

/// `'a'` and `'\n'` are literals; of a lifetime only the quote goes.
fn character(rest: &[u8]) -> usize {
    match rest {
        [_, b'\\', ..] => rest.iter().skip(3).position(|byte| *byte == b'\'').map_or(1, |at| at + 4),
        _ => {
            let text = String::from_utf8_lossy(&rest[1..rest.len().min(6)]).into_owned();
            let mut characters = text.char_indices();
            match (characters.next(), characters.next()) {
                (Some(_), Some((end, '\''))) => end + 2,
                _ => 1,
            }
        }
    }
}

#[test]
fn only_code_is_left() {
    let code = |text: &str| {
        let file = SourceFile::new("a.rs", text);
        file.tokens().join(" ")
    };
    assert_eq!(code("a // b\nc /* d /* e */ f */ g"), "a c g");
    assert_eq!(code(r##"a "b \" c" d r#"e " f"# g b"h" 'i' '\'' '\u{1F600}' j"##), "a d g j");
    assert_eq!(code("fn f<'a>(x: &'a str) -> r#type {}"), "fn f < a > ( x : & a str ) - > r # type { }");
    assert_eq!(code("let x = 'é'; y"), "let x = ; y");
}
