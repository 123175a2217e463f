//! Which of several continuations is shown: the model's, the lookup engine's, or none.

use super::gate::Feature;
use super::{Reason, Source, Suggestion};
use crate::config::Level;

/// How much of a model's own confidence is believed, by its number of parameters.
///
/// Small models are sure of themselves and wrong. The starter (4 M) is exactly right at 13 % of line ends where the
/// lookup engine is right at 25 % (models/README.md), so its word counts half. What was measured on the user's own
/// code comes on top: `Calibration`.
pub fn trust(parameters: u64) -> f32 {
    match parameters {
        0..50_000_000 => 0.5,
        50_000_000..400_000_000 => 0.8,
        _ => 1.0,
    }
}

/// Least probability to show a suggestion, where nothing else was measured. Cursor shows what is accepted in at least one of
/// four cases.
pub fn threshold(level: Level) -> f32 {
    match level {
        Level::Low => 0.5,
        Level::Medium => 0.25,
        Level::High => 0.1,
    }
}

/// From here on the lookup engine is right in more than nine of ten cases (docs/benchmarks.md), and no model is asked:
/// the answer is there at once and costs no power.
pub const SURE: f32 = 0.8;

/// Hears lookup on what the model wrote. `probable` is how probable lookup holds a text, 0 to 1: a vote of its own, as if it had
/// written the text with that confidence. Where it has nothing to say, the model's word stands as it is; and what lookup
/// wrote itself, `choose` counts.
pub fn second_opinion(model: &mut [Suggestion], lookup: Option<&Suggestion>, probable: impl Fn(&str) -> f32) {
    for suggestion in model.iter_mut() {
        if lookup.is_none_or(|lookup| !same_line(lookup, suggestion)) {
            let probable = probable(&suggestion.text);
            suggestion.features.set(Feature::LookupProbability, probable.ln());
            suggestion.confidence = either(suggestion.confidence, probable);
        }
    }
}

/// Orders what both engines wrote, best first, without duplicates. Where they agree, both wrote it.
pub fn choose(lookup: Option<Suggestion>, model: Vec<Suggestion>) -> Vec<Suggestion> {
    let mut all: Vec<Suggestion> = Vec::with_capacity(model.len() + 1);
    for suggestion in lookup.into_iter().chain(model) {
        match all.iter_mut().find(|other| same_line(other, &suggestion)) {
            Some(other) => agree(other, suggestion),
            None => all.push(suggestion),
        }
    }
    all.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    all
}

/// A further candidate that is less likely than the best by more than this factor is noise, not a choice.
const LEAST_SHARE_OF_BEST: f32 = 0.01;

/// The first of what may be shown, and the others behind it that are worth a look; or why nothing is.
pub fn gate(mut suggestions: Vec<Suggestion>, threshold: f32, most: u32) -> Result<Vec<Suggestion>, Reason> {
    let Some(best) = suggestions.first() else { return Err(Reason::NothingToSay) };
    if best.confidence < threshold {
        return Err(Reason::LowConfidence {
            confidence_percent: percent(best.confidence),
            threshold_percent: percent(threshold),
        });
    }
    let least = (best.confidence * LEAST_SHARE_OF_BEST).max(threshold);
    suggestions.retain(|suggestion| suggestion.confidence >= least);
    suggestions.truncate(most.max(1) as usize);
    Ok(suggestions)
}

fn percent(share: f32) -> u32 {
    (share.clamp(0.0, 1.0) * 100.0).round() as u32
}

fn same_line(a: &Suggestion, b: &Suggestion) -> bool {
    first_line(&a.text) == first_line(&b.text)
}

fn first_line(text: &str) -> &str {
    text.trim_end().split('\n').next().unwrap_or_default()
}

/// Two independent votes for the same text: wrong only if both are.
fn either(one: f32, other: f32) -> f32 {
    1.0 - (1.0 - one) * (1.0 - other)
}

