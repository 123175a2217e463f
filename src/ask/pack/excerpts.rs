//! Parts of files as they stand in a prompt: rows with their numbers between marks that nobody can imitate.

use std::collections::BTreeMap;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::texts::{Text, Texts};
use super::{Ground, file_piece};
use crate::gate::Piece;

/// What of a file a thread has shown, of which version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    pub path: String,
    /// Of the whole text at that time.
    pub hash: String,
    pub rows: Vec<Range<u32>>,
    /// Definitions that were meant, by their full names.
    pub names: Vec<String>,
}

/// Rows that are in, file by file in the order in which the files came.
#[derive(Debug, Default)]
pub struct Excerpts {
    order: Vec<String>,
    rows: BTreeMap<String, (Vec<Range<u32>>, Vec<String>)>,
}

impl Excerpts {
    /// What of these rows is not in yet.
    pub fn missing(&self, path: &str, rows: &Range<u32>) -> Vec<Range<u32>> {
        let taken = self.rows.get(path).map_or(&[][..], |(rows, _)| rows);
        subtract(rows, taken)
    }

    pub fn add(&mut self, path: &str, rows: &Range<u32>, name: Option<&str>) {
        if !self.rows.contains_key(path) {
            self.order.push(path.to_owned());
        }
        let (taken, names) = self.rows.entry(path.to_owned()).or_default();
        taken.push(rows.clone());
        taken.sort_by_key(|rows| rows.start);
        // What touches is one part.
        let mut joined: Vec<Range<u32>> = Vec::new();
        for rows in taken.drain(..) {
            match joined.last_mut() {
                Some(last) if rows.start <= last.end => last.end = last.end.max(rows.end),
                _ => joined.push(rows),
            }
        }
        *taken = joined;
        names.extend(name.filter(|name| !names.iter().any(|known| known == name)).map(str::to_owned));
    }

    pub fn pieces(&self, ground: &Ground<'_>, texts: &mut Texts<'_>) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for path in &self.order {
            let Some((text, (rows, _))) = texts.get(path).zip(self.rows.get(path)) else { continue };
            pieces.extend(rows.iter().map(|rows| {
                let printed = print(path, &text, rows, ground.tag);
                file_piece(printed, path, text.bytes(rows))
            }));
        }
        pieces
    }

    pub fn shown(&self, texts: &mut Texts<'_>) -> Vec<Shown> {
        let shown = self.order.iter().filter_map(|path| {
            let (text, (rows, names)) = texts.get(path).zip(self.rows.get(path))?;
            Some(Shown { path: path.clone(), hash: text.hash(), rows: rows.clone(), names: names.clone() })
        });
        shown.collect()
    }
}

/// An excerpt as the model reads it.
pub fn print(path: &str, text: &Text, rows: &Range<u32>, tag: &str) -> String {
    let lines = format!("{}-{}", rows.start + 1, rows.end.min(text.rows()));
    format!("<file-{tag} path={} lines=\"{lines}\">\n{}</file-{tag}>\n", quoted(path), text.numbered(rows))
}

/// A path may hold quotes and line breaks.
pub fn quoted(path: &str) -> String {
    serde_json::to_string(path).unwrap_or_default()
}

/// `rows` without those that are in `taken`, which is in order.
pub fn subtract(rows: &Range<u32>, taken: &[Range<u32>]) -> Vec<Range<u32>> {
    let mut left = Vec::new();
    let mut start = rows.start;
    for other in taken {
        if other.end <= start {
            continue;
        }
        if other.start >= rows.end {
            break;
        }
        if other.start > start {
            left.push(start..other.start);
        }
        start = start.max(other.end);
    }
    if start < rows.end {
        left.push(start..rows.end);
    }
    left
}
