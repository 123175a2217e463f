//! From turns to tokens: what the template wrote with its special tokens, what was said without any, and all of it cut to
//! the window.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::template::{Ask, ChatTemplate, Part};
use super::{ChatRole, ChatTurn};
use crate::engine::fim::{Token, Vocabulary};

/// What a conversation asks of a vocabulary beyond what a hole asks.
pub trait ChatVocabulary: Vocabulary {
    /// Special tokens in the text are taken as such. `is_first`: nothing stands before it.
    fn tokenize_markup(&self, text: &str, is_first: bool, out: &mut Vec<Token>);

    /// The token that begins every text, if the vocabulary has one, whether or not it is put there by itself.
    fn bos(&self) -> Option<Token>;

    /// The token that ends a text.
    fn eos(&self) -> Option<Token>;

    /// A token as templates write it.
    fn spelling(&self, token: Token) -> String;
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Segment {
    Markup(Vec<Token>),
    Said(Vec<Token>),
}

/// A prompt as it is evaluated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    pub tokens: Vec<Token>,
    /// Tokens that the window had no room for.
    pub cut: usize,
    /// The template has begun the model's thinking.
    pub starts_thinking: bool,
    /// Tokens that the template marks turns with, and their spellings: an answer has none of them.
    pub marks: Vec<(Token, String)>,
    /// Spellings of those that are text to the vocabulary, so that a model may write them in pieces. One that is special has its
    /// token; written out it is what an answer is about.
    pub stops: Vec<String>,
}

/// Most tokens of a window that an answer is kept room for, in percent, where the prompt wants all of it.
const ANSWER_PERCENT: usize = 25;

/// Lays the turns out in a window of so many tokens, with room for an answer. What is too much goes: the oldest questions
/// with their answers first, then the heads of the longest texts. The system's text and the last question stay longest.
///
/// # Errors
/// A sentence: the template fails, or leaves no room.
pub fn fit(
    template: &ChatTemplate,
    vocabulary: &dyn ChatVocabulary,
    turns: &[ChatTurn],
    ask: Ask,
    (window, answer): (usize, usize),
) -> Result<Layout, String> {
    let room = window.saturating_sub(answer.min(window * ANSWER_PERCENT / 100).max(1));
    let mut known = Known::new(vocabulary);
    let mut turns = turns.to_vec();
    let mut dropped = 0;
    loop {
        let (mut segments, starts_thinking) = known.segments(&template.render(&turns, ask)?);
        let total = count(&segments);
        if total > room
            && let Some(oldest) = droppable(&turns)
        {
            let gone = turns.drain(oldest);
            dropped += gone.map(|turn| known.said(&turn.text).len()).sum::<usize>();
            continue;
        }
        let cut = shorten(&mut segments, total.saturating_sub(room));
        if count(&segments) > room {
            return Err(format!(
                "its template alone takes {} tokens of a window of {window}; raise engine.chatContextTokens",
                count(&segments)
            ));
        }
        let tokens = segments.into_iter().flat_map(|segment| match segment {
            Segment::Markup(tokens) | Segment::Said(tokens) => tokens,
        });
        let tokens = tokens.collect();
        let marks = known.forbidden;
        let texts = marks.iter().filter(|(token, _)| !vocabulary.is_special(*token));
        let stops = texts.map(|(_, spelling)| spelling.clone()).collect();
        return Ok(Layout { tokens, cut: cut + dropped, starts_thinking, marks, stops });
    }
}

fn count(segments: &[Segment]) -> usize {
    segments.iter().map(|(Segment::Markup(tokens) | Segment::Said(tokens))| tokens.len()).sum()
}

/// The oldest question with what follows it, unless it is the last.
fn droppable(turns: &[ChatTurn]) -> Option<std::ops::Range<usize>> {
    let users: Vec<usize> = (0..turns.len()).filter(|at| turns[*at].role == ChatRole::User).collect();
    match users[..] {
        [first, next, ..] => Some(first..next),
        _ => None,
    }
}

/// Takes tokens off the heads of the longest texts. How many it took.
fn shorten(segments: &mut [Segment], mut surplus: usize) -> usize {
    let mut taken = 0;
    while surplus > 0 {
        let longest = segments.iter_mut().filter_map(|segment| match segment {
            Segment::Said(tokens) if !tokens.is_empty() => Some(tokens),
            _ => None,
        });
        let Some(longest) = longest.max_by_key(|tokens| tokens.len()) else { break };
        let gone = surplus.min(longest.len());
        longest.drain(..gone);
        (surplus, taken) = (surplus - gone, taken + gone);
    }
    taken
}

