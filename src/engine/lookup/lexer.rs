//! Cuts the text of any language into tokens. Knows no grammar: words, numbers, single punctuation marks, line ends.
//!
//! White space is no token: it is the gap before one, so that a context matches however it is laid out. Each line is
//! lexed by itself, without state from the line before, which is what makes incremental updates exact.

use std::hash::Hasher;

use rustc_hash::FxHasher;

/// What a token is, kept in the two highest bits of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    LineEnd,
    Punctuation,
    Word,
    Number,
}

/// A token's identity: its kind and a 30-bit hash of its text. Two texts share an id with a chance of 1 in 10⁹.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TokenId(pub u32);

/// The two highest bits of a punctuation mark's id.
const PUNCTUATION: u32 = 1 << 30;
/// Longer words are cut into pieces of this many bytes (embedded data, minified names).
const MAX_TOKEN_BYTES: usize = 128;

impl TokenId {
    /// The end of a line that is not blank. Blank lines have no tokens at all.
    pub const LINE_END: TokenId = TokenId(0);

    pub fn new(kind: Kind, text: &str) -> Self {
        if kind == Kind::Punctuation
            && let [mark] = text.as_bytes()
        {
            return Self(PUNCTUATION | u32::from(*mark));
        }
        let mut hasher = FxHasher::default();
        hasher.write(text.as_bytes());
        let hash = hasher.finish();
        let folded = (hash ^ (hash >> 32)) as u32;
        match kind {
            Kind::LineEnd => Self::LINE_END,
            // The bit above a byte keeps other marks apart from ASCII ones.
            Kind::Punctuation => Self(PUNCTUATION | folded >> 2 | 1 << 8),
            Kind::Word => Self(2 << 30 | folded >> 2),
            Kind::Number => Self(3 << 30 | folded >> 2),
        }
    }

    pub fn kind(self) -> Kind {
        match self.0 >> 30 {
            0 => Kind::LineEnd,
            1 => Kind::Punctuation,
            2 => Kind::Word,
            _ => Kind::Number,
        }
    }

    pub fn bracket(self) -> Option<Bracket> {
        match self.ascii_mark()? {
            open @ (b'(' | b'[' | b'{') => Some(Bracket::Opens(open)),
            b')' => Some(Bracket::Closes(b'(')),
            b']' => Some(Bracket::Closes(b'[')),
            b'}' => Some(Bracket::Closes(b'{')),
            _ => None,
        }
    }

    pub fn is_double_quote(self) -> bool {
        self.ascii_mark() == Some(b'"')
    }

    /// The byte of an ASCII punctuation mark: such ids hold the byte itself.
    fn ascii_mark(self) -> Option<u8> {
        u8::try_from(self.0 ^ PUNCTUATION).ok()
    }

    /// A word or a number: what may differ between two pieces of code of the same shape.
    pub fn is_replaceable(self) -> bool {
        self.0 >> 31 == 1
    }
}

/// A token of one line. `start` is in bytes from the beginning of the lexed text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    pub id: TokenId,
    pub start: u32,
    /// Bytes of text; for a line end the width in bytes of its line's indentation.
    pub len: u16,
    /// The first four bytes of the text, the first one highest, zero-padded.
    pub head: u32,
    pub place: LinePlace,
}

/// Where a token stands in its line. Both numbers stop at 255.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LinePlace {
    /// Tokens before it on its line.
    pub index: u8,
    /// Brackets that are open before it, counted from the line's beginning.
    pub depth: u8,
}

impl LinePlace {
    /// The place after a token that stands here.
    pub fn after(self, id: TokenId) -> Self {
        let depth = match id.bracket() {
            Some(Bracket::Opens(_)) => self.depth.saturating_add(1),
            Some(Bracket::Closes(_)) => self.depth.saturating_sub(1),
            None => self.depth,
        };
        Self { index: self.index.saturating_add(1), depth }
    }
}

/// A bracket, named by the byte that opens it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bracket {
    Opens(u8),
    Closes(u8),
}

