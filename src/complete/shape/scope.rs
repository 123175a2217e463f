//! Where a continuation ends: at the line, or at the end of the scope that the cursor stands in.

use crate::complete::Place;
use crate::complete::place::leading_white_space;

/// Cuts `text` after `max_lines` lines, at the first line that leaves the cursor's scope, and at a blank line once the
/// construct that was begun is complete.
pub fn cut(text: &str, place: &Place, max_lines: u32) -> String {
    // A cursor at the end of a finished line: the continuation begins below it.
    let begins_below = text.starts_with('\n');
    if max_lines <= 1 && (begins_below || !text.contains('\n')) {
        return if begins_below { String::new() } else { text.to_owned() };
    }
    let base = width(place.indentation(), place);
    let mut kept: Vec<&str> = Vec::new();
    // True while a bracket or an indented block that the continuation opened is still open.
    let mut inside = false;
    let mut previous_opens = !place.at_line_start() && begins_below && opens(&place.line_before);
    for (number, line) in text.split('\n').enumerate() {
        let counted = kept.iter().filter(|line| !line.trim().is_empty()).count();
        if counted >= max_lines as usize {
            break;
        }
        if number == 0 {
            kept.push(line);
            inside = opens(line) || (line.trim().is_empty() && opens(&place.line_before));
            previous_opens |= inside;
            continue;
        }
        if line.trim().is_empty() {
            if !inside && counted > 0 {
                break;
            }
            kept.push(line);
            continue;
        }
        let indent = width(leading_white_space(line), place);
        let closes = closes(line);
        if indent < base || (indent == base && inside && !closes && !previous_opens && !place.at_line_start()) {
            break;
        }
        if indent > base && !inside && !previous_opens && !place.at_line_start() {
            break;
        }
        if indent == base && closes {
            if is_there_already(line, place) {
                break;
            }
            kept.push(line);
            inside = opens(line);
            previous_opens = inside;
            if !inside {
                break;
            }
            continue;
        }
        if indent == base && !place.at_line_start() && !previous_opens {
            break;
        }
        kept.push(line);
        previous_opens = opens(line);
        inside = indent > base || previous_opens;
    }
    kept.join("\n")
}

/// The next line of the document is this closing line, at the same indentation.
fn is_there_already(line: &str, place: &Place) -> bool {
    place.following.first().is_some_and(|next| {
        leading_white_space(next) == leading_white_space(line) && next.trim_start().starts_with(first_word(line))
    })
}

fn first_word(line: &str) -> &str {
    let line = line.trim();
    let end = line.find(|character: char| character.is_whitespace() || matches!(character, ';' | ','));
    &line[..end.unwrap_or(line.len())]
}

/// The line leaves a bracket open or announces an indented block.
fn opens(line: &str) -> bool {
    line.trim_end().ends_with(['{', '(', '[', ':', '>']) && !line.trim_end().ends_with("->")
        || line.trim_end().ends_with("=>")
        || matches!(line.split_whitespace().next_back(), Some("do" | "then" | "begin"))
}

fn closes(line: &str) -> bool {
    let line = line.trim_start();
    line.starts_with(['}', ')', ']']) || line.starts_with("</") || first_word(line) == "end"
}

/// Columns of an indentation, a tab counted as one unit of the file.
fn width(indentation: &str, place: &Place) -> usize {
    let tab = if place.indent_unit == "\t" { 4 } else { place.indent_unit.len() };
    indentation.chars().map(|character| if character == '\t' { tab } else { 1 }).sum()
}