/// Texts that were tokenised already: a template that is rendered again has the same ones in it.
struct Known<'a> {
    vocabulary: &'a dyn ChatVocabulary,
    /// Tokens that are markup for this model, and their spellings.
    forbidden: Vec<(Token, String)>,
    tokens: FxHashMap<Arc<str>, Vec<Token>>,
}

impl<'a> Known<'a> {
    fn new(vocabulary: &'a dyn ChatVocabulary) -> Self {
        Self { vocabulary, forbidden: Vec::new(), tokens: FxHashMap::default() }
    }

    fn segments(&mut self, parts: &[Part]) -> (Vec<Segment>, bool) {
        let mut markup: Vec<Vec<Token>> = Vec::new();
        for part in parts {
            let mut tokens = Vec::new();
            if let Part::Markup(text) = part {
                self.vocabulary.tokenize_markup(text, markup.is_empty(), &mut tokens);
            }
            markup.push(tokens);
        }
        if let (Some(start), Some(first)) = (self.vocabulary.start_of_text(), markup.first_mut())
            && first.first() != Some(&start)
        {
            first.insert(0, start);
        }
        // What the template writes as one token of several characters in brackets is markup, whatever the file calls it.
        for token in markup.iter().flatten() {
            let spelling = self.vocabulary.spelling(*token);
            let is_marked = spelling.len() > 2 && spelling.starts_with(['<', '[']) && spelling.ends_with(['>', ']']);
            let is_thought = [super::output::THINK, super::output::UNTHINK].contains(&spelling.as_str());
            if is_marked && !is_thought && !self.forbidden.iter().any(|(known, _)| known == token) {
                self.forbidden.push((*token, spelling));
                self.tokens.clear();
            }
        }
        let last = parts.iter().rev().find_map(|part| if let Part::Markup(text) = part { Some(text) } else { None });
        let starts_thinking = last.is_some_and(|text| {
            let open = text.rfind(super::output::THINK);
            open.is_some_and(|open| !text[open..].contains(super::output::UNTHINK))
        });
        let segments = parts.iter().zip(markup).flat_map(|(part, tokens)| match part {
            // A start of text that stands alone.
            Part::Said(text) if !tokens.is_empty() => vec![Segment::Markup(tokens), Segment::Said(self.said(text))],
            Part::Said(text) => vec![Segment::Said(self.said(text))],
            Part::Markup(_) => vec![Segment::Markup(tokens)],
        });
        (segments.collect(), starts_thinking)
    }

    /// Nothing of it is special, not even where a file of a model calls its marks text.
    fn said(&mut self, text: &Arc<str>) -> Vec<Token> {
        if let Some(tokens) = self.tokens.get(text) {
            return tokens.clone();
        }
        let mut tokens = Vec::new();
        self.vocabulary.tokenize(text, &mut tokens);
        let is_marked = |token: &Token| {
            self.vocabulary.is_special(*token) || self.forbidden.iter().any(|(forbidden, _)| forbidden == token)
        };
        if tokens.iter().any(is_marked) {
            tokens.clear();
            for piece in self.broken(text) {
                self.vocabulary.tokenize(piece, &mut tokens);
            }
            tokens.retain(|token| !is_marked(token));
        }
        self.tokens.insert(text.clone(), tokens.clone());
        tokens
    }

    /// The text in pieces, each spelling of a mark in two.
    fn broken<'t>(&self, text: &'t str) -> Vec<&'t str> {
        let mut cuts: Vec<usize> = Vec::new();
        for (_, spelling) in &self.forbidden {
            let first = spelling.chars().next().map_or(1, char::len_utf8);
            cuts.extend(text.match_indices(spelling.as_str()).map(|(at, _)| at + first));
        }
        cuts.sort_unstable();
        cuts.dedup();
        let mut pieces = Vec::with_capacity(cuts.len() + 1);
        let mut from = 0;
        for cut in cuts.into_iter().chain([text.len()]) {
            pieces.push(&text[from..cut]);
            from = cut;
        }
        pieces
    }
}

#[cfg(test)]
pub(super) mod tests;
