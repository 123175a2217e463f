//! Describes suggestions: what their texts, their place and their rivals say of them.

use super::features::{Feature, Features};
use super::logistic::log_odds;
use crate::complete::{Place, Suggestion};
use crate::syntax::{Cursor, Region};

/// The place that suggestions are for, as the gate sees it.
#[derive(Clone, Copy, Debug)]
pub struct Scene(Features);

impl Scene {
    /// Where there is no tree, nothing is known of the syntax.
    pub fn new(place: &Place, cursor: Option<&Cursor>) -> Self {
        let mut features = Features::default();
        let before = place.line_before.as_str();
        let written = before.trim_end_matches(is_word);
        let is_mid_word = written.len() < before.len();
        let ended = written.trim_end();
        features.set_whether(Feature::LineStart, place.at_line_start());
        features.set_whether(Feature::MidWord, is_mid_word);
        features.set_whether(Feature::Member, [".", "::", "->"].iter().any(|mark| written.ends_with(mark)));
        features.set_whether(Feature::Opening, !is_mid_word && ended.ends_with(['(', '[', '{', ',']));
        features.set_whether(Feature::Assignment, !is_mid_word && ended.ends_with('='));
        features.set_whether(Feature::TextBehind, !place.at_line_end());
        if let Some(cursor) = cursor {
            features.set_whether(Feature::EmptyBlock, cursor.in_empty_block);
            features.set_whether(Feature::List, cursor.in_list);
            features.set_whether(Feature::Comment, cursor.region == Region::Comment);
            features.set_whether(Feature::String, cursor.region == Region::String);
        }
        Self(features)
    }

    /// Adds to each suggestion what can be said when all are known. Their confidences are those of the engines.
    pub fn describe(&self, suggestions: &mut [Suggestion]) {
        // What the model hesitates at, it hesitates at whoever writes it.
        let entropy = suggestions.iter().find_map(|suggestion| suggestion.features.get(Feature::Entropy));
        let confidences: Vec<f32> = suggestions.iter().map(|suggestion| suggestion.confidence).collect();
        for (at, suggestion) in suggestions.iter_mut().enumerate() {
            let features = &mut suggestion.features;
            features.set(Feature::Confidence, log_odds(suggestion.confidence));
            let line = suggestion.text.trim_start_matches(['\r', '\n']).lines().next().unwrap_or_default().trim_end();
            features.set(Feature::Characters, (1.0 + line.chars().count() as f32).ln());
            features.set(Feature::Lines, (suggestion.text.lines().count().max(1) as f32).ln());
            features.set_whether(Feature::Bare, !line.contains(is_word));
            let others = confidences.iter().enumerate().filter(|(other, _)| *other != at);
            let rival = others.map(|(_, confidence)| *confidence).max_by(f32::total_cmp);
            features.set_whether(Feature::Rival, rival.is_some());
            if let Some(rival) = rival {
                features.set(Feature::RivalConfidence, log_odds(rival));
            }
            if let (Some(entropy), None) = (entropy, features.get(Feature::Entropy)) {
                features.set(Feature::Entropy, entropy);
            }
            *features = features.or(self.0);
        }
    }
}

fn is_word(character: char) -> bool {
    character.is_alphanumeric() || character == '_'
}

#[cfg(test)]
mod tests {
    use ropey::Rope;

    use super::*;
    use crate::complete::Source;
    use crate::syntax::{Language, SyntaxTree};

    /// What is so at the cursor of a Rust text, by the features' words.
    fn scene(fixture: &str) -> Vec<&'static str> {
        let offset = fixture.find("$0").expect("fixture has a cursor");
        let text = Rope::from_str(&fixture.replacen("$0", "", 1));
        let tree = SyntaxTree::parse(Language::named("rust").unwrap(), &text, None);
        let cursor = tree.as_ref().map(|tree| tree.cursor(offset));
        let scene = Scene::new(&Place::at(&text, offset), cursor.as_ref());
        scene.0.iter().filter(|(_, value)| *value == 1.0).map(|(feature, _)| feature.word()).collect()
    }

    #[test]
    fn places_are_told_apart() {
        for (fixture, expected) in [
            ("fn f() {\n    $0\n}\n", &["lineStart", "emptyBlock"][..]),
            ("fn f() { a.$0 }\n", &["member", "textBehind"]),
            ("fn f() { a.b$0\n}\n", &["midWord", "member"]),
            ("fn f() { g($0) }\n", &["opening", "textBehind", "list"]),
            ("fn f() { g(a, $0) }\n", &["opening", "textBehind", "list"]),
            ("fn f() {\n    let x = $0\n}\n", &["assignment"]),
            ("// a $0\n", &["comment"]),
            ("fn f() { let x = \"a $0\"; }\n", &["textBehind", "string"]),
        ] {
            assert_eq!(scene(fixture), expected, "{fixture}");
        }
    }

    fn suggestion(text: &str, confidence: f32) -> Suggestion {
        Suggestion::new(text.to_owned(), Source::Model, confidence)
    }

    #[test]
    fn rivals_and_hesitation_are_told_to_all() {
        let mut all = [suggestion("\n);\n", 0.5), suggestion("foo(ä)\nbar", 0.8), suggestion("x", 0.1)];
        all[1].features.set(Feature::Entropy, 2.0);
        Scene(Features::default()).describe(&mut all);
        let of = |feature: Feature| all.each_ref().map(|suggestion| suggestion.features.get(feature).unwrap());
        assert_eq!(of(Feature::Bare), [1.0, 0.0, 0.0]);
        assert_eq!(of(Feature::Characters), [3f32.ln(), 7f32.ln(), 2f32.ln()]);
        assert_eq!(of(Feature::Lines), [2f32.ln(), 2f32.ln(), 0.0]);
        assert_eq!(of(Feature::Entropy), [2.0; 3]);
        assert_eq!(of(Feature::Rival), [1.0; 3]);
        assert_eq!(of(Feature::RivalConfidence), [log_odds(0.8), log_odds(0.5), log_odds(0.8)]);
        let mut alone = [suggestion("x", 0.5)];
        Scene(Features::default()).describe(&mut alone);
        assert_eq!(alone[0].features.get(Feature::Rival), Some(0.0));
        assert_eq!(alone[0].features.get(Feature::RivalConfidence), None);
    }
}
