//! How many tokens lines of text have in a server's vocabulary: asked once and remembered, and otherwise bounded from their bytes.

use rustc_hash::FxHashMap;

/// Most text kept in one of the two generations, in bytes.
const GENERATION_BYTES: usize = 512 << 10;
/// Longer lines are bounded by their bytes: they are rare, and their keys would push out many others.
const LONGEST_LINE: usize = 4 << 10;

/// Tokens for a byte of code while a server has not told any count, in hundredths: two bytes a token. Code has three to four, so this
/// leaves room unused rather than overflow a context.
const FIRST_RATE: u32 = 50;
/// What a measured rate is raised by, in percent: another part of the code may be denser.
const SAFETY_PERCENT: u32 = 15;

#[derive(Debug)]
pub struct TokenCounts {
    young: FxHashMap<Box<str>, u32>,
    old: FxHashMap<Box<str>, u32>,
    young_bytes: usize,
    /// Hundredths of tokens a byte, where the server has no count of its own.
    rate: u32,
    /// The server counts, so what it has not counted yet is bounded strictly: no token is less than a byte.
    is_exact: bool,
}

impl TokenCounts {
    pub fn new(is_exact: bool) -> Self {
        Self { young: FxHashMap::default(), old: FxHashMap::default(), young_bytes: 0, rate: FIRST_RATE, is_exact }
    }

    /// The server's way to count is gone: from now on bytes decide.
    pub fn give_up(&mut self) {
        self.is_exact = false;
    }

    /// A prompt of so many bytes had so many tokens.
    pub fn learn(&mut self, bytes: usize, tokens: u32) {
        // Short ones are mostly markers.
        if bytes < 400 || tokens == 0 {
            return;
        }
        let measured = u64::from(tokens) * u64::from(100 + SAFETY_PERCENT) / bytes as u64 + 1;
        let measured = u32::try_from(measured).unwrap_or(u32::MAX).clamp(10, 100);
        // Up at once, down slowly.
        self.rate = if measured > self.rate { measured } else { (3 * self.rate + measured) / 4 };
    }

    /// Of one line, at most.
    pub fn of_line(&self, line: &str) -> usize {
        self.young
            .get(line)
            .or_else(|| self.old.get(line))
            .map_or_else(|| self.bound(line.len()), |count| *count as usize)
    }

    pub fn of_text(&self, text: &str) -> usize {
        text.split_inclusive('\n').map(|line| self.of_line(line)).sum()
    }

    /// Of text that nobody has counted.
    pub fn bound(&self, bytes: usize) -> usize {
        if self.is_exact { bytes } else { (bytes * self.rate as usize).div_ceil(100) }
    }

    /// The whole lines of these texts that are worth a question. Nothing where a server does not count.
    pub fn unknown<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> Vec<&'t str> {
        if !self.is_exact {
            return Vec::new();
        }
        let lines = texts.into_iter().flat_map(|text| text.split_inclusive('\n'));
        // A line without its end is the cursor's: it changes with the next keystroke.
        let mut unknown: Vec<&str> = lines
            .filter(|line| line.ends_with('\n') && line.len() <= LONGEST_LINE)
            .filter(|line| !self.young.contains_key(*line) && !self.old.contains_key(*line))
            .collect();
        unknown.sort_unstable();
        unknown.dedup();
        unknown
    }

    /// Shares the lengths in bytes of the tokens of these lines, joined, out to them. A token across a border counts to the line in
    /// which it begins. False: they are not the tokens of this text.
    pub fn add(&mut self, lines: &[&str], tokens: &[usize]) -> bool {
        let total: usize = lines.iter().map(|line| line.len()).sum();
        if tokens.iter().sum::<usize>() != total {
            return false;
        }
        let mut tokens = tokens.iter().peekable();
        let (mut at, mut end) = (0, 0);
        for line in lines {
            end += line.len();
            let mut count = 0;
            while at < end
                && let Some(length) = tokens.next()
            {
                at += length;
                count += 1;
            }
            // Alone it has one at least.
            self.insert(line, count.max(1));
        }
        true
    }

    fn insert(&mut self, line: &str, count: u32) {
        if self.young_bytes > GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += line.len() + 16;
        self.young.insert(line.into(), count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_count_is_asked_for_once() {
        let mut counts = TokenCounts::new(true);
        let text = "fn a() {\n    b();\n    b();\n}";
        let unknown = counts.unknown([text]);
        assert_eq!(unknown, ["    b();\n", "fn a() {\n"], "the last line is not whole");
        assert_eq!(counts.of_text(text), text.len(), "until then no token is less than a byte");
        assert!(counts.add(&unknown, &[4, 1, 4, 2, 4, 3]));
        assert_eq!((counts.of_line("    b();\n"), counts.of_line("fn a() {\n")), (3, 3));
        assert!(counts.unknown([text]).is_empty());
    }

    #[test]
    fn a_token_across_two_lines_counts_to_the_first() {
        let mut counts = TokenCounts::new(true);
        assert!(counts.add(&["a\n", "b\n"], &[1, 2, 1]));
        assert_eq!((counts.of_line("a\n"), counts.of_line("b\n")), (2, 1));
        assert!(!counts.add(&["c\n"], &[1]), "these are the tokens of something else");
        assert_eq!(counts.of_line("c\n"), 2);
    }

    #[test]
    fn where_nobody_counts_bytes_and_what_servers_tell_decide() {
        let mut counts = TokenCounts::new(false);
        assert_eq!(counts.bound(100), 50);
        counts.learn(1000, 250);
        let after_one = counts.bound(100);
        for _ in 0..20 {
            counts.learn(1000, 250);
        }
        assert!(after_one < 50 && counts.bound(1000) >= 250 && counts.bound(1000) < 320);
        counts.learn(1000, 900);
        assert!(counts.bound(1000) >= 900, "dense text is believed at once");
        assert!(counts.unknown(["a\n"]).is_empty());
    }
}
