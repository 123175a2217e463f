//! What stands after the cursor already must not be inserted again.

use crate::complete::Place;

/// Cuts from the last line of `text` what the rest of the cursor's line has already.
///
/// Two ways to overlap: the text ends with what the line goes on with (`foo(a|)` and `, b)`), or it closes a bracket
/// that it did not open and that the line closes (`foo(a|)` and `, b);`).
pub fn cut_line_after(text: &str, line_after: &str) -> String {
    let after = line_after.trim();
    if after.is_empty() {
        return text.to_owned();
    }
    // Text with a line break pushes the rest of the line down: it belongs behind the last line then, and only the
    // first line competes with it.
    let (first, rest) = text.split_once('\n').map_or((text, None), |(first, rest)| (first, Some(rest)));
    if let Some(cut) = unmatched_closer(first, after) {
        return first[..cut].to_owned();
    }
    let overlap = (1..=after.len().min(first.len())).rev().find(|&length| {
        after.is_char_boundary(length)
            && first.is_char_boundary(first.len() - length)
            && first.ends_with(&after[..length])
            && is_boundary(first, after, length)
            && !closes_own_bracket(first, length)
    });
    match (overlap, rest) {
        (Some(length), _) => first[..first.len() - length].to_owned(),
        (None, Some(rest)) if after.chars().all(is_closer) => format!("{first}\n{rest}"),
        // What follows would stand in the middle of the line's own rest.
        _ => first.to_owned(),
    }
}

/// The last `length` bytes begin with a bracket that closes one which `line` itself opened before them.
fn closes_own_bracket(line: &str, length: usize) -> bool {
    let (kept, cut) = line.split_at(line.len() - length);
    let opened = kept.matches(['(', '[', '{']).count();
    let closed = kept.matches([')', ']', '}']).count();
    cut.starts_with([')', ']', '}']) && opened > closed
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

fn is_closer(character: char) -> bool {
    matches!(character, ')' | ']' | '}' | '"' | '\'' | '`' | '>' | ';' | ',' | ':') || character.is_whitespace()
}

/// The byte of the first closing bracket that `line` did not open, where `after` begins with that bracket. Brackets in
/// double quotes and backticks do not count.
fn unmatched_closer(line: &str, after: &str) -> Option<usize> {
    let wanted = after.chars().next().filter(|character| matches!(character, ')' | ']' | '}'))?;
    let mut depth = 0_i32;
    let mut quote = None;
    let mut escaped = false;
    for (index, character) in line.char_indices() {
        if let Some(open) = quote {
            if character == open && !escaped {
                quote = None;
            }
            escaped = character == '\\' && !escaped;
            continue;
        }
        match character {
            '"' | '`' if line[index + character.len_utf8()..].contains(character) => quote = Some(character),
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => {
                depth -= 1;
                if depth < 0 {
                    return (character == wanted).then_some(index);
                }
            }
            _ => {}
        }
    }
    None
}

/// Cuts lines from the end of `text` that are the next lines of the document, and drops a continuation that would only
/// write the next line once more.
pub fn cut_following_lines(text: &str, place: &Place) -> String {
    let lines: Vec<&str> = text.trim_end().split('\n').collect();
    let whole = |index: usize| match index {
        0 => format!("{}{}", place.line_before, lines[0]).trim().to_owned(),
        _ => lines[index].trim().to_owned(),
    };
    let filled: Vec<usize> = (0..lines.len()).filter(|&index| !whole(index).is_empty()).collect();
    for count in (1..=filled.len().min(place.following.len())).rev() {
        let last = &filled[filled.len() - count..];
        if last.iter().zip(&place.following).all(|(&index, next)| whole(index) == next.trim()) {
            let first_duplicate = last[0];
            // One closing bracket alone may well stand twice, one scope inside the other; the scope's cut knows better.
            let is_bracket =
                count == 1 && first_duplicate > 0 && !whole(first_duplicate).contains(char::is_alphanumeric);
            if !is_bracket {
                return lines[..first_duplicate].join("\n");
            }
        }
    }
    text.to_owned()
}
