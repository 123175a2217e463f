//! The text that engines are asked about: code of the repository at hand, or our own where there is none.

use std::sync::Arc;

use crate::engine::Snippet;

/// Less than this makes the same prompts again and again; our own text is put behind it.
const ENOUGH_BYTES: usize = 256 << 10;
/// More than this makes no prompt better.
const MOST_BYTES: usize = 4 << 20;
/// Places are spread by the golden ratio: any number of them is even over the text, and none comes twice.
const STEP: f64 = 0.618_033_988_749_895;

/// Some rooms of this program, as text that is always at hand.
const BUILT_IN: &[(&str, &str)] = &[
    ("src/engine/job.rs", include_str!("../engine/job.rs")),
    ("src/engine/fim.rs", include_str!("../engine/fim.rs")),
    ("src/engine/prompt.rs", include_str!("../engine/prompt.rs")),
    ("src/engine/lookup/predict.rs", include_str!("../engine/lookup/predict.rs")),
    ("src/engine/lookup/view.rs", include_str!("../engine/lookup/view.rs")),
    ("src/engine/lookup/document.rs", include_str!("../engine/lookup/document.rs")),
    ("src/engine/host/client.rs", include_str!("../engine/host/client.rs")),
    ("src/text/document.rs", include_str!("../text/document.rs")),
    ("src/syntax/tree.rs", include_str!("../syntax/tree.rs")),
    ("src/syntax/cursor.rs", include_str!("../syntax/cursor.rs")),
    ("src/syntax/tags/pattern.rs", include_str!("../syntax/tags/pattern.rs")),
    ("src/syntax/tags/walk.rs", include_str!("../syntax/tags/walk.rs")),
    ("src/index/scan.rs", include_str!("../index/scan.rs")),
    ("src/index/resolve.rs", include_str!("../index/resolve.rs")),
    ("src/index/search.rs", include_str!("../index/search.rs")),
    ("src/index/state.rs", include_str!("../index/state.rs")),
    ("src/index/postings.rs", include_str!("../index/postings.rs")),
    ("src/config/layers.rs", include_str!("../config/layers.rs")),
    ("src/acceptance/store.rs", include_str!("../acceptance/store.rs")),
    ("src/session/repositories.rs", include_str!("../session/repositories.rs")),
    ("src/complete/flight.rs", include_str!("../complete/flight.rs")),
    ("src/complete/calibration.rs", include_str!("../complete/calibration.rs")),
    ("src/lsp/outbox.rs", include_str!("../lsp/outbox.rs")),
];

/// Code, as files and as one long text.
#[derive(Clone, Debug)]
pub struct Material {
    /// Where it is from, for the report.
    pub source: String,
    files: Vec<(Arc<str>, Arc<str>)>,
    whole: String,
}

/// A cursor behind the beginning of a line of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub path: Arc<str>,
    pub text: Arc<str>,
    /// Byte offset.
    pub offset: usize,
}

impl Cursor {
    /// Without what stands right of the cursor: nobody may copy the answer.
    pub fn held_out(&self) -> (String, String) {
        let (before, after) = self.text.split_at(self.offset);
        (before.to_owned(), after.find('\n').map_or("", |end| &after[end..]).to_owned())
    }
}

impl Material {
    pub fn built_in() -> Self {
        Self::of("our own sources", Vec::new())
    }

