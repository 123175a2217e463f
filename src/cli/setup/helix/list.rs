//! One more server in a TOML list of a user's, and out of it again, as they laid it out.

use std::ops::Range;

use toml_edit::{Array, Value};

use crate::cli::setup::edits::{Edits, indentation, line_end, line_start};

/// Puts an element at the end of a list that stands at `span`.
pub fn push(edits: &mut Edits, text: &str, list: &Array, span: Range<usize>, element: &str) {
    let close = span.end - 1;
    let Some(last) = list.iter().last().and_then(Value::span) else {
        // Behind what is said in it, on a line of its own if that is a comment.
        let at = if text[span.clone()].contains('\n') { close } else { span.start + 1 };
        return edits.insert(at, element);
    };
    let behind = &text[last.end..close];
    if !behind.contains('\n') {
        return edits.insert(last.end, format!(", {element}"));
    }
    let code = behind.lines().map(|line| line.split('#').next().unwrap_or_default());
    let has_comma = code.into_iter().any(|code| code.contains(','));
    if !has_comma {
        edits.insert(last.end, ",");
    }
    let indent = indentation(text, last.start);
    let comma = if has_comma { "," } else { "" };
    let close_line = line_start(text, close);
    if text[close_line..close].trim().is_empty() {
        edits.insert(close_line, format!("{indent}{element}{comma}\n"));
    } else {
        edits.insert(close, format!("\n{indent}{element}{comma}"));
    }
}

/// Takes an element out of a list, with its line if it has one to itself.
pub fn take(edits: &mut Edits, text: &str, list: &Array, index: usize) {
    let span = |index: usize| list.get(index).and_then(Value::span);
    let Some(own) = span(index) else { return };
    let (from, to) = (line_start(text, own.start), line_end(text, own.end));
    let is_alone =
        text[from..own.start].trim().is_empty() && text[own.end..to].trim_matches([',', ' ', '\t', '\n']).is_empty();
    if is_alone {
        return edits.remove(from..to);
    }
    let before = index.checked_sub(1).and_then(span).filter(|before| !text[before.end..own.start].contains('\n'));
    match (before, span(index + 1)) {
        (Some(before), _) => edits.remove(before.end..own.end),
        (None, Some(after)) => edits.remove(own.start..after.start),
        (None, None) => {
            let rest = &text[own.end..];
            let comma = if rest.trim_start().starts_with(',') { rest.find(',').map_or(0, |at| at + 1) } else { 0 };
            edits.remove(own.start..own.end + comma);
        }
    }
}
