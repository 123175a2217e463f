//! Token ids of text that does not change. Tokenising costs 0.2-0.3 ms per KiB, so a window is split into lines whose
//! ids are remembered; the split is only used where it provably gives the same ids as tokenising the whole.

use rustc_hash::FxHashMap;

use crate::engine::fim::{Token, Vocabulary};

/// Where text may be split so that the parts, tokenised one by one, give the tokens of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitRule {
    /// Before every line that is not blank.
    Lines,
    /// Before every line that starts with something else than white space. Vocabularies whose pre-tokeniser joins a
    /// line break with the indentation after it (GPT-2's, StarCoder's) need this.
    Unindented,
    /// Nowhere.
    Never,
}

/// Texts with the junctions that trip pre-tokenisers: indentation, blank lines, CRLF, punctuation before a line break,
/// digits, trailing blanks, tabs, wide characters.
const BATTERY: &[&str] = &[
    "fn main() {\n    let x = 1;\n\n    println!(\"{x}\");\n}\n\n\nstruct A;\n",
    "def f(a):\n\tif a:\n\t\treturn 1\n\n\treturn [\n\t\t1,\n\t]\n\nclass B:\n    pass\n",
    "a = 1\r\n\r\n  b = 22  \r\n\tc = '333'\r\n",
    "x\n\n\n\n        y\n   \n z\n}\n)\n];\n// é ü 漢字\n# 🙂\n\"s\"\n",
    "if (a) {\n  b();\n} else {\n  c( );\n}\n \n\t\n<div>\n  </div>\n#[derive]\n@x\n1\n23\n_a\n",
    "  lead\ntrail  \n  \n\n  both  \n--\n::\n...\n'quoted'\n`tick`\n\\\n",
];

impl SplitRule {
    /// The finest rule that leaves every text of the battery tokenised as a whole would be.
    pub fn for_vocabulary(vocabulary: &impl Vocabulary) -> SplitRule {
        [SplitRule::Lines, SplitRule::Unindented]
            .into_iter()
            .find(|rule| {
                BATTERY.iter().all(|text| {
                    let (mut whole, mut parts) = (Vec::new(), Vec::new());
                    vocabulary.tokenize(text, &mut whole);
                    rule.split(text).for_each(|part| vocabulary.tokenize(part, &mut parts));
                    whole == parts
                })
            })
            .unwrap_or(SplitRule::Never)
    }

    /// The parts of a text, in order; joined they are the text.
    pub fn split(self, text: &str) -> impl Iterator<Item = &str> {
        let mut start = 0;
        std::iter::from_fn(move || {
            let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
            let length = self.next_boundary(rest).unwrap_or(rest.len());
            start += length;
            rest.get(..length)
        })
    }

    fn next_boundary(self, text: &str) -> Option<usize> {
        if self == SplitRule::Never {
            return None;
        }
        text.match_indices('\n').map(|(index, _)| index + 1).find(|&boundary| {
            let line = &text[boundary..];
            let line = match self {
                SplitRule::Lines => line.trim_start_matches([' ', '\t']),
                _ => line,
            };
            line.starts_with(|first: char| !first.is_whitespace())
        })
    }
}

/// Most text kept in one of the two generations, in bytes.
const GENERATION_BYTES: usize = 512 << 10;

/// Longer parts are tokenised anew each time: they are rare, and their keys would push out many lines.
const LONGEST_PART: usize = 8 << 10;

/// The tokens of text parts that were asked for lately. Two generations: when the young one is full it becomes the old
/// one, and what the old one held and nobody asked for is forgotten.
pub struct TokenCache {
    rule: SplitRule,
    young: FxHashMap<Box<str>, Box<[Token]>>,
    old: FxHashMap<Box<str>, Box<[Token]>>,
    young_bytes: usize,
}

impl TokenCache {
    pub fn new(rule: SplitRule) -> Self {
        Self { rule, young: FxHashMap::default(), old: FxHashMap::default(), young_bytes: 0 }
    }

    pub fn rule(&self) -> SplitRule {
        self.rule
    }

    /// Appends the tokens of a text, taking unchanged lines from memory.
    pub fn tokenize(&mut self, vocabulary: &impl Vocabulary, text: &str, out: &mut Vec<Token>) {
        let rule = self.rule;
        for part in rule.split(text) {
            self.tokenize_part(vocabulary, part, out);
        }
    }

    /// Tokens of one line alone, also where the rule would not split there: an estimate for cutting.
    pub fn count_line(&mut self, vocabulary: &impl Vocabulary, line: &str) -> usize {
        let mut tokens = Vec::new();
        self.tokenize_part(vocabulary, line, &mut tokens);
        tokens.len()
    }

    fn tokenize_part(&mut self, vocabulary: &impl Vocabulary, part: &str, out: &mut Vec<Token>) {
        if let Some(tokens) = self.young.get(part) {
            out.extend_from_slice(tokens);
            return;
        }
        if let Some((key, tokens)) = self.old.remove_entry(part) {
            out.extend_from_slice(&tokens);
            self.insert(key, tokens);
            return;
        }
        let before = out.len();
        vocabulary.tokenize(part, out);
        // A part without its line break is the cursor's line: it changes with the next keystroke.
        if part.ends_with('\n') && part.len() <= LONGEST_PART {
            self.insert(part.into(), out[before..].into());
        }
    }

    fn insert(&mut self, key: Box<str>, tokens: Box<[Token]>) {
        if self.young_bytes > GENERATION_BYTES {
            self.old = std::mem::take(&mut self.young);
            self.young_bytes = 0;
        }
        self.young_bytes += key.len() + 4 * tokens.len();
        self.young.insert(key, tokens);
    }
}