    /// `files` are paths and texts; those beyond 4 MiB are left out, and where there is little our own text is added.
    pub fn of(source: &str, files: Vec<(String, String)>) -> Self {
        let mut kept: Vec<(Arc<str>, Arc<str>)> = Vec::new();
        let mut bytes = 0;
        for (path, text) in files {
            // A minified file is one line: no place to complete at.
            let lines = text.lines().count();
            if lines < 8 || text.len() / lines > 200 || bytes + text.len() > MOST_BYTES {
                continue;
            }
            bytes += text.len();
            kept.push((path.into(), text.into()));
        }
        let mut source = match kept.len() {
            0 => "our own sources".to_owned(),
            number => format!("{source}: {number} files, {} kB", bytes / 1000),
        };
        if bytes < ENOUGH_BYTES {
            if !kept.is_empty() {
                source.push_str(", and our own sources because that is little");
            }
            kept.extend(BUILT_IN.iter().map(|(path, text)| ((*path).into(), (*text).into())));
        }
        let mut whole = String::with_capacity(bytes);
        for (_, text) in &kept {
            whole.push_str(text);
            if !text.ends_with('\n') {
                whole.push('\n');
            }
        }
        Self { source, files: kept, whole }
    }

    pub fn files(&self) -> &[(Arc<str>, Arc<str>)] {
        &self.files
    }

    /// Text before and after a cursor, at least so many bytes of each unless all of it is shorter. The cursor stands behind
    /// the indentation of a line. Different numbers give different texts.
    pub fn window(&self, number: usize, before: usize, after: usize) -> (String, String) {
        let offset = code_near(&self.whole, (self.whole.len() as f64 * spread(number)) as usize);
        let (left, right) = self.whole.split_at(offset);
        let mut prefix = String::new();
        if left.len() < before {
            // What is missing comes from the end, as if the text were a ring.
            let missing = (before - left.len()).min(right.len());
            prefix.push_str(&right[floor_boundary(right, right.len() - missing)..]);
        }
        prefix.push_str(&left[floor_boundary(left, left.len().saturating_sub(before))..]);
        (prefix, right[..ceil_boundary(right, after.min(right.len()))].to_owned())
    }

    /// Pieces of the text as other files' snippets, about so many bytes together.
    pub fn snippets(&self, number: usize, bytes: usize) -> Vec<Snippet> {
        const PIECE: usize = 1 << 10;
        let pieces = bytes.div_ceil(PIECE);
        let snippet = |piece: usize| {
            let (_, text) = self.window(number.wrapping_mul(31) + piece + 7, 0, PIECE);
            Snippet { path: format!("src/other_{number}_{piece}.rs"), text }
        };
        (0..pieces).map(snippet).collect()
    }

    /// Cursors in the middle of lines that have something to write; fewer where there are not so many.
    pub fn cursors(&self, first: usize, count: usize) -> Vec<Cursor> {
        let total: usize = self.files.iter().map(|(_, text)| text.len()).sum();
        (first..first + count)
            .filter_map(|number| {
                let mut at = (total as f64 * spread(number)) as usize;
                let (path, text) = self.files.iter().find(|(_, text)| {
                    let is_here = at < text.len();
                    at -= if is_here { 0 } else { text.len() };
                    is_here
                })?;
                let offset = inside_line(text, code_near(text, at));
                Some(Cursor { path: path.clone(), text: text.clone(), offset })
            })
            .collect()
    }
}

fn spread(number: usize) -> f64 {
    ((number + 1) as f64 * STEP).fract()
}

/// The place behind the indentation of the first line with letters from `at` on; the text's end where there is none.
fn code_near(text: &str, at: usize) -> usize {
    let mut start =
        text[ceil_boundary(text, at)..].find('\n').map_or(text.len(), |end| ceil_boundary(text, at) + end + 1);
    while start < text.len() {
        let line = text[start..].lines().next().unwrap_or_default();
        let trimmed = line.trim_start();
        if trimmed.len() >= 12 && trimmed.starts_with(|first: char| first.is_alphabetic()) {
            return start + line.len() - trimmed.len();
        }
        start += line.len();
        start += text[start..].find('\n').map_or(text.len() - start, |end| end + 1);
    }
    text.len()
}

/// A third of the rest of the line further, behind what is no part of a word.
fn inside_line(text: &str, start: usize) -> usize {
    let line = text[start..].lines().next().unwrap_or_default();
    let breaks = line.char_indices().filter(|(_, character)| !character.is_alphanumeric() && *character != '_');
    let mut ends = breaks.map(|(at, character)| at + character.len_utf8());
    start + ends.find(|end| *end >= line.len() / 3 && *end < line.len()).unwrap_or(0)
}