fn agree(kept: &mut Suggestion, other: Suggestion) {
    if kept.source != other.source {
        // What the model thinks of its tokens is what the gate goes by; lookup's word stands beside it.
        let by_lookup = if kept.source == Source::Lookup { kept.confidence } else { other.confidence };
        let (kept_first, other_first) = (kept.features.or(other.features), other.features.or(kept.features));
        kept.features = if kept.source == Source::Lookup { other_first } else { kept_first };
        kept.features.set(Feature::LookupProbability, by_lookup.ln());
        kept.source = Source::Both;
        kept.confidence = either(kept.confidence, other.confidence);
    } else {
        kept.confidence = kept.confidence.max(other.confidence);
    }
    kept.log_probability = kept.log_probability.or(other.log_probability);
    if other.text.len() > kept.text.len() {
        kept.text = other.text;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn suggestion(text: &str, source: Source, confidence: f32) -> Suggestion {
        Suggestion::new(text.to_owned(), source, confidence)
    }

    #[test]
    fn the_more_confident_engine_leads() {
        let chosen = choose(
            Some(suggestion("a", Source::Lookup, 0.3)),
            vec![suggestion("b", Source::Model, 0.6), suggestion("c", Source::Model, 0.1)],
        );
        let order: Vec<_> = chosen.iter().map(|suggestion| suggestion.text.as_str()).collect();
        assert_eq!(order, ["b", "a", "c"]);
    }

    #[test]
    fn agreement_is_one_suggestion_of_both_and_stronger_than_either() {
        let chosen =
            choose(Some(suggestion("a;", Source::Lookup, 0.4)), vec![suggestion("a;\nb;", Source::Model, 0.5)]);
        assert_eq!(chosen.len(), 1);
        assert_eq!((chosen[0].source, chosen[0].text.as_str()), (Source::Both, "a;\nb;"));
        assert!((chosen[0].confidence - 0.7).abs() < 1e-6);
        assert_eq!(chosen[0].features.get(Feature::LookupProbability), Some(0.4f32.ln()));
    }

    #[test]
    fn of_what_both_wrote_the_model_s_scores_are_known_and_what_it_lacks_of_lookup() {
        let mut by_lookup = suggestion("a;", Source::Lookup, 0.4);
        by_lookup.features.set(Feature::LogProbability, -1.0);
        by_lookup.features.set(Feature::Tokens, 2.0);
        let mut by_model = suggestion("a;", Source::Model, 0.5);
        by_model.features.set(Feature::LogProbability, -2.0);
        let both = &choose(Some(by_lookup), vec![by_model])[0];
        assert_eq!(both.features.get(Feature::LogProbability), Some(-2.0));
        assert_eq!(both.features.get(Feature::Tokens), Some(2.0));
    }

    #[test]
    fn what_lookup_holds_probable_is_believed_more_and_nothing_twice() {
        let mut written = ["a;", "b;", "c;"].map(|text| suggestion(text, Source::Model, 0.5));
        let from_lookup = suggestion("c;\nd;", Source::Lookup, 0.4);
        second_opinion(&mut written, Some(&from_lookup), |text| if text == "a;" { 0.2 } else { 0.0 });
        assert_eq!(written.map(|suggestion| suggestion.confidence), [0.6, 0.5, 0.5]);
    }

    #[test]
    fn candidates_of_one_engine_do_not_vote_twice() {
        let chosen = choose(None, vec![suggestion("a", Source::Model, 0.4), suggestion("a", Source::Model, 0.3)]);
        assert_eq!(chosen.len(), 1);
        assert_eq!((chosen[0].source, chosen[0].confidence), (Source::Model, 0.4));
    }

    #[test]
    fn the_gate_hides_what_is_probably_wrong_and_says_so() {
        let weak = || vec![suggestion("a", Source::Model, 0.2)];
        let medium = threshold(Level::Medium);
        assert_eq!(
            gate(weak(), medium, 3),
            Err(Reason::LowConfidence { confidence_percent: 20, threshold_percent: 25 })
        );
        assert!(gate(weak(), threshold(Level::High), 3).is_ok());
        assert_eq!(gate(Vec::new(), 0.0, 3), Err(Reason::NothingToSay));
    }

    #[test]
    fn candidates_that_nobody_would_take_are_left_out() {
        let all = vec![
            suggestion("a", Source::Model, 0.2),
            suggestion("b", Source::Model, 0.01),
            suggestion("c", Source::Model, 1e-6),
        ];
        assert_eq!(gate(all.clone(), 0.0, 3).map(|kept| kept.len()), Ok(2));
        assert_eq!(gate(all.clone(), 0.1, 3).map(|kept| kept.len()), Ok(1));
        assert_eq!(gate(all, 0.0, 1).map(|kept| kept.len()), Ok(1));
    }
}
