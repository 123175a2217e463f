//! Suggestions are indented as the file is.

use crate::complete::Place;
use crate::complete::place::leading_white_space;

/// Rewrites the indentation of every line but the first where it is made of the other kind of white space than the
/// file's. A file that shows no indentation yet has no kind.
pub fn match_file(text: &str, place: &Place) -> String {
    let Some(unit) = place.indent_unit.as_deref() else { return text.to_owned() };
    let own_unit = own_unit(text);
    let mut lines = text.split('\n');
    let mut result = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let indent = leading_white_space(line);
        result.push('\n');
        if line.trim().is_empty() {
            continue;
        }
        if unit == "\t" && indent.contains(' ') {
            let columns: usize = indent.chars().map(|character| if character == '\t' { own_unit } else { 1 }).sum();
            result.push_str(&"\t".repeat(columns / own_unit));
            result.push_str(&" ".repeat(columns % own_unit));
        } else if unit != "\t" && indent.contains('\t') {
            result.push_str(&indent.replace('\t', unit));
        } else {
            result.push_str(indent);
        }
        result.push_str(line.trim_start_matches([' ', '\t']).trim_end());
    }
    result
}

/// Spaces of one level in `text` itself: its smallest indentation.
fn own_unit(text: &str) -> usize {
    let indents = text.split('\n').skip(1).filter(|line| !line.trim().is_empty()).map(leading_white_space);
    indents.filter(|indent| indent.starts_with(' ')).map(str::len).min().unwrap_or(4).clamp(2, 8)
}
