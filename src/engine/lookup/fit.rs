//! What the weights are fitted on: every token of a known rest of line, with the candidates that there were for it.

use super::corpus::Corpus;
use super::features::{ESCAPE_FEATURES, FEATURES};
use super::lexer::{TokenId, lex};
use super::matching::{Context, candidates};
use super::view::{ContextToken, View};

/// One token to predict.
#[derive(Clone, Debug)]
pub struct Observation {
    /// The features of each candidate, and whether it proposes the right token.
    pub candidates: Vec<([u8; FEATURES], bool)>,
    pub escape: [u8; ESCAPE_FEATURES],
}

/// Walks along `truth`, the rest of the cursor's line and maybe further lines, and reports each token including the
/// last line's end. The corpus must not hold it.
pub fn observe(corpus: &Corpus, truth: &str, mut report: impl FnMut(Observation)) {
    let view = View::new(corpus);
    let mut tokens: Vec<(TokenId, u8)> = Vec::new();
    let whole = format!("{}{}", view.typed.partial, truth.trim_end());
    let mut end = 0;
    lex(&whole, |token| {
        let gap = token.start as usize - end;
        end = token.start as usize + usize::from(token.len);
        tokens.push((token.id, gap.min(15) as u8));
    });
    tokens.push((TokenId::LINE_END, 0));
    let mut context: Vec<ContextToken> = view.context.clone();
    let mut on_line = view.on_line;
    for (index, (id, mut gap)) in tokens.iter().copied().enumerate() {
        let at_cursor = index == 0;
        if at_cursor {
            gap = (usize::from(gap) + view.typed.gap).min(15) as u8;
        }
        if on_line == 0 || id == TokenId::LINE_END || (at_cursor && !view.typed.partial.is_empty()) {
            gap = 0;
        }
        let step = Context { tokens: &context, on_line, at_cursor };
        let (found, escape) = candidates(&view, &step);
        report(Observation {
            candidates: found.iter().map(|c| (c.features, c.id == id && c.gap == gap)).collect(),
            escape,
        });
        on_line = if id == TokenId::LINE_END { 0 } else { on_line + 1 };
        context.push(ContextToken::elsewhere(id));
    }
}
