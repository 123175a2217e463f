//! Suggestions are indented as the file is, whatever the model took for its margin and its unit.

use super::blocks::{announces_block, closing_line, takes_deeper};
use super::nesting::Nesting;
use crate::complete::Place;
use crate::complete::place::leading_white_space;

/// Rewrites the indentation of `text`: without what stands left of the cursor already, from the left margin to the
/// cursor's, and in the file's unit. A file that shows no indentation yet has no unit.
pub fn match_file(text: &str, place: &Place) -> String {
    let text = without_own(text, place);
    let text = in_white_space_of_file(text, place);
    let text = from_the_margin(text, place);
    in_unit_of_file(text, place)
}

/// A model that begins its line with the indentation that stands left of the cursor already.
fn without_own(text: &str, place: &Place) -> String {
    let (own, there) = (leading_white_space(text), place.indentation());
    let above_opens = place.preceding.iter().rev().find(|line| !line.trim().is_empty()).is_some_and(|above| {
        leading_white_space(above).len() >= there.len()
            && (announces_block(above) || above.trim_end().ends_with(['{', '(', '[']))
    });
    if !place.at_line_start() || own.is_empty() || there.is_empty() || above_opens {
        return text.to_owned();
    }
    // Where further lines stand deeper, the whole text may mean to.
    let is_level = lines_below(text).all(|line| leading_white_space(line).len() < there.len() + own.len());
    if is_level { text[own.len()..].to_owned() } else { text.to_owned() }
}

/// Tabs to spaces or spaces to tabs, in every line but the first.
fn in_white_space_of_file(text: String, place: &Place) -> String {
    let Some(unit) = place.indent_unit.as_deref() else { return text };
    let own_unit = own_unit(&text, place);
    let rewrite = |line: &str| {
        let indent = leading_white_space(line);
        let rest = line[indent.len()..].trim_end();
        if rest.is_empty() {
            String::new()
        } else if unit == "\t" && indent.contains(' ') {
            let columns: usize = indent.chars().map(|character| if character == '\t' { own_unit } else { 1 }).sum();
            format!("{}{}{rest}", "\t".repeat(columns / own_unit), " ".repeat(columns % own_unit))
        } else if unit != "\t" && indent.contains('\t') {
            format!("{}{rest}", indent.replace('\t', unit))
        } else {
            format!("{indent}{rest}")
        }
    };
    map_lines_below(&text, place, rewrite)
}

/// A model that wrote a block from the left margin although the cursor's line is indented: what ends the block stands
/// left of the line that opened it, or its lines are no deeper than that.
fn from_the_margin(text: String, place: &Place) -> String {
    let there = place.indentation();
    if there.is_empty() || text.starts_with('\n') {
        return text;
    }
    let is_left = match closing_line(&place.line_before, &text) {
        Some(closing) => {
            let mut lines = text.split('\n').skip(1).filter(|line| !line.trim().is_empty()).map(leading_white_space);
            let closing = text.split('\n').nth(closing).map_or("", leading_white_space);
            closing.len() < there.len() && lines.next().is_some_and(|next| next.len() <= there.len())
        }
        None => {
            let first = text.split('\n').next().unwrap_or_default();
            let next = lines_below(&text).next().map_or("", leading_white_space);
            first.trim_end().ends_with(':') && !next.is_empty() && next.len() <= there.len()
        }
    };
    if !is_left {
        return text;
    }
    map_lines_below(&text, place, |line| if line.trim().is_empty() { String::new() } else { format!("{there}{line}") })
}

/// Steps of the model's unit to steps of the file's, where every line of the text goes by whole steps.
fn in_unit_of_file(text: String, place: &Place) -> String {
    let Some(unit) = place.indent_unit.as_deref().filter(|unit| *unit != "\t") else { return text };
    let base = place.indentation().len();
    let first = text.split('\n').find(|line| !line.trim().is_empty()).unwrap_or_default();
    let opens = announces_block(first) || first.trim_end().ends_with('{');
    let deeper = || lines_below(&text).map(|line| leading_white_space(line).len()).filter(|indent| *indent > base);
    let Some(step) = deeper().map(|indent| indent - base).min() else { return text };
    let goes_by_steps = lines_below(&text).all(|line| {
        let indent = leading_white_space(line).len();
        indent <= base || (indent - base).is_multiple_of(step)
    });
    if !opens || step == unit.len() || !(2..=8).contains(&step) || !goes_by_steps {
        return text;
    }
    map_lines_below(&text, place, |line| {
        let indent = leading_white_space(line);
        if indent.len() <= base {
            return line.to_owned();
        }
        format!("{}{}{}", place.indentation(), unit.repeat((indent.len() - base) / step), &line[indent.len()..])
    })
}

/// Spaces of one level in `text` itself: what all its indentations are multiples of.
fn own_unit(text: &str, place: &Place) -> usize {
    let mut widths: Vec<usize> = lines_below(text)
        .map(leading_white_space)
        .filter(|indent| !indent.is_empty() && !indent.contains('\t'))
        .map(str::len)
        .collect();
    widths.sort_unstable();
    widths.dedup();
    let unit = match widths[..] {
        // One width alone: a level deeper than the cursor's line, or as deep.
        [width] => {
            let levels = place.indentation().matches('\t').count();
            let opens = text.split('\n').next().is_some_and(takes_deeper);
            width / (levels + usize::from(opens)).max(1)
        }
        _ => widths.iter().fold(0, |unit, width| greatest_common_divisor(unit, *width)),
    };
    if unit == 0 { 4 } else { unit.clamp(2, 8) }
}

fn greatest_common_divisor(a: usize, b: usize) -> usize {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

/// The lines but the first that are not blank.
fn lines_below(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').skip(1).filter(|line| !line.trim().is_empty())
}

/// Lines that begin inside of a long string stay as they are.
fn map_lines_below(text: &str, place: &Place, rewrite: impl Fn(&str) -> String) -> String {
    let mut nesting = Nesting::of(&place.line_before);
    let mut result = String::with_capacity(text.len() + 64);
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            result.push('\n');
        }
        if number == 0 || nesting.in_long_string() {
            result.push_str(line);
        } else {
            result.push_str(&rewrite(line));
        }
        nesting.read(line);
        nesting.end_line();
    }
    result
}
