//! Whether to complete at a place, and how much.

use super::shape::begins_block;
use super::{Place, Reason, Trigger};
use crate::config::CompletionSettings;
use crate::syntax::{Cursor, Region};
use crate::text::Document;

/// A line longer than this is generated or minified: Tabby's index takes no file with lines above 300 characters; people
/// do write longer ones, nobody writes these.
pub const LONGEST_LINE_BYTES: usize = 2_000;

/// How much is asked of the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    pub max_lines: u32,
    pub candidates: u32,
}

/// Reasons to stay silent that the text alone gives.
pub fn check_text(
    document: &Document,
    place: &Place,
    trigger: Trigger,
    settings: &CompletionSettings,
) -> Result<(), Reason> {
    if document.len_bytes() > settings.max_document_bytes {
        return Err(Reason::DocumentTooLarge { bytes: document.len_bytes(), limit: settings.max_document_bytes });
    }
    let line_bytes = place.line_before.len() + place.line_after.len();
    if line_bytes > LONGEST_LINE_BYTES {
        return Err(Reason::LineTooLong { bytes: line_bytes });
    }
    if trigger == Trigger::Automatic && !may_insert_before(&place.line_after) {
        return Err(Reason::MidLine);
    }
    Ok(())
}

/// Reasons to stay silent that the syntax gives, and how many lines are wanted. `cursor` is absent where there is no
/// tree: then one line.
pub fn plan(
    place: &Place,
    cursor: Option<&Cursor>,
    trigger: Trigger,
    settings: &CompletionSettings,
) -> Result<Plan, Reason> {
    let region = cursor.map_or(Region::Code, |cursor| cursor.region);
    match region {
        Region::Comment if !settings.in_comments => return Err(Reason::InComment),
        Region::String if !settings.in_strings => return Err(Reason::InString),
        _ => {}
    }
    let candidates = if trigger == Trigger::Invoked { settings.candidates.max(1) } else { 1 };
    let max_lines = settings.max_lines.max(1);
    let multi_line = region == Region::Code
        && cursor
            .is_some_and(|cursor| trigger == Trigger::Invoked && place.at_line_end() || takes_lines(place, cursor));
    Ok(Plan { max_lines: if multi_line { max_lines } else { 1 }, candidates })
}

/// Whether more than the rest of the line belongs to what is being written: a block, a list, a statement of its own.
fn takes_lines(place: &Place, cursor: &Cursor) -> bool {
    if !place.at_line_end() {
        // `{|}`: the editor closed what the block is about to fill.
        let closes = |after: char| matches!(after, ')' | ']' | '}' | ';' | ',');
        return cursor.in_empty_block && place.line_after.trim().chars().all(closes);
    }
    cursor.in_empty_block || cursor.in_list || place.at_line_start() || begins_block(&place.line_before)
}

/// Copilot's rule for the middle of a line: closing brackets and quotes, then perhaps one separator, may follow.
fn may_insert_before(line_after: &str) -> bool {
    let rest = line_after.trim_start().trim_start_matches([')', '>', '}', ']', '"', '\'', '`']);
    let rest = rest.trim();
    rest.is_empty() || matches!(rest, ":" | "{" | ";" | ",")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(fixture: &str, trigger: Trigger, settings: &CompletionSettings) -> Result<(), Reason> {
        let offset = fixture.find("$0").expect("fixture has a cursor");
        let document = Document::new("file:///a.rs", "rust", 1, &fixture.replacen("$0", "", 1));
        check_text(&document, &Place::at(document.rope(), offset), trigger, settings)
    }

    #[test]
    fn text_right_of_the_cursor_keeps_automatic_requests_silent() {
        let settings = CompletionSettings::default();
        for fixture in ["foo($0)", "foo($0);", "\"$0\"", "if a $0{", "x$0", "f($0),", "[$0]:"] {
            assert_eq!(check(fixture, Trigger::Automatic, &settings), Ok(()), "{fixture}");
        }
        for fixture in ["fo$0o", "$0let x", "f($0, b)", "a $0+ b"] {
            assert_eq!(check(fixture, Trigger::Automatic, &settings), Err(Reason::MidLine), "{fixture}");
            assert_eq!(check(fixture, Trigger::Invoked, &settings), Ok(()), "{fixture}");
        }
    }

    #[test]
    fn large_documents_are_left_alone() {
        let settings = CompletionSettings { max_document_bytes: 3, ..CompletionSettings::default() };
        assert_eq!(check("abcd$0", Trigger::Invoked, &settings), Err(Reason::DocumentTooLarge { bytes: 4, limit: 3 }));
    }

    #[test]
    fn minified_lines_are_left_alone() {
        let line = "x".repeat(3_000);
        let settings = CompletionSettings::default();
        assert!(matches!(check(&format!("{line}$0"), Trigger::Invoked, &settings), Err(Reason::LineTooLong { .. })));
    }

    fn plan_for(
        fixture: &str,
        cursor: Cursor,
        trigger: Trigger,
        settings: &CompletionSettings,
    ) -> Result<Plan, Reason> {
        let offset = fixture.find("$0").expect("fixture has a cursor");
        let document = Document::new("file:///a.rs", "rust", 1, &fixture.replacen("$0", "", 1));
        plan(&Place::at(document.rope(), offset), Some(&cursor), trigger, settings)
    }

    fn cursor(region: Region, in_empty_block: bool) -> Cursor {
        Cursor { region, in_empty_block, in_list: false, open_bracket: None, scopes: Vec::new() }
    }

    #[test]
    fn lines_follow_the_syntax() {
        let settings = CompletionSettings::default();
        let lines = |fixture, in_empty_block, trigger| {
            plan_for(fixture, cursor(Region::Code, in_empty_block), trigger, &settings).map(|plan| plan.max_lines)
        };
        assert_eq!(lines("let x = $0", false, Trigger::Automatic), Ok(1));
        assert_eq!(lines("let x = $0", false, Trigger::Invoked), Ok(12));
        assert_eq!(lines("fn a() {$0\n}", true, Trigger::Automatic), Ok(12));
        assert_eq!(lines("fn a() {\n    $0\n}", true, Trigger::Automatic), Ok(12));
        assert_eq!(lines("foo($0)", false, Trigger::Automatic), Ok(1));
        assert_eq!(lines("fn a() {$0}", true, Trigger::Automatic), Ok(12));
        assert_eq!(lines("f(|x| {$0});", true, Trigger::Automatic), Ok(12));
        assert_eq!(lines("fn a() {$0 b(); }", true, Trigger::Invoked), Ok(1));
        assert_eq!(lines("    if a $0", false, Trigger::Automatic), Ok(12));
        assert_eq!(lines("    } $0", false, Trigger::Automatic), Ok(12));
        assert_eq!(lines("    iffy $0", false, Trigger::Automatic), Ok(1));
    }

    #[test]
    fn comments_and_strings_follow_the_settings() {
        let settings = CompletionSettings { in_comments: false, in_strings: false, ..CompletionSettings::default() };
        let reason = |region| plan_for("x $0", cursor(region, false), Trigger::Automatic, &settings).err();
        assert_eq!(reason(Region::Comment), Some(Reason::InComment));
        assert_eq!(reason(Region::String), Some(Reason::InString));
        assert_eq!(reason(Region::Code), None);
    }
}
