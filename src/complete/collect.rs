//! From what a generation has written to suggestions for the cursor as it stands now.

use super::account::Account;
use super::flight::{Candidate, Seat};
use super::gate::{Feature, Features, line_end};
use super::shape::Shaper;
use super::{Reason, Source, Suggestion, SyntaxCheck};
use crate::engine::Finish;

/// What the generation has written, shaped for the cursor as it stands now.
pub fn collect(seat: &Seat, shaper: &Shaper, trust: f32, account: &mut Account) -> Result<Vec<Suggestion>, Reason> {
    let progress = seat.progress.borrow();
    if let Some(first) = progress.candidates.first() {
        account.why.raw = Some(first.text.clone());
        account.why.finish = first.finish.clone();
        if let Some(Finish::Failed(message)) = &first.finish {
            return Err(Reason::EngineFailed(message.clone()));
        }
    }
    let mut nothing = Reason::NothingToSay;
    let mut suggestions = Vec::new();
    for candidate in &progress.candidates {
        match shaped(candidate, seat, shaper, trust, account) {
            Ok(suggestion) => suggestions.push(suggestion),
            Err(reason) => nothing = reason,
        }
    }
    if suggestions.is_empty() { Err(nothing) } else { Ok(suggestions) }
}

fn shaped(
    candidate: &Candidate,
    seat: &Seat,
    shaper: &Shaper,
    trust: f32,
    account: &mut Account,
) -> Result<Suggestion, Reason> {
    let typed = seat.typed.as_str();
    let Some(rest) = candidate.text.strip_prefix(typed) else { return Err(Reason::NothingToSay) };
    let cut_short = candidate.finish.as_ref().is_none_or(|finish| *finish == Finish::MaxTokens);
    let rest = if cut_short { whole_words(rest) } else { rest };
    let text = account.shaped(shaper.shape(rest))?;
    let start = typed.len();
    let line = start..start + line_end(&text);
    let confidence = candidate.log_probability(line.clone()).exp() * trust;
    let log_probability = Some(candidate.log_probability(start..start + text.len()));
    let mut features = Features::default();
    features.set_scores(&candidate.tokens, line);
    features.set_whether(Feature::Trimmed, account.why.syntax == SyntaxCheck::Trimmed);
    features.set_whether(Feature::CutShort, cut_short);
    // Behind what was typed since, the first token is no longer to be chosen.
    if let (true, Some(entropy)) = (typed.is_empty(), candidate.tokens.first().and_then(|token| token.entropy)) {
        features.set(Feature::Entropy, entropy);
    }
    Ok(Suggestion { log_probability, features, ..Suggestion::new(text, Source::Model, confidence) })
}

/// Text that ended because time or tokens ran out, without the word that was being written.
fn whole_words(text: &str) -> &str {
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    text.trim_end_matches(is_word)
}
