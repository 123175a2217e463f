//! One cursor's view of a corpus: what stands before it, what may be copied, and what the next token must fit.

use super::corpus::Corpus;
use super::document::DocumentTokens;
use super::lexer::TokenId;
use super::repository::{NEARNESSES, Recalled, Vantage};
use super::source::{Place, Source, Text};

/// Tokens of context that a match can use. Longer matches say nothing more.
const CONTEXT_TOKENS: usize = 64;
/// Tokens after the cursor's line that a candidate's own continuation is compared with.
const FOLLOWING_TOKENS: usize = 8;
/// Bytes of a line that are looked at for its indentation and for what stands right of the cursor.
const MAX_LOOKED_AT: usize = 1 << 10;
/// Tokens of one request's sources, nearest first: what a scan of about 0.1 ms can read.
const MAX_SOURCE_TOKENS: usize = 400_000;

/// Where a token's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub source: usize,
    pub position: usize,
}

impl Origin {
    /// Of the line end that stands for the beginning of the document.
    const BEFORE_TEXT: Origin = Origin { source: 0, position: usize::MAX };
}

#[derive(Clone, Copy, Debug)]
pub(super) struct ContextToken {
    pub id: TokenId,
    pub origin: Origin,
}

/// What the first token must fit: what is typed of it, and the white space before it.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed {
    /// The beginning of a word or number that ends at the cursor; may be a whole one.
    pub partial: String,
    /// White space bytes between the context's last token and `partial` (or the cursor).
    pub gap: usize,
}

pub(super) struct View<'a> {
    pub sources: Vec<Source<'a>>,
    /// Tokens before the cursor, oldest first, without the partial one.
    pub context: Vec<ContextToken>,
    /// How many of the context's last tokens stand on the cursor's line.
    pub on_line: usize,
    /// White space at the beginning of the cursor's line, in bytes and as text.
    pub indentation: usize,
    pub indentation_text: String,
    /// How the cursor's document breaks its lines.
    pub line_break: &'static str,
    pub typed: Typed,
    /// The first tokens of the lines below the cursor's.
    pub following: Vec<TokenId>,
    /// What stands right of the cursor on its line, trimmed.
    pub rest_of_line: String,
}

impl<'a> View<'a> {
    pub fn new(corpus: &'a Corpus) -> Self {
        let tokens: &DocumentTokens = corpus.current();
        let (text, cursor) = (tokens.text(), corpus.cursor());
        let boundary = |byte| text.char_to_byte(text.byte_to_char(byte));
        let line = text.byte_to_line(cursor);
        let line_start = text.line_to_byte(line);
        let line_end = text.line_to_byte((line + 1).min(text.len_lines()));

        let mut end = tokens.index_at(cursor);
        let mut typed = Typed::default();
        if let Some(last) = end.checked_sub(1) {
            let range = tokens.range(last);
            let is_open = tokens.ids().get(last).is_some_and(|id| id.is_replaceable());
            if is_open && range.end >= cursor {
                typed.partial = tokens.slice(range.start..cursor).into_owned();
                end = last;
            }
        }
        let first_on_line = tokens.index_at(line_start).min(end);
        let gap_start = if end > first_on_line { tokens.range(end - 1).end } else { line_start };
        typed.gap = (cursor - typed.partial.len()).saturating_sub(gap_start);
        let below = tokens.index_at(line_end);
        let left = tokens.slice(line_start..boundary(cursor.min(line_start + MAX_LOOKED_AT)));
        let indentation = left.len() - left.trim_start().len();
        let indentation_text = left.get(..indentation).unwrap_or_default().to_owned();
        let first_line = text.slice(..text.line_to_char(1.min(text.len_lines())));
        let line_break = if first_line.chars_at(first_line.len_chars()).reversed().take(2).eq("\n\r".chars()) {
            "\r\n"
        } else {
            "\n"
        };

        let mut budget = MAX_SOURCE_TOKENS;
        let mut sources = Vec::with_capacity(2 + corpus.others().len());
        let before = end.saturating_sub(budget)..end;
        budget -= before.len();
        let after = below..tokens.len().min(below + budget);
        budget -= after.len();
        let source = |tokens, span, place| Source { text: Text::Document(tokens), span, place };
        sources.push(source(tokens, before, Place::Before));
        sources.push(source(tokens, after, Place::After));
        for (rank, other) in corpus.others().iter().enumerate() {
            let span = 0..other.len().min(budget);
            budget -= span.len();
            sources.push(source(other, span, Place::Other(rank)));
        }
        if let Some(vantage) = corpus.repository() {
            sources.push(Source { text: Text::Repository(vantage), span: 0..0, place: Place::Repository });
        }

        let start = end.saturating_sub(CONTEXT_TOKENS);
        let mut context = Vec::with_capacity(CONTEXT_TOKENS * 2);
        if start == 0 {
            // The beginning of a text is the beginning of a line.
            context.push(ContextToken { id: TokenId::LINE_END, origin: Origin::BEFORE_TEXT });
        }
        context.extend((start..end).filter_map(|position| {
            let id = *tokens.ids().get(position)?;
            Some(ContextToken { id, origin: Origin { source: 0, position } })
        }));
        let following = tokens.ids().iter().skip(below).take(FOLLOWING_TOKENS).copied().collect();
        let rest_of_line = tokens.slice(cursor..boundary(line_end.min(cursor + MAX_LOOKED_AT))).trim().to_owned();
        let on_line = end - first_on_line;
        Self { sources, context, on_line, indentation, indentation_text, line_break, typed, following, rest_of_line }
    }

