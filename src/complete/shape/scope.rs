//! Where a continuation ends: at the line, or at the end of the scope that the cursor stands in.

use super::blocks::{announces_block, continues_block, continues_expression, ends_block, first_word, takes_deeper};
use super::nesting::Nesting;
use crate::complete::Place;
use crate::complete::place::leading_white_space;

/// Cuts `text` after `max_lines` lines that are not blank, and where it leaves what the cursor stands in: an open
/// bracket, an indented block, a statement.
pub fn cut(text: &str, place: &Place, max_lines: u32) -> String {
    let begins_below = text.starts_with('\n');
    if max_lines <= 1 {
        // A cursor at the end of a finished line has no rest of the line.
        return text.split('\n').next().unwrap_or_default().to_owned();
    }
    let mut scope = Scope::at(text, place, begins_below);
    let mut kept: Vec<&str> = Vec::new();
    let mut filled = 0;
    for (number, line) in text.split('\n').enumerate() {
        let blank = line.trim().is_empty();
        let goes_on = match (number, blank) {
            (0, _) => true,
            (_, true) => filled == 0 || !scope.is_complete(),
            (_, false) => scope.takes(line, place),
        };
        if !goes_on || (filled == max_lines && !blank) {
            break;
        }
        filled += u32::from(!blank);
        scope.read(line, number == 0 && !begins_below, blank, place);
        kept.push(line);
        if scope.ended {
            break;
        }
    }
    kept.join("\n")
}

/// What the cursor stands in, and how far the continuation has come through it.
struct Scope {
    nesting: Nesting,
    /// Brackets that were open on the cursor's line before it.
    ground: usize,
    /// Columns: lines at this indentation are on the level of the cursor's statement.
    base: usize,
    /// The continuation begins with a statement of its own, so further statements may follow it.
    takes_siblings: bool,
    /// The line before announced an indented block.
    announced: bool,
    /// What stands deeper than the line before belongs to it.
    takes_deeper: bool,
    /// Columns of the line whose indented block we are in.
    block: Option<usize>,
    /// A blank line was read since the last line on the level of the cursor's statement.
    after_blank: bool,
    /// Nothing was read yet: the rest of the cursor's line may be blank without meaning anything.
    at_first: bool,
    ended: bool,
}

impl Scope {
    fn at(text: &str, place: &Place, begins_below: bool) -> Self {
        let nesting = Nesting::of(&place.line_before);
        let ground = nesting.depth();
        let announced = announces_block(&place.line_before);
        let finished_line = begins_below && !place.at_line_start() && ground == 0 && !announced;
        // At a line's start the continuation may bring its own indentation along.
        let own = if place.at_line_start() { leading_white_space(text) } else { "" };
        let base = width(place.indentation(), place) + width(own, place);
        let takes_siblings = place.at_line_start() || finished_line;
        let block = announced.then_some(base);
        Self {
            nesting,
            ground,
            base,
            takes_siblings,
            announced,
            takes_deeper: !finished_line && takes_deeper(&place.line_before),
            block,
            after_blank: false,
            at_first: true,
            ended: false,
        }
    }

    /// Nothing that was begun is still open.
    fn is_complete(&self) -> bool {
        self.nesting.depth() == 0 && !self.nesting.in_long_string() && !self.announced && self.block.is_none()
    }

    /// True when the continuation goes on with this line (which is not blank).
    fn takes(&mut self, line: &str, place: &Place) -> bool {
        if self.nesting.in_long_string() {
            return true;
        }
        let indent = width(leading_white_space(line), place);
        let mut after = self.nesting.clone();
        let closer = after.read(line).filter(|closer| closer.at == leading_white_space(line).len());
        if self.nesting.depth() > 0 {
            // What closes the cursor's own bracket may stand in the document already.
            let closes_ground = closer.is_some() && self.nesting.depth() <= self.ground;
            return !(closes_ground && is_there_already(line, place));
        }
        if closer.is_some() {
            // It closes a bracket from above the cursor's line: the scope around us.
            return false;
        }
        if let Some(block) = self.block {
            if indent > block {
                return true;
            }
            if !self.takes_siblings && !continues_block(line) {
                return false;
            }
        }
        if indent < self.base {
            return false;
        }
        let is_brace = line.trim_start().starts_with('{') && self.takes_deeper;
        let continues = is_brace || continues_block(line) && !is_there_already(line, place);
        if indent == self.base {
            return continues || continues_expression(line) || (self.takes_siblings && !self.after_blank);
        }
        continues_expression(line) || self.takes_deeper || self.block.is_some_and(|block| indent > block)
    }

    fn read(&mut self, line: &str, on_cursor_line: bool, blank: bool, place: &Place) {
        let in_string = self.nesting.in_long_string();
        let before = self.nesting.depth();
        self.nesting.read(line);
        self.nesting.end_line();
        if blank {
            self.after_blank |= !in_string && !self.at_first;
            self.at_first = false;
            return;
        }
        self.at_first = false;
        if in_string {
            return;
        }
        let indent = if on_cursor_line { self.base } else { width(leading_white_space(line), place) };
        if indent <= self.base {
            self.after_blank = false;
        }
        if self.block.is_some_and(|block| indent <= block && !on_cursor_line) {
            self.block = None;
        }
        let belongs = indent > self.base && self.takes_deeper && self.nesting.depth() == 0 && before == 0;
        if belongs && self.block.is_none() && !continues_expression(line) {
            self.block = Some(self.base);
        }
        self.announced = announces_block(line);
        self.takes_deeper = match on_cursor_line {
            true => takes_deeper(&format!("{}{line}", place.line_before)),
            false => takes_deeper(line),
        };
        if self.announced && self.block.is_none() {
            self.block = Some(indent);
        }
        // The bracket that was open at the cursor is closed, or the block that the statement opened: it is whole.
        let closed = self.nesting.depth() < before && self.nesting.depth() == 0 && !on_cursor_line;
        let by_bracket = closed && !line.trim_end().ends_with([',', '{', '(']) && self.ground > 0;
        let by_word = indent <= self.base && !on_cursor_line && ends_block(line);
        self.ended = !self.takes_siblings && (by_bracket || by_word);
    }
}

/// The next line of the document begins with the same word or bracket at the same indentation.
fn is_there_already(line: &str, place: &Place) -> bool {
    place.following.first().is_some_and(|next| {
        leading_white_space(next) == leading_white_space(line) && next.trim_start().starts_with(first_word(line))
    })
}

/// Columns of an indentation, a tab counted as one unit of the file.
fn width(indentation: &str, place: &Place) -> usize {
    let tab = place.indent_unit.as_deref().filter(|unit| *unit != "\t").map_or(4, str::len);
    let indentation = indentation.trim_start_matches('\n');
    indentation.chars().map(|character| if character == '\t' { tab } else { 1 }).sum()
}
