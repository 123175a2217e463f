//! From a corpus to the text that continues at its cursor.

use super::corpus::Corpus;
use super::mixture::{BUILT_IN, Weights};
use super::search::{Line, best_line};
use super::view::{ContextToken, View};
use crate::engine::{Finish, TokenScore};

/// Bounds of one prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub max_tokens: usize,
    pub max_lines: usize,
}

impl Limits {
    pub const LINE: Limits = Limits { max_tokens: 40, max_lines: 1 };
}

/// A continuation at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Never begins with what is typed; empty when nothing is likely.
    pub text: String,
    /// Lengths sum to `text.len()`.
    pub tokens: Vec<TokenScore>,
    /// The estimate that the first line is exactly right up to its end, 0 to 1.
    pub confidence: f32,
    /// `MaxLines` after a whole number of lines, else `Exhausted` or `MaxTokens`.
    pub finish: Finish,
}

/// Continues at the corpus's cursor. Takes microseconds; the work is bounded whatever the text is.
pub fn predict(corpus: &Corpus, limits: Limits) -> Prediction {
    predict_with(corpus, limits, &BUILT_IN)
}

/// The same with other weights than the built-in ones.
pub fn predict_with(corpus: &Corpus, limits: Limits, weights: &Weights) -> Prediction {
    let view = View::new(corpus);
    let mut prediction =
        Prediction { text: String::new(), tokens: Vec::new(), confidence: 0.0, finish: Finish::Exhausted };
    let mut context: Vec<ContextToken> = view.context.clone();
    let line = best_line(&view, weights, &context, view.on_line, true, limits.max_tokens);
    render(&view, &line, &mut prediction);
    give_way(&mut prediction, &view.rest_of_line);
    if line.ended.is_some() {
        prediction.confidence = line.logprob.exp();
        prediction.finish = Finish::MaxLines;
    }
    context.extend(line.tokens.iter().map(|token| ContextToken { id: token.id, origin: token.origin }));
    prediction
}

/// Appends a line's text and scores to a prediction. The first token gives up what is typed of it.
fn render(view: &View<'_>, line: &Line, prediction: &mut Prediction) {
    for (index, token) in line.tokens.iter().enumerate() {
        let text = view.text(token.origin);
        let mut piece = String::new();
        if index == 0 {
            if view.typed.partial.is_empty() {
                if view.on_line > 0 {
                    piece.push_str(view.gap_text(token.place).get(view.typed.gap..).unwrap_or_default());
                }
                piece.push_str(&text);
            } else {
                piece.push_str(text.get(view.typed.partial.len()..).unwrap_or_default());
            }
        } else {
            piece.push_str(&view.gap_text(token.place));
            piece.push_str(&text);
        }
        prediction.tokens.push(TokenScore { logprob: token.probability.ln(), bytes: piece.len() as u32 });
        prediction.text.push_str(&piece);
    }
}

/// Leaves out what stands right of the cursor already: all of it at the prediction's end, or what begins with a
/// bracket that the prediction closes without having opened it.
fn give_way(prediction: &mut Prediction, rest_of_line: &str) {
    if rest_of_line.is_empty() {
        return;
    }
    let mut keep = prediction.text.strip_suffix(rest_of_line).map_or(prediction.text.len(), str::len);
    let mut depth = 0;
    for (at, character) in prediction.text.char_indices() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' if depth > 0 => depth -= 1,
            ')' | ']' | '}' if rest_of_line.starts_with(character) => {
                keep = keep.min(at);
                break;
            }
            _ => {}
        }
    }
    prediction.text.truncate(keep);
    let mut end = 0;
    prediction.tokens.retain_mut(|token| {
        let start = end;
        end += token.bytes as usize;
        token.bytes = end.min(keep).saturating_sub(start) as u32;
        token.bytes > 0
    });
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use ropey::Rope;

    use super::*;
    use crate::engine::lookup::DocumentTokens;

    fn at(fixture: &str, others: &[&str]) -> Prediction {
        let cursor = fixture.find("$0").expect("the fixture has a cursor");
        let tokens = |text: &str| Arc::new(DocumentTokens::new(&Rope::from_str(text)));
        let others = others.iter().map(|text| tokens(text)).collect();
        predict(&Corpus::new(tokens(&fixture.replacen("$0", "", 1)), cursor, others), Limits::LINE)
    }

    #[test]
    fn copies_the_rest_of_a_line_seen_above() {
        let prediction = at("if err != nil {\n\treturn nil, err\n}\nx := 1\nif err !$0\n", &[]);
        assert_eq!(prediction.text, "= nil {");
    }

    #[test]
    fn continues_a_word_in_its_middle() {
        let prediction = at("let configuration = load();\nuse_it(config$0\n", &[]);
        assert!(prediction.text.starts_with("uration"), "{prediction:?}");
    }

    #[test]
    fn replaces_the_name_that_differs() {
        let fixture = "self.height = height;\nself.depth = depth;\nself.width = $0\n";
        assert_eq!(at(fixture, &[]).text, "width;");
    }

    #[test]
    fn copies_from_another_open_document() {
        assert_eq!(at("import numpy$0", &["import os\nimport numpy as np\n"]).text, " as np");
    }

    #[test]
    fn what_stands_right_of_the_cursor_is_not_repeated() {
        let prediction = at("print(alpha, beta)\nprint(gamma)\nprint(alpha, $0)\n", &[]);
        assert_eq!(prediction.text, "beta");
        assert_eq!(prediction.tokens.iter().map(|token| token.bytes as usize).sum::<usize>(), 4);
    }

    #[test]
    fn an_empty_text_has_no_continuation() {
        assert_eq!(at("$0", &[]).text, "");
        assert_eq!(predict(&Corpus::default(), Limits::LINE).text, "");
    }
}
