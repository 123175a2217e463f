//! What lookup thinks of a text that another engine wrote.

use super::corpus::Corpus;
use super::lexer::{TokenId, lex};
use super::matching::Context;
use super::mixture::{BUILT_IN, proposals};
use super::view::{ContextToken, Origin, View};

/// Tokens of a line that are judged; a longer one has no probability worth telling.
const MAX_TOKENS: usize = 40;

/// The probability, 0 to 1, that the rest of the cursor's line is the first line of `text`. It costs as much as writing that
/// line: a few dozen microseconds a token.
pub fn probability(corpus: &Corpus, text: &str) -> f32 {
    let view = View::new(corpus);
    let tokens = tokens_of(&view, text);
    if tokens.len() > MAX_TOKENS {
        return 0.0;
    }
    let mut context: Vec<ContextToken> = view.context.clone();
    let mut probability = 1.0;
    for (index, (id, gap)) in tokens.into_iter().enumerate() {
        let step = Context { tokens: &context, on_line: view.on_line + index, at_cursor: index == 0 };
        let found = proposals(&view, &step, &BUILT_IN).into_iter().find(|known| known.id == id && known.gap == gap);
        let Some(proposal) = found else { return 0.0 };
        probability *= proposal.probability;
        context.push(ContextToken { id, origin: proposal.origin });
    }
    probability
}

/// The tokens that a line adds at the cursor, the one that is typed in part with all of its text, and the line's end; each
/// with the white space before it as a candidate counts it.
fn tokens_of(view: &View<'_>, text: &str) -> Vec<(TokenId, u8)> {
    let line = text.lines().next().unwrap_or_default();
    let whole = format!("{}{}", view.typed.partial, line.trim_end());
    let mut tokens = Vec::new();
    let mut end = 0;
    lex(&whole, |token| {
        let gap = token.start as usize - end;
        end = token.start as usize + usize::from(token.len);
        let is_first = tokens.is_empty();
        let gap = match is_first {
            // It begins the line, or what stands before it is typed.
            true if view.on_line == 0 || !view.typed.partial.is_empty() => 0,
            true => gap + view.typed.gap,
            false => gap,
        };
        tokens.push((token.id, gap.min(15) as u8));
    });
    tokens.push((TokenId::LINE_END, 0));
    tokens
}

impl ContextToken {
    /// A token whose text is not asked for: its origin is outside of every source.
    pub(super) fn elsewhere(id: TokenId) -> Self {
        Self { id, origin: Origin { source: usize::MAX, position: usize::MAX } }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ropey::Rope;

    use super::*;
    use crate::engine::lookup::{DocumentTokens, Limits, predict};

    fn corpus(fixture: &str) -> Corpus {
        let cursor = fixture.find("$0").expect("the fixture has a cursor");
        let tokens = DocumentTokens::new(&Rope::from_str(&fixture.replacen("$0", "", 1)));
        Corpus::new(Arc::new(tokens), cursor, Vec::new())
    }

    #[test]
    fn what_lookup_writes_itself_is_as_probable_as_it_says() {
        for fixture in [
            "if err != nil {\n\treturn nil, err\n}\nx := 1\nif err !$0\n",
            "let configuration = load();\nuse(configuration);\nuse(config$0\n",
            "import numpy as np\nimport os\n$0\n",
            "let total = compute(first);\nlet other = 1;\nlet total =$0\n",
        ] {
            let corpus = corpus(fixture);
            let written = predict(&corpus, Limits::LINE);
            let judged = probability(&corpus, &written.text);
            assert!(written.confidence > 0.0 && (judged - written.confidence).abs() < 1e-4, "{written:?} {judged}");
        }
    }

    #[test]
    fn likely_lines_share_what_there_is_and_an_unknown_one_has_none() {
        let corpus = corpus("a.push(1);\na.push(1);\na.pop();\na.$0\n");
        let (push, pop) = (probability(&corpus, "push(1);"), probability(&corpus, "pop();\nmore"));
        assert!(push > 0.1 && pop > 0.1 && push + pop < 1.0, "{push} {pop}");
        assert_eq!(probability(&corpus, "elsewhere();"), 0.0);
        assert_eq!(probability(&corpus, &"a ".repeat(100)), 0.0);
        assert!(probability(&corpus, "") < 0.2);
        assert_eq!(probability(&Corpus::default(), "x"), 0.0);
    }
}