/// Lexes `text` line by line and hands the tokens to `push`.
pub fn lex(text: &str, mut push: impl FnMut(Token)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut indentation = 0u16;
    let mut line_start = 0;
    let mut line_has_tokens = false;
    let mut place = LinePlace::default();
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\n' | b'\r' => {
                if line_has_tokens {
                    push(Token { id: TokenId::LINE_END, start: at as u32, len: indentation, head: 0, place });
                    line_has_tokens = false;
                }
                at += 1;
                line_start = at;
            }
            b' ' | b'\t' | 0x0b | 0x0c => at += 1,
            _ => {
                if !line_has_tokens {
                    line_has_tokens = true;
                    place = LinePlace::default();
                    indentation = u16::try_from(at - line_start).unwrap_or(u16::MAX);
                }
                let (kind, len) = measure(text, at);
                let token_text = text.get(at..at + len).unwrap_or_default();
                let id = TokenId::new(kind, token_text);
                push(Token { id, start: at as u32, len: len as u16, head: head(token_text.as_bytes()), place });
                place = place.after(id);
                at += len;
            }
        }
    }
}

/// The first four bytes as one number, so that a common beginning is one masked comparison.
pub fn head(bytes: &[u8]) -> u32 {
    bytes.iter().take(4).enumerate().fold(0, |head, (i, &byte)| head | u32::from(byte) << (24 - 8 * i))
}

/// Kind and length in bytes of the token at `at`, which is a character boundary and no white space.
fn measure(text: &str, at: usize) -> (Kind, usize) {
    let rest = text.get(at..).unwrap_or_default();
    let first = rest.chars().next().unwrap_or(' ');
    if first.is_ascii_digit() {
        // `0xff`, `1_000`, `2.5` are one token; `1..2` and `tuple.0.clone()` are not eaten.
        let mut len = 0;
        let bytes = rest.as_bytes();
        while let Some(byte) = bytes.get(len) {
            let fraction = *byte == b'.' && bytes.get(len + 1).is_some_and(u8::is_ascii_digit);
            if !(byte.is_ascii_alphanumeric() || *byte == b'_' || fraction) || len >= MAX_TOKEN_BYTES {
                break;
            }
            len += 1;
        }
        (Kind::Number, len)
    } else if is_word(first) {
        let len = rest.char_indices().find(|(i, c)| !is_word(*c) || i + c.len_utf8() > MAX_TOKEN_BYTES);
        (Kind::Word, len.map_or(rest.len(), |(i, _)| i))
    } else {
        (Kind::Punctuation, first.len_utf8())
    }
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_' || (!c.is_ascii() && c.is_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(text: &str) -> Vec<String> {
        let mut pieces = Vec::new();
        lex(text, |token| {
            let start = token.start as usize;
            pieces.push(match token.id.kind() {
                Kind::LineEnd => format!("⏎{}", token.len),
                _ => text[start..start + usize::from(token.len)].to_owned(),
            });
        });
        pieces
    }

    #[test]
    fn words_numbers_marks_and_line_ends() {
        assert_eq!(pieces("  let x_1 = 0xff;\n"), ["let", "x_1", "=", "0xff", ";", "⏎2"]);
        assert_eq!(pieces("a.0.b(1..2, 2.5)"), ["a", ".", "0", ".", "b", "(", "1", ".", ".", "2", ",", "2.5", ")"]);
        assert_eq!(pieces("größe=>'日本'"), ["größe", "=", ">", "'", "日本", "'"]);
    }

    #[test]
    fn blank_lines_have_no_tokens_and_every_line_break_counts() {
        assert_eq!(pieces("\n \r\n\ta\r\n\r\rb"), ["a", "⏎1", "b"]);
    }

    #[test]
    fn long_words_are_cut_at_character_boundaries() {
        let long = "ä".repeat(1000);
        assert!(pieces(&long).iter().all(|piece| piece.len() <= MAX_TOKEN_BYTES));
        assert_eq!(pieces(&long).concat(), long);
        let digits = "7".repeat(1000);
        assert_eq!(pieces(&digits).concat(), digits);
    }

    #[test]
    fn kinds_survive_in_the_id() {
        for (kind, text) in [(Kind::Punctuation, "("), (Kind::Word, "x"), (Kind::Number, "1")] {
            assert_eq!(TokenId::new(kind, text).kind(), kind);
        }
        assert_ne!(TokenId::new(Kind::Word, "a"), TokenId::new(Kind::Word, "b"));
        assert_eq!(head(b"ab"), 0x6162_0000);
    }
}
