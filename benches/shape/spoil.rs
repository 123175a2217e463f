//! What a model makes of the right text: it stops too early, goes on too long, or writes something else.

use crate::holes::Random;

const CLOSERS: [&str; 8] = [")", "}", "]", ")}", "end", "\"", "'", ">"];
const OPENERS: [&str; 8] = ["(", "{", "[", " {", "\"", "'", "/*", " do"];
const MARKS: [&str; 4] = ["<|endoftext|>", "<fim_middle>", "</s>", "\n```\n"];

/// `truth` cut and spoiled; `text` is the file that lines from elsewhere come from.
pub fn spoil(truth: &str, text: &str, random: &mut Random) -> String {
    let mut raw = cut(truth, random);
    match random.below(8) {
        // As it is: half of the outputs of a good model are right as far as they go.
        0..=2 => {}
        3 => raw.push_str(CLOSERS[random.below(CLOSERS.len())]),
        4 => raw.push_str(OPENERS[random.below(OPENERS.len())]),
        5 => {
            let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
            let first = random.below(lines.len());
            for line in lines.iter().skip(first).take(1 + random.below(5)) {
                raw.push('\n');
                raw.push_str(line);
            }
        }
        6 => raw.push_str(MARKS[random.below(MARKS.len())]),
        _ => {
            // A character somewhere is another one.
            let at = random.below(raw.len().max(1));
            let at = (0..=at).rev().find(|at| raw.is_char_boundary(*at)).unwrap_or(0);
            raw.insert_str(at, [CLOSERS, OPENERS][random.below(2)][random.below(8)]);
        }
    }
    raw
}

/// At a line's end, a token's end, or anywhere.
fn cut(truth: &str, random: &mut Random) -> String {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let kind = random.below(3);
    let ends: Vec<usize> = truth
        .char_indices()
        .filter(|&(at, character)| {
            let before = truth[..at].chars().next_back().unwrap_or(' ');
            match kind {
                0 => character == '\n',
                1 => !(is_word(before) && is_word(character)),
                _ => true,
            }
        })
        .map(|(at, _)| at)
        .chain([truth.len()])
        .collect();
    truth[..ends[random.below(ends.len())]].to_owned()
}
