//! Suggestions are indented as the file is.

use crate::complete::Place;
use crate::complete::place::leading_white_space;

/// Rewrites the indentation of every line but the first where it is made of the other kind of white space.
pub fn match_file(text: &str, place: &Place) -> String {
    let file_uses_tabs = place.indent_unit == "\t";
    let mut lines = text.split('\n');
    let mut result = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        let indent = leading_white_space(line);
        result.push('\n');
        if line.trim().is_empty() {
            continue;
        }
        if file_uses_tabs && indent.contains(' ') {
            // Four spaces a level is what models write when they forget the tabs.
            let columns: usize = indent.chars().map(|character| if character == '\t' { 4 } else { 1 }).sum();
            result.push_str(&"\t".repeat(columns / 4));
            result.push_str(&" ".repeat(columns % 4));
        } else if !file_uses_tabs && indent.contains('\t') {
            result.push_str(&indent.replace('\t', &place.indent_unit));
        } else {
            result.push_str(indent);
        }
        result.push_str(line.trim_start_matches([' ', '\t']).trim_end());
    }
    result
}
