//! Cursors in this repository's own sources.

use std::path::Path;

/// A cursor in a file.
pub struct Cursor {
    pub text: String,
    pub offset: usize,
}

impl Cursor {
    /// What is typed at the cursor.
    pub fn rest_of_line(&self) -> &str {
        self.text[self.offset..].lines().next().unwrap_or("")
    }
}

/// Every Rust file below `src`, in the order of its path.
pub fn sources() -> Vec<String> {
    fn walk(directory: &Path, out: &mut Vec<(String, String)>) {
        for entry in std::fs::read_dir(directory).expect("the sources").flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, out);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                out.push((path.display().to_string(), std::fs::read_to_string(&path).expect("a source file")));
            }
        }
    }
    let mut files = Vec::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut files);
    files.sort();
    files.into_iter().map(|(_, text)| text).collect()
}

/// `count` cursors at reproducible random places with something left of the line.
pub fn cursors(count: usize) -> Vec<Cursor> {
    let files: Vec<String> = sources().into_iter().filter(|text| text.len() > 1500).collect();
    let mut random: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random as usize
    };
    let mut cursors = Vec::new();
    while cursors.len() < count {
        let text = &files[next() % files.len()];
        let offset = next() % text.len();
        if text.is_char_boundary(offset) && !text[offset..].lines().next().unwrap_or("").trim().is_empty() {
            cursors.push(Cursor { text: text.clone(), offset });
        }
    }
    cursors
}
