//! Turns chosen tokens into text: white space as where they were copied from, indentation as at the cursor.

use super::mixture::Proposal;
use super::predict::Prediction;
use super::search::Line;
use super::view::View;
use crate::engine::TokenScore;

/// Blank lines that are copied between two lines at most.
const MAX_BLANK_LINES: usize = 2;

/// Appends a line's text and scores. `lead` is what stands before the first token of a further line; on the cursor's
/// own line the first token gives up what is typed of it.
pub(super) fn render(view: &View<'_>, line: &Line, lead: Option<&str>, prediction: &mut Prediction) {
    for (index, token) in line.tokens.iter().enumerate() {
        let text = view.text(token.origin);
        let mut piece = String::new();
        match lead {
            _ if index > 0 => piece.push_str(&view.gap_text(token.place)),
            Some(lead) => piece.push_str(lead),
            None if !view.typed.partial.is_empty() => {}
            None => {
                let gap = view.gap_text(token.place);
                let typed = if view.on_line > 0 { view.typed.gap } else { view.indentation_text.len() };
                let nothing_typed = view.on_line > 0 || view.indentation_text.is_empty();
                piece.push_str(gap.get(typed..).filter(|_| nothing_typed).unwrap_or_default());
            }
        }
        let typed = if index == 0 && lead.is_none() { view.typed.partial.len() } else { 0 };
        piece.push_str(text.get(typed..).unwrap_or_default());
        prediction.tokens.push(TokenScore {
            logprob: token.probability.ln(),
            bytes: piece.len() as u32,
            entropy: None,
        });
        prediction.text.push_str(&piece);
    }
}

/// Line breaks and indentation before a further line whose first token is `first`. The line is indented against
/// `indentation` (the line above it) as the copied one is against its own line above; `indentation` becomes the new one.
pub(super) fn break_line(
    view: &View<'_>,
    end: &Proposal,
    first: Option<&Proposal>,
    indentation: &mut String,
) -> String {
    let Some(first) = first else { return String::new() };
    let there = view.gap_text(first.place);
    let above = view.indentation_above(first.place).unwrap_or_else(|| view.indentation_above_end(end.place));
    if there.len() > above {
        indentation.push_str(there.get(above..).unwrap_or_default());
    } else {
        let keep = indentation.len().saturating_sub(above - there.len());
        // Indentation is white space, so any byte is a boundary; a stray one would leave it as it is.
        if indentation.is_char_boundary(keep) {
            indentation.truncate(keep);
        }
    }
    let breaks = view.line_breaks_before(first.place).clamp(1, MAX_BLANK_LINES + 1);
    let mut lead = view.line_break.repeat(breaks);
    lead.push_str(indentation);
    lead
}

/// Leaves out what stands right of the cursor already: all of it at the prediction's end, or what begins with a
/// bracket that the prediction closes without having opened it.
pub(super) fn give_way(prediction: &mut Prediction, rest_of_line: &str) {
    if rest_of_line.is_empty() {
        return;
    }
    let mut keep = prediction.text.strip_suffix(rest_of_line).map_or(prediction.text.len(), str::len);
    let mut depth = 0;
    for (at, character) in prediction.text.char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' | ']' | '}' if rest_of_line.starts_with(character) => {
                keep = keep.min(at);
                break;
            }
            _ => {}
        }
    }
    prediction.text.truncate(keep);
    let mut end = 0;
    prediction.tokens.retain_mut(|token| {
        let start = end;
        end += token.bytes as usize;
        token.bytes = end.min(keep).saturating_sub(start) as u32;
        start < keep
    });
}