fn ceil_boundary(text: &str, at: usize) -> usize {
    (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len())
}

fn floor_boundary(text: &str, at: usize) -> usize {
    (0..=at).rfind(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(lines: usize) -> String {
        (0..lines).map(|number| format!("fn word_{number}() {{\n    let ä = call_{number}(1, 2);\n}}\n")).collect()
    }

    #[test]
    fn windows_are_long_enough_and_all_different() {
        let material = Material::built_in();
        let windows: Vec<_> = (0..200).map(|number| material.window(number, 6000, 1000)).collect();
        for (prefix, suffix) in &windows {
            assert!((6000..6004).contains(&prefix.len()), "{}", prefix.len());
            assert!(suffix.starts_with(char::is_alphabetic), "{suffix:?}");
            let indentation = prefix.rsplit('\n').next().unwrap();
            assert!(indentation.trim().is_empty(), "the cursor stands where a line begins: {indentation:?}");
        }
        let mut heads: Vec<&str> = windows.iter().map(|(prefix, _)| prefix.lines().nth(1).unwrap()).collect();
        let same = heads.windows(2).filter(|pair| pair[0] == pair[1]).count();
        assert!(same < 20, "neighbouring prompts begin alike");
        heads = windows
            .iter()
            .map(|(prefix, _)| &prefix[prefix.len() - 800..prefix.len() - 400])
            .filter(|part| part.is_ascii())
            .collect();
        let number = heads.len();
        heads.sort_unstable();
        heads.dedup();
        assert_eq!(heads.len(), number);
    }

    #[test]
    fn a_window_that_would_begin_inside_a_character_is_longer_by_it() {
        let material = Material::of("work", vec![("a.rs".into(), code(8000))]);
        // Somewhere in so many bytes stands an `ä`.
        for before in 500..560 {
            let (prefix, _) = material.window(5, before, 10);
            assert!((before..before + 2).contains(&prefix.len()), "{before}: {}", prefix.len());
        }
    }

    #[test]
    fn a_window_that_is_longer_than_all_text_is_all_text() {
        let material = Material::built_in();
        let (prefix, suffix) = material.window(3, usize::MAX / 2, 100);
        assert!(prefix.len() > ENOUGH_BYTES / 2 && !suffix.is_empty());
    }

    #[test]
    fn little_text_is_filled_up_and_minified_text_left_out() {
        let own = Material::of("work", vec![("a.rs".into(), code(100)), ("min.js".into(), "x".repeat(100_000))]);
        assert_eq!(own.files()[0].0.as_ref(), "a.rs");
        assert!(own.files().iter().all(|(path, _)| &**path != "min.js"));
        assert!(own.source.starts_with("work: 1 files, ") && own.source.contains("our own sources"), "{}", own.source);
        let large = Material::of("work", vec![("a.rs".into(), code(8000))]);
        assert_eq!((large.files().len(), large.source.contains("our own")), (1, false), "{}", large.source);
        assert_eq!(Material::of("work", Vec::new()).source, "our own sources");
    }

    #[test]
    fn cursors_stand_inside_lines_and_hide_the_rest() {
        let material = Material::of("work", vec![("a.rs".into(), code(8000))]);
        let cursors = material.cursors(0, 40);
        assert_eq!(cursors.len(), 40);
        for cursor in &cursors {
            let (before, after) = cursor.held_out();
            assert!(after.is_empty() || after.starts_with('\n'));
            assert!(before.len() + after.len() < cursor.text.len(), "something is hidden");
            assert!(!before.ends_with('\n') || cursor.offset == 0, "{:?}", &before[before.len().saturating_sub(30)..]);
        }
        assert_ne!(cursors[0], material.cursors(1, 1)[0]);
    }
}
