//! What is copied from: parts of open documents, or the repository. One set of questions for both.

use std::ops::Range;

use super::document::DocumentTokens;
use super::lexer::{Kind, LinePlace, TokenId};
use super::repository::Vantage;

/// Where a source stands, seen from the cursor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The cursor's document, above the cursor and on its line to the left.
    Before,
    /// The cursor's document below the cursor's line.
    After,
    /// Another document; 0 is the most recently used.
    Other(usize),
    /// Files that are not open.
    Repository,
}

#[derive(Clone, Copy)]
pub(super) enum Text<'a> {
    Document(&'a DocumentTokens),
    Repository(&'a Vantage),
}

/// Tokens that may be copied. Positions are indices in the whole document, or addresses in the repository.
pub(super) struct Source<'a> {
    pub text: Text<'a>,
    /// The part of the document that counts; empty for the repository, which tells itself what does.
    pub span: Range<usize>,
    pub place: Place,
}

/// Tokens of a line that are looked at.
const LINE_TOKENS: usize = 80;

impl<'a> Source<'a> {
    pub fn document(&self) -> Option<&'a DocumentTokens> {
        match self.text {
            Text::Document(tokens) => Some(tokens),
            Text::Repository(_) => None,
        }
    }

    pub fn id(&self, position: usize) -> Option<TokenId> {
        match self.text {
            Text::Document(tokens) => tokens.ids().get(position).copied(),
            Text::Repository(vantage) => vantage.repository().id(address(position)),
        }
    }

    /// The token `back` tokens before `position`: 0 is the one before it. The beginning of the text, or of what counts of it,
    /// is the end of a line.
    pub fn before(&self, position: usize) -> Before<'a> {
        match self.text {
            Text::Document(tokens) => {
                Before::Document(tokens.ids().get(self.span.start..position).unwrap_or_default(), false)
            }
            Text::Repository(vantage) => Before::Repository(vantage, Some(address(position))),
        }
    }

    /// Bytes of a token's text.
    pub fn text_len(&self, position: usize) -> usize {
        match self.text {
            Text::Document(tokens) => tokens.range(position).len(),
            Text::Repository(vantage) => vantage.repository().text(address(position)).len(),
        }
    }

    pub fn text(&self, position: usize) -> String {
        match self.text {
            Text::Document(tokens) => tokens.slice(tokens.range(position)).into_owned(),
            Text::Repository(vantage) => vantage.repository().text(address(position)).to_owned(),
        }
    }

    pub fn starts_with(&self, position: usize, beginning: &str) -> bool {
        match self.text {
            Text::Document(tokens) => tokens.starts_with(position, beginning),
            Text::Repository(vantage) => vantage.repository().text(address(position)).starts_with(beginning),
        }
    }

    pub fn line_place(&self, position: usize) -> LinePlace {
        match self.text {
            Text::Document(tokens) => tokens.line_place(position),
            Text::Repository(vantage) => vantage.repository().line_place(address(position)),
        }
    }

    /// The position of the first token of a token's line.
    pub fn line_start(&self, position: usize) -> usize {
        match self.text {
            Text::Document(tokens) => position.saturating_sub(usize::from(tokens.line_place(position).index)),
            Text::Repository(vantage) => vantage.repository().line_start(address(position)) as usize,
        }
    }

    /// The position of the end of a token's line, unless it is far away.
    pub fn line_end(&self, position: usize) -> Option<usize> {
        (position..position + LINE_TOKENS).find(|&at| self.id(at) == Some(TokenId::LINE_END))
    }

    /// Bytes of indentation of the line that the line end at `position` closes.
    pub fn indentation(&self, position: usize) -> usize {
        match self.text {
            Text::Document(tokens) => tokens.indentation(position),
            Text::Repository(vantage) => vantage.repository().indentation(address(position)),
        }
    }

    /// Line breaks between the token before `position` and it.
    pub fn line_breaks_before(&self, position: usize) -> usize {
        let Some(before) = position.checked_sub(1) else { return 0 };
        match self.text {
            Text::Document(tokens) => {
                let line = |position| tokens.text().byte_to_line(tokens.range(position).start);
                line(position).saturating_sub(line(before))
            }
            Text::Repository(vantage) => vantage.repository().breaks_before(address(position)),
        }
    }

    /// The white space before a token as a small number: its bytes, at most 15; 0 for line ends and line beginnings.
    pub fn gap_code(&self, position: usize) -> u8 {
        let tokens = match self.text {
            Text::Document(tokens) => tokens,
            Text::Repository(vantage) => return vantage.repository().gap(address(position)),
        };
        let ids = tokens.ids();
        let begins_line =
            position.checked_sub(1).and_then(|before| ids.get(before)).is_none_or(|id| id.kind() == Kind::LineEnd);
        let ends_line = ids.get(position).is_none_or(|id| id.kind() == Kind::LineEnd);
        if begins_line || ends_line { 0 } else { tokens.gap(position).len().min(15) as u8 }
    }

    pub fn gap_text(&self, position: usize) -> String {
        match self.text {
            Text::Document(tokens) => tokens.slice(tokens.gap(position)).into_owned(),
            Text::Repository(vantage) => vantage.repository().gap_text(address(position)),
        }
    }
}

/// Positions in the repository are addresses.
fn address(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}

/// Tokens before a position, nearest first.
pub(super) enum Before<'a> {
    /// What is left, and whether the line end at the beginning was handed out.
    Document(&'a [TokenId], bool),
    /// The address after the next one; None behind a file's start.
    Repository(&'a Vantage, Option<u32>),
}

impl Iterator for Before<'_> {
    type Item = TokenId;

    fn next(&mut self) -> Option<TokenId> {
        match self {
            Self::Document(rest, is_over) => match rest.split_last() {
                Some((last, others)) => {
                    *rest = others;
                    Some(*last)
                }
                None if !std::mem::replace(is_over, true) => Some(TokenId::LINE_END),
                None => None,
            },
            Self::Repository(vantage, next) => {
                let at = next.take()?.checked_sub(1)?;
                if !vantage.repository().is_file_start(at) {
                    *next = Some(at);
                }
                vantage.repository().id(at)
            }
        }
    }
}
