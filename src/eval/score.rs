//! How near a suggestion is to the text that stood there.

/// Longest text that is compared letter by letter, in characters: the effort grows with the square.
const MOST_COMPARED: usize = 4_096;

/// How a text compares with the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// The whole is the same but for white space at its ends and at the ends of its lines.
    pub exact: bool,
    /// Their first lines are, as far as they are not blank.
    pub first_line: bool,
    /// 1 less the number of characters to change, divided by the longer length: 1 the same, 0 nothing in common.
    pub similarity: f64,
}

impl Score {
    pub fn of(suggested: &str, answer: &str) -> Self {
        let (suggested, answer) = (normal(suggested), normal(answer));
        let first_line = |text: &str| text.split('\n').next().unwrap_or_default().to_owned();
        Self {
            exact: suggested == answer,
            first_line: first_line(&suggested) == first_line(&answer),
            similarity: similarity(&suggested, &answer),
        }
    }
}

/// Without white space at the ends of the whole and of lines, which no editor shows.
fn normal(text: &str) -> String {
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

fn similarity(one: &str, other: &str) -> f64 {
    let one: Vec<char> = one.chars().take(MOST_COMPARED).collect();
    let other: Vec<char> = other.chars().take(MOST_COMPARED).collect();
    let longer = one.len().max(other.len());
    if longer == 0 { 1.0 } else { 1.0 - distance(&one, &other) as f64 / longer as f64 }
}

/// Levenshtein's: insertions, deletions and replacements of characters.
fn distance(one: &[char], other: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (above, character) in one.iter().enumerate() {
        let mut diagonal = above;
        row[0] = above + 1;
        for at in 0..other.len() {
            let replaced = diagonal + usize::from(*character != other[at]);
            diagonal = row[at + 1];
            row[at + 1] = replaced.min(row[at] + 1).min(diagonal + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn similarity_of(one: &str, other: &str) -> f64 {
        let there = Score::of(one, other).similarity;
        assert_eq!(there, Score::of(other, one).similarity);
        there
    }

    #[test]
    fn similarity_counts_changed_characters() {
        // kitten → sitten → sittin → sitting: three changes of seven letters.
        assert_eq!(similarity_of("kitten", "sitting"), 1.0 - 3.0 / 7.0);
        assert_eq!(similarity_of("abc", "abc"), 1.0);
        assert_eq!(similarity_of("", "abc"), 0.0);
        assert_eq!(similarity_of("", ""), 1.0);
        assert_eq!(similarity_of("é", "e"), 0.0, "characters, not bytes");
        assert_eq!(similarity_of("abcd", "acd"), 0.75);
    }

    #[test]
    fn white_space_at_ends_is_no_difference() {
        let score = Score::of("\n    a();\n    b()", "\r\n    a();  \r\n    b()\r\n");
        assert_eq!(score, Score { exact: true, first_line: true, similarity: 1.0 });
        assert!(!Score::of("a( b)", "a(b)").exact);
    }

    #[test]
    fn the_first_line_counts_by_itself() {
        let score = Score::of("a();\nc();", "\n    a();\n    b();");
        assert!(!score.exact && score.first_line);
        assert!(!Score::of("", "a").first_line);
    }

    #[test]
    fn very_long_texts_are_compared_by_their_heads() {
        let long = "x".repeat(100_000);
        assert_eq!(similarity_of(&long, &format!("{long}y")), 1.0);
        assert!(!Score::of(&long, &format!("{long}y")).exact);
    }
}
