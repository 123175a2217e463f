//! The text around the cursor, wide enough to fill the token budget and no wider than it needs to be.

use std::sync::Arc;

use ropey::Rope;

/// Bytes taken for each token of the budget. Qwen's and StarCoder's vocabularies give 3.0 to 4.2 bytes a token on
/// code; with 6 the engine, which cuts exactly, always has enough to cut from.
const BYTES_PER_TOKEN: usize = 6;

/// Text before and after the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Starts at a line start and ends at the cursor.
    pub prefix: Arc<str>,
    /// Starts at the cursor and ends at a line end.
    pub suffix: Arc<str>,
}

/// Takes about enough text for `prefix_tokens` and `suffix_tokens` around the byte offset `cursor` (clamped).
///
/// A line that alone is longer than the budget is cut in its middle: a window is bounded whatever the text is.
pub fn window(text: &Rope, cursor: usize, prefix_tokens: u32, suffix_tokens: u32) -> Window {
    let cursor = floor_char_boundary(text, cursor);
    let most_before = prefix_tokens as usize * BYTES_PER_TOKEN;
    let most_after = suffix_tokens as usize * BYTES_PER_TOKEN;
    let start = line_start_at_or_after(text, cursor.saturating_sub(most_before), cursor);
    let end = line_start_at_or_before(text, cursor.saturating_add(most_after), cursor);
    Window { prefix: slice(text, start, cursor).into(), suffix: slice(text, cursor, end).into() }
}

fn line_start_at_or_after(text: &Rope, from: usize, cursor: usize) -> usize {
    let from = floor_char_boundary(text, from);
    let line = text.byte_to_line(from);
    if text.line_to_byte(line) == from {
        return from;
    }
    let next = text.line_to_byte((line + 1).min(text.len_lines()));
    if next <= cursor { next } else { from }
}

fn line_start_at_or_before(text: &Rope, to: usize, cursor: usize) -> usize {
    let to = floor_char_boundary(text, to);
    if to == text.len_bytes() {
        return to;
    }
    let line_start = text.line_to_byte(text.byte_to_line(to));
    if line_start > cursor { line_start } else { to }
}

fn floor_char_boundary(text: &Rope, byte: usize) -> usize {
    text.char_to_byte(text.byte_to_char(byte.min(text.len_bytes())))
}

fn slice(text: &Rope, start: usize, end: usize) -> String {
    text.byte_slice(start..end).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fixture: &str, prefix_tokens: u32, suffix_tokens: u32) -> (String, String) {
        let cursor = fixture.find("$0").expect("fixture has a cursor");
        let text = Rope::from_str(&fixture.replacen("$0", "", 1));
        let window = window(&text, cursor, prefix_tokens, suffix_tokens);
        (window.prefix.to_string(), window.suffix.to_string())
    }

    #[test]
    fn takes_everything_that_fits() {
        assert_eq!(check("one\ntwo$0 three\nfour\n", 100, 100), ("one\ntwo".into(), " three\nfour\n".into()));
    }

    #[test]
    fn cuts_at_whole_lines() {
        assert_eq!(check("aaaa\nbbbb\nccc$0c\ndddd\neeeee\n", 2, 2), ("bbbb\nccc".into(), "c\ndddd\n".into()));
    }

    #[test]
    fn cuts_a_line_that_is_longer_than_the_budget() {
        let long = "x".repeat(1000);
        let (prefix, suffix) = check(&format!("{long}$0{long}"), 10, 5);
        assert_eq!((prefix.len(), suffix.len()), (60, 30));
    }

    #[test]
    fn never_cuts_a_character() {
        let text = Rope::from_str(&"é漢😀\n".repeat(50));
        for cursor in 0..text.len_bytes() + 3 {
            let window = window(&text, cursor, 3, 3);
            assert!(text.to_string().contains(&*window.prefix));
            assert!(text.to_string().contains(&*window.suffix));
        }
    }

    #[test]
    fn an_empty_text_has_an_empty_window() {
        assert_eq!(check("$0", 10, 10), (String::new(), String::new()));
    }
}
