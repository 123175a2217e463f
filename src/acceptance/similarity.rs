//! How much of one text is still there in another, white space aside.

/// Longer texts are compared by their beginnings, in characters. Suggestions are far shorter: 2,048 tokens at most.
const LONGEST: usize = 16 << 10;

/// Twice the longest common subsequence over both lengths, in percent, rounded down so that 100 means equal. White space
/// does not count: a formatter's work is not the user's. Two blank texts are equal.
///
/// Bit-parallel, 64 characters a step.
pub fn percent(one: &str, other: &str) -> u8 {
    let (one, other) = (solid(one), solid(other));
    let total = one.len() + other.len();
    if total == 0 {
        return 100;
    }
    u8::try_from(200 * common(&one, &other) / total).unwrap_or(100)
}

fn solid(text: &str) -> Vec<char> {
    text.chars().filter(|character| !character.is_whitespace()).take(LONGEST).collect()
}

/// Length of the longest common subsequence. The bits of a row of the usual table stand for the places where its value
/// does not rise (Crochemore and others, 2001).
fn common(one: &[char], other: &[char]) -> usize {
    let words = one.len().div_ceil(64);
    let mut alphabet: std::collections::HashMap<char, Vec<u64>> = std::collections::HashMap::new();
    for (at, character) in one.iter().enumerate() {
        alphabet.entry(*character).or_insert_with(|| vec![0; words])[at / 64] |= 1 << (at % 64);
    }
    let mut row = vec![u64::MAX; words];
    for matches in other.iter().filter_map(|character| alphabet.get(character)) {
        let mut carry = false;
        for (bits, matched) in row.iter_mut().zip(matches) {
            let (sum, over) = bits.overflowing_add(*bits & matched);
            let (sum, over_again) = sum.overflowing_add(u64::from(carry));
            carry = over || over_again;
            *bits = sum | (*bits & !matched);
        }
    }
    let last = one.len() % 64;
    let used = |word: usize| if word + 1 == words && last > 0 { (1 << last) - 1 } else { u64::MAX };
    row.iter().enumerate().map(|(word, bits)| (!bits & used(word)).count_ones() as usize).sum()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_was_changed_costs_its_share() {
        assert_eq!(percent("foo(bar)", "foo(bar)"), 100);
        assert_eq!(percent("foo(bar)", "foo(baz)"), 87);
        assert_eq!(percent("foo(bar)", ""), 0);
        assert_eq!(percent("abc", "xyz"), 0);
        assert_eq!(percent("", " \n"), 100);
    }

    #[test]
    fn a_formatter_changes_nothing() {
        assert_eq!(percent("if a{b();}", "if a {\n    b();\n}\n"), 100);
    }

    #[test]
    fn long_texts_are_cut_and_not_slow() {
        let long = "漢字".repeat(LONGEST);
        assert_eq!(percent(&long, &long), 100);
    }

    fn by_table(one: &[char], other: &[char]) -> usize {
        let mut row = vec![0; other.len() + 1];
        for a in one {
            let mut diagonal = 0;
            for (at, b) in other.iter().enumerate() {
                let above = row[at + 1];
                row[at + 1] = if a == b { diagonal + 1 } else { above.max(row[at]) };
                diagonal = above;
            }
        }
        row[other.len()]
    }

    proptest! {
        #[test]
        fn bits_and_table_agree(one in "[abc]{0,150}", other in "[abcd]{0,150}") {
            let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
            prop_assert_eq!(common(&one, &other), by_table(&one, &other));
        }
    }
}