    pub fn id(&self, origin: Origin) -> Option<TokenId> {
        self.sources.get(origin.source)?.id(origin.position)
    }

    /// Whether a first token is more than what is typed of it.
    pub fn adds(&self, origin: Origin) -> bool {
        let source = self.sources.get(origin.source);
        source.is_some_and(|source| source.text_len(origin.position) > self.typed.partial.len())
    }

    /// The text of a token, without the white space before it.
    pub fn text(&self, origin: Origin) -> String {
        self.sources.get(origin.source).map_or_else(String::new, |source| source.text(origin.position))
    }

    /// The repository, with the number of its source.
    pub fn repository(&self) -> Option<(usize, &'a Vantage)> {
        let index = self.sources.len().checked_sub(1)?;
        match self.sources.get(index)?.text {
            Text::Repository(vantage) => Some((index, vantage)),
            Text::Document(_) => None,
        }
    }

    /// What the repository says about the token after `context`, oldest first.
    pub fn recall(&self, context: &[ContextToken], partial: &str) -> Recalled {
        let Some((_, vantage)) = self.repository() else { return Recalled::default() };
        let nearest_first: Vec<TokenId> = context.iter().rev().take(CONTEXT_TOKENS).map(ContextToken::stored).collect();
        vantage.recall(&nearest_first, partial)
    }

    /// Where the tokens stand that the repository proposes.
    pub fn places_in_repository(&self, recalled: &Recalled) -> Vec<Origin> {
        let Some((source, _)) = self.repository() else { return Vec::new() };
        recalled.places.iter().map(|&address| Origin { source, position: address as usize }).collect()
    }

    /// How near the file of a place in the repository is: see `Vantage::nearness`.
    pub fn nearness(&self, place: Origin) -> u8 {
        let address = u32::try_from(place.position).ok();
        self.repository()
            .zip(address)
            .and_then(|((_, vantage), address)| vantage.nearness(address))
            .unwrap_or(NEARNESSES)
    }

    /// Whether a token stands in the cursor's document.
    pub fn stands_in_document(&self, id: TokenId) -> bool {
        let Some(tokens) = self.sources.first().and_then(Source::document) else { return false };
        tokens.near_positions_of(id).iter().any(|&position| tokens.ids().get(position as usize) == Some(&id))
    }

    /// Whether the lines below the cursor begin with this line.
    pub fn follows_already(&self, line: impl Iterator<Item = TokenId>) -> bool {
        let mut below = self.following.iter();
        let mut compared = 0;
        for id in line {
            match below.next() {
                Some(known) if *known == id => compared += 1,
                Some(_) => return false,
                // The line is longer than what is known of what follows.
                None => break,
            }
        }
        compared > 0 && below.next().is_none_or(|id| *id == TokenId::LINE_END)
    }

    /// The indentation in bytes of the line above the line that begins at `place`; None where there is none.
    pub fn indentation_above(&self, place: Origin) -> Option<usize> {
        let source = self.sources.get(place.source)?;
        let end = place.position.checked_sub(1)?;
        (source.id(end)? == TokenId::LINE_END).then(|| source.indentation(end))
    }

    /// The indentation in bytes of the line that the line end at `place` closes.
    pub fn indentation_above_end(&self, place: Origin) -> usize {
        self.sources.get(place.source).map_or(0, |source| source.indentation(place.position))
    }

    /// Line breaks between the token before `place` and it.
    pub fn line_breaks_before(&self, place: Origin) -> usize {
        self.sources.get(place.source).map_or(0, |source| source.line_breaks_before(place.position))
    }

    pub fn gap_text(&self, origin: Origin) -> String {
        self.sources.get(origin.source).map_or_else(String::new, |source| source.gap_text(origin.position))
    }
}

impl ContextToken {
    /// The token as a repository has it: it knows where a file begins.
    fn stored(&self) -> TokenId {
        let is_start = self.id == TokenId::LINE_END && self.origin == Origin::BEFORE_TEXT;
        if is_start { Vantage::FILE_START } else { self.id }
    }
}
