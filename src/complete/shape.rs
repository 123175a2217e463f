//! From what an engine wrote to what may be shown: cut to the scope, without what stands there already.
//!
//! Shaping only removes text or changes its indentation; it never invents. Every step is a function of the text and the
//! lines around the cursor, so that each can be tested by itself.

mod indentation;
mod nesting;
mod overlap;
mod repetition;
mod scope;

use super::{Place, Reason};

/// Shapes a raw continuation for the cursor at `place`. `max_lines` counts lines of the result; 1 stays on the cursor's
/// line.
pub fn shape(raw: &str, place: &Place, max_lines: u32) -> Result<String, Reason> {
    let text = printable(raw);
    if text.trim().is_empty() {
        return Err(Reason::NothingToSay);
    }
    let text = within_scope(&text, place, max_lines);
    let text = repetition::cut_loops(&text, place);
    let text = overlap::cut_line_after(&text, place);
    let text = overlap::cut_following_lines(&text, place);
    let text = text.trim_end();
    if text.trim().is_empty() {
        return Err(Reason::Repeats);
    }
    Ok(text.to_owned())
}

/// What is left of a shaped text when its start was typed: the rest of the line may have got closing brackets and
/// quotes since, from the editor.
pub fn reshape(rest: &str, place: &Place) -> Option<String> {
    let text = overlap::cut_line_after(rest, place);
    let text = overlap::cut_following_lines(&text, place);
    (!text.trim().is_empty()).then_some(text)
}

/// True when more tokens cannot change the shaped result: the scope has ended or the text runs in circles.
pub fn is_complete(raw: &str, place: &Place, max_lines: u32) -> bool {
    let text = printable(raw);
    // The last line may still grow, so only whole lines decide.
    let Some(end) = text.rfind('\n') else { return false };
    let whole = &text[..end];
    let lines = |text: &str| text.split('\n').count();
    lines(&within_scope(&text, place, max_lines)) < lines(whole)
        || repetition::cut_loops(whole, place).len() < whole.len()
}

fn within_scope(text: &str, place: &Place, max_lines: u32) -> String {
    scope::cut(&indentation::match_file(text, place), place, max_lines)
}

/// The text up to the first character that has no place in source code; `\r` goes, for editors put their own line
/// breaks in.
fn printable(raw: &str) -> String {
    raw.chars()
        .filter(|&character| character != '\r')
        .take_while(|&character| !character.is_control() || matches!(character, '\n' | '\t'))
        .take_while(|&character| character != char::REPLACEMENT_CHARACTER)
        .collect()
}

#[cfg(test)]
mod tests;
