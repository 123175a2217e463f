//! A file's text as the repository keeps it: four bytes a token.

use super::vocabulary::{FILE_START, LINE_END, Vocabulary};
use crate::engine::lookup::lexer::{TokenId, lex};

/// A token as it is stored: the number of its text and ten bits about the white space at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stored(pub u32);

const DETAIL_BITS: u32 = 10;
/// White space that is not up to 14 spaces: what it is, is not stored, and the token behind it is not proposed.
pub const ODD_GAP: u8 = 15;
/// Line breaks between two lines that are told apart: 1 to 4.
const MAX_BREAKS: usize = 4;

impl Stored {
    pub fn number(self) -> u32 {
        self.0 >> DETAIL_BITS
    }

    /// A file's first token. `indents_with_tabs` is about its lines.
    pub fn file_start(indents_with_tabs: bool) -> Self {
        Self(FILE_START << DETAIL_BITS | u32::from(indents_with_tabs))
    }

    pub fn indents_with_tabs(self) -> bool {
        self.0 & 1 == 1
    }

    /// `gap` is the white space before the token on its line.
    pub fn token(number: u32, gap: &str) -> Self {
        let is_plain = gap.len() < usize::from(ODD_GAP) && gap.bytes().all(|byte| byte == b' ');
        Self(number << DETAIL_BITS | if is_plain { gap.len() as u32 } else { u32::from(ODD_GAP) })
    }

    /// Spaces before the token, or `ODD_GAP`.
    pub fn gap(self) -> u8 {
        (self.0 & 0xf) as u8
    }

    /// `indentation` in bytes; more than 255 count as 255.
    pub fn line_end(indentation: u16) -> Self {
        Self(LINE_END << DETAIL_BITS | u32::from(indentation.min(255)))
    }

    pub fn with_breaks(self, breaks: usize) -> Self {
        Self(self.0 | ((breaks.clamp(1, MAX_BREAKS) - 1) as u32) << 8)
    }

    /// Of a line end: bytes of its line's indentation.
    pub fn indentation(self) -> usize {
        (self.0 & 0xff) as usize
    }

    /// Of a line end: line breaks to the next line that is not blank.
    pub fn breaks(self) -> usize {
        (self.0 >> 8 & 3) as usize + 1
    }

    /// The same token in another vocabulary.
    pub fn renumbered(self, number: u32) -> Self {
        Self(number << DETAIL_BITS | self.0 & ((1 << DETAIL_BITS) - 1))
    }
}

/// Longer lines have no tokens: minified text and embedded data.
const MAX_LINE_BYTES: usize = 8 << 10;

/// The tokens of a file, its start before the first. Each line ends with a line end.
pub fn encode(text: &str, vocabulary: &mut Vocabulary) -> Vec<Stored> {
    let (mut tabs, mut spaces) = (0usize, 0usize);
    let mut tokens = vec![Stored::file_start(false)];
    let mut last_end: Option<(usize, usize)> = None;
    for (line_number, line) in text.split_inclusive('\n').enumerate() {
        if line.len() > MAX_LINE_BYTES {
            continue;
        }
        let (mut end, mut indentation, mut is_first) = (0, 0, true);
        let first = tokens.len();
        lex(line, |token| {
            let start = token.start as usize;
            if token.id == TokenId::LINE_END {
                return;
            }
            let gap = line.get(end..start).unwrap_or_default();
            end = start + usize::from(token.len);
            let word = line.get(start..end).unwrap_or_default();
            let number = vocabulary.intern(token.id, word);
            if std::mem::take(&mut is_first) {
                indentation = gap.len();
                tabs += usize::from(gap.starts_with('\t'));
                spaces += usize::from(gap.starts_with(' '));
                tokens.push(Stored::token(number, ""));
            } else {
                tokens.push(Stored::token(number, gap));
            }
        });
        if tokens.len() == first {
            continue;
        }
        if let Some((index, before)) = last_end
            && let Some(token) = tokens.get_mut(index)
        {
            *token = token.with_breaks(line_number - before);
        }
        last_end = Some((tokens.len(), line_number));
        tokens.push(Stored::line_end(u16::try_from(indentation).unwrap_or(u16::MAX)));
    }
    if let Some(start) = tokens.first_mut() {
        *start = Stored::file_start(tabs > spaces);
    }
    tokens
}
