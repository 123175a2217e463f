//! Texts of files by row, each read once for a pack.

use std::collections::HashMap;
use std::ops::Range;
use std::rc::Rc;

use super::super::Workspace;

/// A longer row is cut, in characters: it is data or was written by a program.
const LONGEST_ROW: usize = 1000;

/// What may stand between two values. A row is cut at one of these: half of a secret is none that a rule knows.
const BETWEEN: &[char] = &[' ', '\t', '"', '\'', '`', ',', ';', '(', ')', '[', ']', '{', '}', '<', '>'];

/// A file's text and where its rows begin.
#[derive(Debug)]
pub struct Text {
    pub text: String,
    starts: Vec<usize>,
}

impl Text {
    fn new(text: String) -> Self {
        let mut starts = vec![0];
        starts.extend(memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| at + 1));
        if starts.last() == Some(&text.len()) {
            starts.pop();
        }
        Self { text, starts }
    }

    pub fn rows(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// Bytes of rows, clamped to the text.
    pub fn bytes(&self, rows: &Range<u32>) -> Range<usize> {
        let start = |row: u32| self.starts.get(row as usize).copied().unwrap_or(self.text.len());
        start(rows.start)..start(rows.end)
    }

    /// The row of a byte.
    pub fn row_of(&self, byte: usize) -> u32 {
        let row = self.starts.partition_point(|start| *start <= byte).saturating_sub(1);
        u32::try_from(row).unwrap_or(u32::MAX)
    }

    /// Rows with their numbers, from 1: what a model is to cite.
    pub fn numbered(&self, rows: &Range<u32>) -> String {
        use std::fmt::Write;
        let mut numbered = String::new();
        for row in rows.start..rows.end.min(self.rows()) {
            let line = self.text[self.bytes(&(row..row + 1))].trim_end_matches(['\n', '\r']);
            let end = line
                .char_indices()
                .map(|(at, _)| at)
                .nth(LONGEST_ROW)
                .map_or(line.len(), |end| line[..end].rfind(BETWEEN).unwrap_or_default());
            let mark = if end < line.len() { "…" } else { "" };
            let _ = writeln!(numbered, "{}\t{}{mark}", row + 1, &line[..end]);
        }
        numbered
    }

    pub fn hash(&self) -> String {
        blake3::hash(self.text.as_bytes()).to_hex()[..16].to_owned()
    }
}

pub struct Texts<'a> {
    workspace: &'a Workspace,
    texts: HashMap<String, Option<Rc<Text>>>,
}

impl<'a> Texts<'a> {
    pub fn new(workspace: &'a Workspace) -> Self {
        Self { workspace, texts: HashMap::new() }
    }

    /// None where it cannot be read, or is neither indexed nor open.
    pub fn get(&mut self, path: &str) -> Option<Rc<Text>> {
        if let Some(known) = self.texts.get(path) {
            return known.clone();
        }
        let text = self.workspace.text(path).map(|text| Rc::new(Text::new(text)));
        self.texts.insert(path.to_owned(), text.clone());
        text
    }
}
