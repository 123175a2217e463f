//! From a corpus to the text that continues at its cursor.

use super::corpus::Corpus;
use super::lexer::TokenId;
use super::matching::Context;
use super::mixture::{BUILT_IN, Proposal, Weights, proposals};
use super::render::{break_line, give_way, render};
use super::search::{Line, Start, best_lines};
use super::view::{ContextToken, View};
use crate::engine::{Finish, TokenScore};

/// A further line is written while it is at least this probable by itself.
const NEXT_LINE: f32 = 0.7;
/// And while all lines together are at least this probable.
const ALL_LINES: f32 = 0.5;
/// The cursor's line is taken for finished from this probability on.
const FINISHED_LINE: f32 = 0.5;

/// Bounds of one prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub max_tokens: usize,
    pub max_lines: usize,
}

impl Limits {
    /// The rest of the cursor's line.
    pub const LINE: Limits = Limits { max_tokens: 40, max_lines: 1 };
}

/// A continuation at the cursor.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// Without what is typed already; empty when nothing is likely.
    pub text: String,
    /// Lengths sum to `text.len()`. A line break belongs to the token after it.
    pub tokens: Vec<TokenScore>,
    /// The estimate that these whole lines are exactly right, 0 to 1; 0 when the last line's end was not found. How sure
    /// the beginning of such a line is, its tokens tell.
    pub confidence: f32,
    /// `EndOfText` after whole lines when nothing more is likely, `MaxLines` when more was not asked for, `MaxTokens`
    /// or `Exhausted` inside a line.
    pub finish: Finish,
}

/// Continues at the corpus's cursor. Takes microseconds; the work is bounded whatever the text is.
pub fn predict(corpus: &Corpus, limits: Limits) -> Prediction {
    predict_several(corpus, limits, 1).pop().unwrap_or_else(Prediction::nothing)
}

/// At most `count` continuations that differ in their first token, the most probable first. Never empty.
pub fn predict_several(corpus: &Corpus, limits: Limits, count: usize) -> Vec<Prediction> {
    predict_with(corpus, limits, count, &BUILT_IN)
}

/// The same with other weights than the built-in ones.
pub fn predict_with(corpus: &Corpus, limits: Limits, count: usize, weights: &Weights) -> Vec<Prediction> {
    let view = View::new(corpus);
    let mut draft = Draft::new(&view);
    if limits.max_lines > 1
        && let Some(end) = finished_line(&view, weights)
    {
        draft.end_line(&end);
        draft.lines = 0;
        draft.add_lines(&view, weights, limits);
        if draft.lines > 0 {
            return vec![draft.prediction];
        }
        draft = Draft::new(&view);
    }
    let start = Start { context: &view.context, on_line: view.on_line, at_cursor: true };
    let mut predictions: Vec<Prediction> = best_lines(&view, weights, start, limits.max_tokens, count)
        .iter()
        .map(|line| {
            let mut draft = draft.clone();
            draft.add_line(&view, line, limits);
            draft.add_lines(&view, weights, limits);
            give_way(&mut draft.prediction, &view.rest_of_line);
            draft.prediction
        })
        .collect();
    if predictions.is_empty() {
        predictions.push(Prediction::nothing());
    }
    predictions
}

impl Prediction {
    fn nothing() -> Self {
        Self { text: String::new(), tokens: Vec::new(), confidence: 0.0, finish: Finish::Exhausted }
    }
}

/// The line's end, when nothing else is likely at the cursor.
fn finished_line(view: &View<'_>, weights: &Weights) -> Option<Proposal> {
    if view.on_line == 0 || !view.rest_of_line.is_empty() || !view.typed.partial.is_empty() {
        return None;
    }
    let context = Context { tokens: &view.context, on_line: view.on_line, at_cursor: true };
    let best = proposals(view, &context, weights).into_iter().next()?;
    (best.id == TokenId::LINE_END && best.probability >= FINISHED_LINE).then_some(best)
}

/// A prediction that grows line by line.
#[derive(Clone)]
struct Draft {
    prediction: Prediction,
    context: Vec<ContextToken>,
    logprob: f32,
    lines: usize,
    /// The indentation of the line that was written last.
    indentation: String,
    /// What the next line begins with: the line breaks before it, and the place that its line end was copied from.
    ended: Option<Proposal>,
}

impl Draft {
    fn new(view: &View<'_>) -> Self {
        Self {
            prediction: Prediction::nothing(),
            context: view.context.clone(),
            logprob: 0.0,
            lines: 0,
            indentation: view.indentation_text.clone(),
            ended: None,
        }
    }

    fn end_line(&mut self, end: &Proposal) {
        self.logprob += end.probability.ln();
        self.context.push(ContextToken { id: end.id, origin: end.origin });
        self.ended = Some(*end);
    }

    /// Appends the rest of the cursor's line, or a whole line after a line end.
    fn add_line(&mut self, view: &View<'_>, line: &Line, limits: Limits) {
        let lead = match &self.ended {
            None => None,
            Some(end) => Some(break_line(view, end, line.tokens.first(), &mut self.indentation)),
        };
        render(view, line, lead.as_deref(), &mut self.prediction);
        self.context.extend(line.tokens.iter().map(|token| ContextToken { id: token.id, origin: token.origin }));
        self.logprob += line.tokens.iter().map(|token| token.probability.ln()).sum::<f32>();
        match &line.ended {
            Some(end) => {
                self.lines += 1;
                self.end_line(end);
                self.prediction.confidence = self.logprob.exp();
                self.prediction.finish = Finish::MaxLines;
            }
            None if self.prediction.tokens.len() >= limits.max_tokens => self.prediction.finish = Finish::MaxTokens,
            None => self.prediction.finish = Finish::Exhausted,
        }
    }

