//! Text that runs in circles, the usual failure of small models.

use crate::complete::Place;

/// A line may stand this often in a row, or a pattern within a line follow itself this often, before it is a loop.
const REPEATS_ALLOWED: usize = 2;
/// Patterns within a line that are looked for, in characters. Shorter ones repeat in honest code (`====`, `0, 0, 0`).
const PATTERN: std::ops::RangeInclusive<usize> = 3..=24;

/// Cuts where the text begins to repeat itself, or the lines above the cursor.
pub fn cut_loops(text: &str, place: &Place) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for (number, line) in text.split('\n').enumerate() {
        let whole = if number == 0 { format!("{}{line}", place.line_before) } else { line.to_owned() };
        if repeats_lines(&whole, number, &kept, place) {
            break;
        }
        match loop_start(line) {
            Some(end) => {
                kept.push(line[..end].trim_end());
                break;
            }
            None => kept.push(line),
        }
    }
    kept.join("\n")
}

/// The line was there at least `REPEATS_ALLOWED` times in the lines just before it.
fn repeats_lines(line: &str, number: usize, kept: &[&str], place: &Place) -> bool {
    let trimmed = line.trim();
    // Closing brackets follow each other in honest code.
    if trimmed.chars().filter(|character| character.is_alphanumeric()).count() < 2 {
        return false;
    }
    let first = kept.first().map(|first| format!("{}{first}", place.line_before));
    let above = place.preceding.iter().map(String::as_str);
    let here = (0..number).map(|index| if index == 0 { first.as_deref().unwrap_or_default() } else { kept[index] });
    let lines: Vec<&str> = above.chain(here).filter(|line| !line.trim().is_empty()).collect();
    let run = lines.iter().rev().take_while(|before| before.trim() == trimmed).count();
    let alternating = lines.iter().rev().skip(1).step_by(2).take_while(|before| before.trim() == trimmed).count();
    run >= REPEATS_ALLOWED || alternating >= REPEATS_ALLOWED
}

/// The byte at which a pattern has followed itself more than `REPEATS_ALLOWED` times, if it does.
fn loop_start(line: &str) -> Option<usize> {
    let characters: Vec<(usize, char)> = line.char_indices().collect();
    let at = |index: usize| characters[index].1;
    for start in 0..characters.len() {
        for length in PATTERN {
            let copies = REPEATS_ALLOWED + 1;
            if start + length * (copies + 1) > characters.len() {
                break;
            }
            let distinct = (start..start + length).any(|index| at(index).is_alphabetic());
            if distinct && (start + length..start + length * (copies + 1)).all(|index| at(index) == at(index - length))
            {
                return Some(characters[start + length].0);
            }
        }
    }
    None
}
