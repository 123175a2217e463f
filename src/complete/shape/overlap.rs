//! What stands after the cursor already must not be inserted again.

use super::blocks::ends_block;
use super::nesting::Nesting;
use crate::complete::Place;

/// Letters and digits that a line must have before its repetition counts: a bracket alone may well stand twice.
const LEAST_WORD_CHARACTERS: usize = 3;

/// Cuts from the first line of `text` what the rest of the cursor's line has already, and the lines behind it that
/// would then stand in the middle of nowhere.
///
/// Three ways to overlap: the text closes the bracket or quote that the rest of the line closes (`foo(a|)` and
/// `, b);`), the angle bracket (`Vec<|>` and `u8>`), or it ends with what the line goes on with (`a|;` and `b;`).
pub fn cut_line_after(text: &str, place: &Place) -> String {
    let after = place.line_after.trim();
    let Some(begin) = after.chars().next() else { return text.to_owned() };
    if let Some(at) = closer(text, place, begin) {
        return text[..at].to_owned();
    }
    // Text with a line break pushes the rest of the line down, behind its last line; only the first line competes.
    let (first, rest) = text.split_once('\n').map_or((text, None), |(first, rest)| (first, Some(rest)));
    let overlap = (1..=after.len().min(first.len())).rev().find(|&length| {
        after.is_char_boundary(length)
            && first.is_char_boundary(first.len() - length)
            && first.ends_with(&after[..length])
            && is_boundary(first, after, length)
            && !closes_own_bracket(first, length)
    });
    match (overlap, rest) {
        (Some(length), _) => first[..first.len() - length].to_owned(),
        (None, Some(rest)) if after.chars().all(is_closing) => format!("{first}\n{rest}"),
        _ => first.to_owned(),
    }
}

/// The byte where `text` closes with `mark` what is open on the cursor's line, on whichever line of its own.
fn closer(text: &str, place: &Place, mark: char) -> Option<usize> {
    let mut nesting = Nesting::of(&place.line_before);
    let ground = nesting.depth();
    let mut start = 0;
    for (number, line) in text.split('\n').enumerate() {
        let found = match number {
            0 => nesting.read(line),
            // What closes a bracket from above the cursor's line is no matter of the rest of that line.
            _ => nesting.read_above(ground, line).filter(|_| ground > 0),
        };
        if let Some(found) = found {
            return (found.mark == mark).then_some(start + found.at);
        }
        if number == 0
            && mark == '>'
            && let Some(at) = closing_angle(&place.line_before, line)
        {
            return Some(at);
        }
        nesting.end_line();
        start += line.len() + 1;
    }
    None
}

/// Without white space at the end, but for the line break before a closing bracket that stands behind the cursor and
/// that `text` put on a line of its own.
pub fn trim_end<'a>(text: &'a str, place: &Place) -> &'a str {
    let trimmed = text.trim_end();
    let indentation = &text[trimmed.len()..];
    let begins_line = trimmed.contains('\n') && indentation.starts_with('\n') && !indentation[1..].contains('\n');
    if begins_line && place.line_after.trim_start().starts_with([')', ']', '}']) { text } else { trimmed }
}

/// The last `length` bytes begin with a bracket that closes one which `line` itself opened before them.
fn closes_own_bracket(line: &str, length: usize) -> bool {
    let (kept, cut) = line.split_at(line.len() - length);
    cut.starts_with([')', ']', '}']) && Nesting::of(kept).depth() > 0
}

/// An overlap of letters alone must be whole words: `re` before `return` is a coincidence.
fn is_boundary(text: &str, after: &str, length: usize) -> bool {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let ends_inside_a_word =
        after[..length].chars().next_back().is_some_and(is_word) && after[length..].chars().next().is_some_and(is_word);
    let begins_inside_a_word = after.chars().next().is_some_and(is_word)
        && text[..text.len() - length].chars().next_back().is_some_and(is_word);
    !ends_inside_a_word && !begins_inside_a_word
}

fn is_closing(character: char) -> bool {
    matches!(character, ')' | ']' | '}' | '"' | '\'' | '`' | '>' | ';' | ',' | ':') || character.is_whitespace()
}

/// The byte in `text` of the `>` that closes a `<` of `line_before`. Arrows and comparisons are not angle brackets.
fn closing_angle(line_before: &str, text: &str) -> Option<usize> {
    let angles = |text: &str| -> Vec<(usize, bool)> {
        let bytes = text.as_bytes();
        let is_bracket = |at: usize| match bytes[at] {
            b'<' => bytes.get(at + 1).is_none_or(|next| !matches!(next, b'=' | b' ' | b'<')),
            b'>' => at == 0 || !matches!(bytes[at - 1], b'-' | b'=' | b' '),
            _ => false,
        };
        (0..bytes.len()).filter(|&at| is_bracket(at)).map(|at| (at, bytes[at] == b'<')).collect()
    };
    let open = angles(line_before)
        .iter()
        .fold(0_usize, |open, (_, opens)| if *opens { open + 1 } else { open.saturating_sub(1) });
    let mut own = 0_usize;
    for (at, opens) in angles(text) {
        match (opens, own) {
            (true, _) => own += 1,
            (false, 0) => return (open > 0).then_some(at),
            (false, _) => own -= 1,
        }
    }
    None
}

/// Ends the text where it begins to write the next lines of the document once more.
pub fn cut_following_lines(text: &str, place: &Place) -> String {
    let lines: Vec<&str> = text.trim_end().split('\n').collect();
    let whole = |index: usize| match index {
        0 => format!("{}{}", place.line_before, lines[0]),
        _ => lines[index].to_owned(),
    };
    let Some(next) = place.following.first() else { return text.to_owned() };
    // Two lines in a row that stand further below are no coincidence either.
    let below = (0..lines.len().saturating_sub(1)).find(|&index| {
        let (line, after) = (whole(index), lines[index + 1].trim());
        let pair = |pair: &[String]| pair[0].trim() == line.trim() && pair[1].trim() == after;
        has_words(&line) && has_words(after) && place.following.windows(2).any(pair)
    });
    if let Some(below) = below {
        return cut_following_lines(&lines[..below].join("\n"), place);
    }
    let duplicate = (0..lines.len()).find(|&index| {
        let line = whole(index);
        if has_words(&line) { line.trim() == next.trim() } else { !line.trim().is_empty() && line == *next }
    });
    let Some(duplicate) = duplicate else { return text.to_owned() };
    // A bracket alone is a repetition only when nothing but what follows comes after it.
    let follows =
        lines[duplicate..].iter().zip(&place.following).skip(1).all(|(line, next)| line.trim() == next.trim());
    if has_words(&whole(duplicate)) || follows { lines[..duplicate].join("\n") } else { text.to_owned() }
}

/// The line says enough to be known again. The word that ends a block is like a bracket.
fn has_words(line: &str) -> bool {
    if ends_block(line) {
        return false;
    }
    line.chars().filter(|character| character.is_alphanumeric()).count() >= LEAST_WORD_CHARACTERS
}
