//! The lines around the cursor, as shaping wants them.

use ropey::Rope;

use super::anchor::{head, tail};

/// Lines after the cursor's that a suggestion is compared with.
const FOLLOWING_LINES: usize = 8;
const PRECEDING_LINES: usize = 4;
/// Bytes read on either side; longer lines are cut, which only makes comparisons fail.
const REACH: usize = 4096;

/// What stands around the cursor. Lines are without line breaks; blank lines are left out of `following`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    pub line_before: String,
    pub line_after: String,
    pub preceding: Vec<String>,
    pub following: Vec<String>,
    /// One level of indentation around here: a tab, or the usual number of spaces. None where nothing is indented.
    pub indent_unit: Option<String>,
}

impl Place {
    pub fn at(text: &Rope, offset: usize) -> Self {
        let before = tail(text, offset, REACH);
        let after = head(text, offset, REACH);
        let line_before = before.rsplit(['\n', '\r']).next().unwrap_or_default().to_owned();
        let line_after = after.split(['\n', '\r']).next().unwrap_or_default().to_owned();
        let mut preceding: Vec<String> =
            before.lines().rev().skip(usize::from(!line_before.is_empty())).take(PRECEDING_LINES).map(own).collect();
        preceding.reverse();
        let following = after[line_after.len()..].lines().filter(|line| !line.trim().is_empty()).take(FOLLOWING_LINES);
        let following: Vec<String> = following.map(own).collect();
        let indent_unit = indent_unit(before.lines().chain(after.lines()));
        Self { line_before, line_after, preceding, following, indent_unit }
    }

    /// The white space at the start of the cursor's line, up to the cursor.
    pub fn indentation(&self) -> &str {
        leading_white_space(&self.line_before)
    }

    /// Nothing but white space stands left of the cursor on its line.
    pub fn at_line_start(&self) -> bool {
        self.line_before.trim().is_empty()
    }

    /// Nothing but white space stands right of the cursor on its line.
    pub fn at_line_end(&self) -> bool {
        self.line_after.trim().is_empty()
    }
}

fn own(line: &str) -> String {
    line.trim_end_matches('\r').to_owned()
}

pub fn leading_white_space(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The commonest step by which a line is indented more than the one before it.
fn indent_unit<'a>(lines: impl Iterator<Item = &'a str>) -> Option<String> {
    let mut steps = [0_u32; 9];
    let mut tabs = 0;
    let mut before = 0;
    for line in lines.filter(|line| !line.trim().is_empty()) {
        let indent = leading_white_space(line);
        if indent.starts_with('\t') {
            tabs += 1;
            continue;
        }
        if let Some(step) = indent.len().checked_sub(before).filter(|step| (1..=8).contains(step)) {
            steps[step] += 1;
        }
        before = indent.len();
    }
    let (count, step) = (1..=8).map(|step| (steps[step], step)).max_by_key(|&(count, step)| (count, 9 - step))?;
    match (tabs, count) {
        (0, 0) => None,
        (tabs, count) if tabs > count => Some("\t".to_owned()),
        _ => Some(" ".repeat(step)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(fixture: &str) -> Place {
        let offset = fixture.find("$0").expect("fixture has a cursor");
        Place::at(&Rope::from_str(&fixture.replacen("$0", "", 1)), offset)
    }

    #[test]
    fn reads_the_lines_around_the_cursor() {
        let place = place("a\nb\n    let x = $0y;\n\nc\r\nd");
        assert_eq!(place.line_before, "    let x = ");
        assert_eq!(place.line_after, "y;");
        assert_eq!(place.preceding, ["a", "b"]);
        assert_eq!(place.following, ["c", "d"]);
        assert_eq!(place.indentation(), "    ");
    }

    #[test]
    fn a_cursor_on_an_empty_line_has_the_lines_above() {
        assert_eq!(place("a\nb\n$0\nc\n").preceding, ["a", "b"]);
    }

    #[test]
    fn finds_the_unit_of_indentation() {
        assert_eq!(place("if a:\n  b\n  if c:\n    d\n$0").indent_unit.as_deref(), Some("  "));
        assert_eq!(place("{\n\ta\n\t\tb\n}$0").indent_unit.as_deref(), Some("\t"));
        assert_eq!(place("{\n   a\n      b\n}$0").indent_unit.as_deref(), Some("   "));
        assert_eq!(place("a$0").indent_unit, None);
    }
}
