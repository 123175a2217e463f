//! Where asking the model again is not worth its work.
//!
//! Within a word a model rarely changes from far from sure to sure enough to be shown: in typing sessions made from real
//! commits, 3 of 250 generations did (`cargo bench --bench replay`, docs/benchmarks.md), and they were a seventh of all keys.
//! So the rest of such a word is left to lookup. Behind it the model is asked again.

use ropey::Rope;

use super::anchor::Anchor;

/// Far from sure is less than this part of what would be shown.
const PART_OF_BAR: f32 = 1.0 / 8.0;
/// Longer words, in bytes, are asked in again.
const LONGEST_WORD: usize = 64;

/// The place where a document's model was far from sure, until it is asked elsewhere.
#[derive(Debug, Default)]
pub struct Doubt {
    at: Option<Anchor>,
}

impl Doubt {
    /// The model's best here has this confidence, and `bar` is the least that is shown. Both are probabilities.
    pub fn note(&mut self, here: Anchor, confidence: f32, bar: f32) {
        self.at = (confidence < bar * PART_OF_BAR).then_some(here);
    }

    /// Only more of one word was typed since.
    pub fn holds(&self, text: &Rope, offset: usize) -> bool {
        let is_word = |typed: &str| {
            !typed.is_empty() && typed.chars().all(|character| character.is_alphanumeric() || character == '_')
        };
        self.at.as_ref().is_some_and(|place| place.typed_since(text, offset, LONGEST_WORD, is_word).is_some())
    }

    /// The settings or the model changed.
    pub fn forget(&mut self) {
        self.at = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(fixture: &str) -> (Rope, usize) {
        let offset = fixture.find("$0").expect("fixture has a cursor");
        (Rope::from_str(&fixture.replacen("$0", "", 1)), offset)
    }

    fn holds(asked: &str, confidence: f32, now: &str) -> bool {
        let (text, offset) = parse(asked);
        let mut doubt = Doubt::default();
        doubt.note(Anchor::at(&text, offset), confidence, 0.24);
        let (text, offset) = parse(now);
        doubt.holds(&text, offset)
    }

    #[test]
    fn it_lasts_to_the_end_of_the_word() {
        assert!(holds("let $0;\n", 0.02, "let c$0;\n"));
        assert!(holds("let c$0;\n", 0.02, "let count_2$0;\n"));
        assert!(!holds("let c$0;\n", 0.02, "let count $0;\n"));
        assert!(!holds("let c$0;\n", 0.02, "let count.$0;\n"));
        assert!(
            !holds("let c$0;\n", 0.02, "let c$0;\n"),
            "asked again where nothing was typed, somebody wants to know"
        );
        assert!(!holds("let c$0;\n", 0.02, "let x$0;\n"), "another word");
    }

    #[test]
    fn who_is_not_far_from_sure_is_asked_again() {
        assert!(!holds("let c$0;\n", 0.04, "let co$0;\n"));
        assert!(holds("let c$0;\n", 0.0, "let co$0;\n"));
    }

    #[test]
    fn the_newest_answer_counts() {
        let (text, offset) = parse("let c$0;\n");
        let mut doubt = Doubt::default();
        doubt.note(Anchor::at(&text, offset), 0.0, 0.24);
        doubt.note(Anchor::at(&text, offset), 0.2, 0.24);
        let (text, offset) = parse("let co$0;\n");
        assert!(!doubt.holds(&text, offset));
        doubt.note(Anchor::at(&text, offset), 0.0, 0.24);
        doubt.forget();
        let (text, offset) = parse("let cou$0;\n");
        assert!(!doubt.holds(&text, offset));
    }
}
