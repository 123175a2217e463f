//! What the whole repository knows of how code goes on: every token of every file, ordered by what stands before it.
//!
//! It is an n-gram model of any length without tables of n-grams: the places that share the longest context with a cursor
//! stand together in the order, and what follows there is counted when it is asked for. A version never changes; an update
//! makes the next one. It holds nothing but what it was given, and knows no disk.

mod encode;
mod files;
mod order;
mod recall;
mod stream;
mod update;
mod vantage;
mod vocabulary;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use super::lexer::{LinePlace, TokenId};
pub use encode::ODD_GAP;
use encode::Stored;
use files::Files;
pub(super) use recall::{Recalled, Support};
use stream::Stream;
pub use update::Change;
pub(super) use vantage::NEARNESSES;
pub use vantage::Vantage;
use vocabulary::{FILE_START, LINE_END, Vocabulary};

/// A version of a repository's tokens. Cheap to share, about 8.5 bytes a token and 40 bytes a different word.
#[derive(Clone, Debug, Default)]
pub struct Repository {
    vocabulary: Arc<Vocabulary>,
    stream: Stream,
    files: Files,
    /// Addresses of all tokens but the files' starts.
    order: Arc<Vec<u32>>,
}

/// Tokens of a line that are looked at.
const LINE_TOKENS: u32 = 400;

impl Repository {
    /// Files in it.
    pub fn files(&self) -> usize {
        self.files.len()
    }

    /// Tokens in it.
    pub fn tokens(&self) -> usize {
        self.order.len()
    }

    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.vocabulary.bytes() + self.stream.bytes() + self.order.capacity() * 4 + self.files.bytes()
    }

    /// The number of the file at `address`.
    fn file_at(&self, address: u32) -> Option<usize> {
        self.files.at(address)
    }

    /// The token at an address. A file's start counts as the end of a line.
    pub(super) fn id(&self, address: u32) -> Option<TokenId> {
        let number = self.stream.get(address)?.number();
        Some(if number == FILE_START { TokenId::LINE_END } else { self.vocabulary.id(number) })
    }

    pub(super) fn text(&self, address: u32) -> &str {
        self.stream.get(address).map_or("", |token| self.vocabulary.text(token.number()))
    }

    pub(super) fn is_file_start(&self, address: u32) -> bool {
        self.stream.get(address).is_none_or(|token| token.number() == FILE_START)
    }

    /// Spaces before a token on its line, or `ODD_GAP`; 0 at the beginning of a line and for its end.
    pub(super) fn gap(&self, address: u32) -> u8 {
        self.stream.get(address).filter(|token| !is_break(*token)).map_or(0, Stored::gap)
    }

    /// Where the token stands in its line.
    pub(super) fn line_place(&self, address: u32) -> LinePlace {
        let start = self.line_start(address);
        (start..address).filter_map(|at| self.id(at)).fold(LinePlace::default(), LinePlace::after)
    }

    /// The address of the first token of a token's line.
    pub(super) fn line_start(&self, address: u32) -> u32 {
        let tokens =
            self.stream.before(address).take(LINE_TOKENS as usize).take_while(|token| !is_break(*token)).count();
        address - tokens as u32
    }

    /// The end of a token's line, unless it is far away.
    pub(super) fn line_end(&self, address: u32) -> Option<u32> {
        (address..address.saturating_add(LINE_TOKENS))
            .find(|&at| self.stream.get(at).is_none_or(|token| token.number() == LINE_END))
            .filter(|&at| self.stream.get(at).is_some())
    }

    /// Bytes of indentation of the line that the line end at `address` closes; 0 for a file's start.
    pub(super) fn indentation(&self, address: u32) -> usize {
        self.stream.get(address).filter(|token| token.number() == LINE_END).map_or(0, Stored::indentation)
    }

    /// Line breaks before the line that begins at `address`.
    pub(super) fn breaks_before(&self, address: u32) -> usize {
        let before = address.checked_sub(1).and_then(|before| self.stream.get(before));
        before.filter(|token| token.number() == LINE_END).map_or(0, Stored::breaks)
    }

    /// White space before a token, the indentation at the beginning of a line.
    pub(super) fn gap_text(&self, address: u32) -> String {
        let begins_line = self.stream.before(address).next().is_none_or(is_break);
        if !begins_line {
            let gap = self.gap(address);
            return " ".repeat(if gap == ODD_GAP { 1 } else { usize::from(gap) });
        }
        let indentation = self.line_end(address).map_or(0, |end| self.indentation(end));
        let tabs = self.file_at(address).and_then(|file| self.stream.get(self.files.start(file)?));
        if tabs.is_some_and(Stored::indents_with_tabs) { "\t" } else { " " }.repeat(indentation)
    }
}

fn is_break(token: Stored) -> bool {
    matches!(token.number(), LINE_END | FILE_START)
}
