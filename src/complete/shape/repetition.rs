//! Text that runs in circles, the usual failure of small models.

use crate::complete::Place;

/// A line may stand this often in a row before the next one is a loop.
const LINES_ALLOWED: usize = 2;
/// Lengths of blocks, in lines, of which one copy right behind another is a loop. Shorter ones may stand
/// `LINES_ALLOWED` times.
const BLOCK: std::ops::RangeInclusive<usize> = 3..=12;
/// A pattern at the end of a text that follows itself this often is a loop: it went on until the tokens ran out. A
/// list of equal elements in honest code ends with its bracket.
const COPIES_OF_A_LOOP: usize = 4;
/// Lengths of such patterns, in characters.
const PATTERN: std::ops::RangeInclusive<usize> = 3..=32;

/// Cuts where the text begins to repeat itself, or the lines above the cursor.
pub fn cut_loops(text: &str, place: &Place) -> String {
    let lines: Vec<&str> = text.split('\n').collect();
    let whole = |number: usize| match number {
        0 => format!("{}{}", place.line_before, lines[0]),
        _ => lines[number].to_owned(),
    };
    let mut seen: Vec<String> = place.preceding.clone();
    let mut kept: Vec<&str> = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        let whole = whole(number);
        if repeats(&whole, &seen) {
            break;
        }
        if !whole.trim().is_empty() {
            seen.push(whole);
        }
        kept.push(line);
    }
    if let Some(end) = block_loop(&lines[..kept.len()], place) {
        return lines[..end].join("\n");
    }
    // Only the last line can have run out of tokens.
    if kept.len() == lines.len()
        && let Some(last) = kept.last_mut()
        && let Some(end) = loop_start(last)
    {
        *last = last[..end].trim_end();
    }
    kept.join("\n")
}

/// The line was there `LINES_ALLOWED` times just before, in a row or at every other line.
fn repeats(line: &str, seen: &[String]) -> bool {
    let trimmed = line.trim();
    // Closing brackets follow each other in honest code.
    if trimmed.chars().filter(|character| character.is_alphanumeric()).count() < 2 {
        return false;
    }
    let same = |before: &&String| before.trim() == trimmed;
    let run = seen.iter().rev().take_while(same).count();
    let alternating = seen.iter().rev().skip(1).step_by(2).take_while(same).count();
    run >= LINES_ALLOWED || alternating >= LINES_ALLOWED
}

/// The number of lines before the first block that repeats the block right before it, blank lines aside.
fn block_loop(lines: &[&str], place: &Place) -> Option<usize> {
    let first = format!("{}{}", place.line_before, lines.first()?);
    let solid: Vec<(usize, &str)> = lines
        .iter()
        .enumerate()
        .map(|(number, line)| (number, if number == 0 { first.trim() } else { line.trim() }))
        .filter(|(_, line)| !line.is_empty())
        .collect();
    let has_words = |line: &str| line.chars().filter(|character| character.is_alphanumeric()).count() >= 2;
    (1..solid.len()).find_map(|start| {
        let repeats = BLOCK.filter(|length| *length <= start).any(|length| {
            let (block, copy) = (&solid[start - length..start], &solid[start..]);
            let pairs = || block.iter().zip(copy);
            let is_whole = copy.len() >= length;
            is_whole && pairs().all(|(a, b)| a.1 == b.1) && pairs().filter(|(a, _)| has_words(a.1)).count() >= 3
        });
        repeats.then(|| solid[start].0)
    })
}

/// The byte behind the first copy of a pattern that fills the rest of the line with copies of itself.
fn loop_start(line: &str) -> Option<usize> {
    let characters: Vec<(usize, char)> = line.char_indices().collect();
    let count = characters.len();
    let at = |index: usize| characters[index].1;
    PATTERN.take_while(|length| length * COPIES_OF_A_LOOP <= count).find_map(|length| {
        let mut start = count - length;
        while start > 0 && at(start - 1) == at(start - 1 + length) {
            start -= 1;
        }
        let is_loop = count - start >= length * COPIES_OF_A_LOOP;
        let has_letters = (start..start + length).any(|index| at(index).is_alphabetic());
        (is_loop && has_letters).then(|| characters[start + length].0)
    })
}