    /// Appends whole lines while they are certain enough, and not those that stand below the cursor already.
    fn add_lines(&mut self, view: &View<'_>, weights: &Weights, limits: Limits) {
        while self.ended.is_some() && self.lines < limits.max_lines && view.rest_of_line.is_empty() {
            let left = limits.max_tokens.saturating_sub(self.prediction.tokens.len());
            let start = Start { context: &self.context, on_line: 0, at_cursor: false };
            let line = best_lines(view, weights, start, left, 1).into_iter().next();
            let certain = line.filter(|line| {
                line.ended.is_some() && line.logprob >= NEXT_LINE.ln() && self.logprob + line.logprob >= ALL_LINES.ln()
            });
            match certain {
                Some(line) if !view.follows_already(line.tokens.iter().map(|token| token.id)) => {
                    self.add_line(view, &line, limits);
                }
                _ => {
                    if self.lines > 0 && limits.max_lines > 1 {
                        self.prediction.finish = Finish::EndOfText;
                    }
                    return;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use ropey::Rope;

    use super::*;
    use crate::engine::lookup::DocumentTokens;

    fn at(fixture: &str, others: &[&str]) -> Prediction {
        predict(&corpus(fixture, others), Limits::LINE)
    }

    fn corpus(fixture: &str, others: &[&str]) -> Corpus {
        let cursor = fixture.find("$0").expect("the fixture has a cursor");
        let tokens = |text: &str| Arc::new(DocumentTokens::new(&Rope::from_str(text)));
        let others = others.iter().map(|text| tokens(text)).collect();
        Corpus::new(tokens(&fixture.replacen("$0", "", 1)), cursor, others)
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
    fn whole_lines_follow_while_they_are_certain() {
        let block = "    if x is None:\n        raise ValueError(x)\n\n    return x + 1\n";
        let fixture = format!("{}def f(x):\n    if x i$0\n", format!("def f(x):\n{block}\n").repeat(6));
        let several = predict(&corpus(&fixture, &[]), Limits { max_tokens: 60, max_lines: 4 });
        assert!(several.text.starts_with("s None:\n        raise ValueError(x)\n\n    return x + 1"), "{several:?}");
        assert_eq!(several.tokens.iter().map(|token| token.bytes as usize).sum::<usize>(), several.text.len());
        assert_eq!(at(&fixture, &[]).text, "s None:");
    }

    #[test]
    fn copied_lines_take_the_indentation_of_the_cursor() {
        let blocks = "open(a);\nif a {\n  close(a);\n}\n".repeat(12);
        let prediction =
            predict(&corpus(&format!("{blocks}    open(a$0\n"), &[]), Limits { max_tokens: 20, max_lines: 3 });
        assert_eq!(prediction.text, ");\n    if a {\n      close(a);");
    }

    #[test]
    fn line_breaks_are_those_of_the_document() {
        let blocks = "one();\r\ntwo();\r\n".repeat(12);
        let prediction = predict(&corpus(&format!("{blocks}on$0\r\n"), &[]), Limits { max_tokens: 20, max_lines: 2 });
        assert_eq!(prediction.text, "e();\r\ntwo();");
    }

    #[test]
    fn lines_that_stand_below_are_not_written_again() {
        let block = "first(one);\nsecond(two);\nthird(three);\n";
        let fixture = format!("{block}a\n{block}b\n{block}c\nfirst($0\nsecond(two);\nthird(three);\n");
        let prediction = predict(&corpus(&fixture, &[]), Limits { max_tokens: 60, max_lines: 4 });
        assert_eq!(prediction.text, "one);");
    }

    #[test]
    fn several_candidates_begin_differently() {
        let corpus = corpus("a.push(1);\na.pop();\na.push(1);\na.pop();\na.$0\n", &[]);
        let predictions = predict_several(&corpus, Limits::LINE, 2);
        let mut texts: Vec<&str> = predictions.iter().map(|prediction| prediction.text.as_str()).collect();
        texts.sort_unstable();
        assert_eq!(texts, ["pop();", "push(1);"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        #[test]
        fn any_text_is_survived_and_answered_the_same_twice(
            text in "[a-c(){}\"'., \t\r\n\u{0}é日7=]{0,200}",
            at in 0usize..220,
            max_lines in 1usize..4,
            max_tokens in 0usize..30,
        ) {
            let tokens = Arc::new(DocumentTokens::new(&Rope::from_str(&text)));
            let corpus = Corpus::new(Arc::clone(&tokens), at, vec![tokens]);
            let limits = Limits { max_tokens, max_lines };
            let predictions = predict_several(&corpus, limits, 3);
            prop_assert_eq!(&predictions, &predict_several(&corpus, limits, 3));
            for prediction in predictions {
                let bytes: u32 = prediction.tokens.iter().map(|token| token.bytes).sum();
                prop_assert_eq!(bytes as usize, prediction.text.len());
                prop_assert!((0.0..=1.0).contains(&prediction.confidence));
                prop_assert!(prediction.tokens.len() <= max_tokens);
                prop_assert!(prediction.text.lines().count() <= max_lines + 2);
            }
        }
    }

    #[test]
    fn an_empty_text_has_no_continuation() {
        assert_eq!(at("$0", &[]).text, "");
        assert_eq!(predict(&Corpus::default(), Limits::LINE).text, "");
    }
}
