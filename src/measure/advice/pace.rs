//! Whether a model is fast enough for ghost text at all, and how long a suggestion may be to be there in time.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Advice, Change, DISTURBED, Factor, Facts};
use crate::complete::Patience;
use crate::config::Settings;
use crate::measure::figures::{Keys, ModelFigures};

/// Tokens of a line of code: about forty characters.
const LINE: f64 = 12.0;
/// Fewer tokens are no suggestion.
const FEWEST_TOKENS: u32 = 16;

/// How a model keeps step with typing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Pace {
    /// A line is there before lookup's would be shown in its place.
    KeepsUp,
    /// A line is there while the editor still waits.
    ComesInPauses,
    /// Nobody waits that long.
    TooSlow,
}

pub fn judge(figures: &ModelFigures, settings: &Settings, facts: Facts, factor: Factor, advice: &mut Advice) {
    let key = figures.typing.iter().find(|typing| typing.keys == Keys::InLine);
    // Writing gets slower with the length of the prompt: the longest one counts.
    let token_ms = figures.cold.iter().rev().map(|cold| cold.token_ms).find(|series| series.of > 0);
    let (Some(key), Some(token_ms)) = (key, token_ms) else {
        "too little was measured to tell whether it is fast enough".clone_into(&mut advice.verdict);
        return;
    };
    let token_ms = token_ms.median * factor.decode;
    let first_ms = key.first_token_ms.median * factor.decode.min(1.0);
    let line_ms = first_ms + (LINE - 1.0) * token_ms;
    let ms = |time: std::time::Duration| time.as_secs_f64() * 1e3;
    let (soft, hard) = (ms(Patience::GHOST_TEXT.soft), ms(Patience::GHOST_TEXT.hard));
    let (pace, sentence) = if line_ms <= soft {
        (Pace::KeepsUp, format!("it keeps up with typing: a line of {LINE:.0} tokens is there after {line_ms:.0} ms"))
    } else if line_ms <= hard {
        (
            Pace::ComesInPauses,
            format!(
                "it is there when you pause: a line of {LINE:.0} tokens takes {line_ms:.0} ms, and until then lookup's is shown"
            ),
        )
    } else {
        (
            Pace::TooSlow,
            format!(
                "it is too slow for ghost text here: a line of {LINE:.0} tokens takes {line_ms:.0} ms, and an editor waits \
                 {hard:.0} ms. Choose a smaller model or a stronger quantisation (engine.model), or lookup alone \
                 (engine.choice = \"lookup\")"
            ),
        )
    };
    (advice.pace, advice.verdict) = (Some(pace), sentence);
    if facts.is_disturbed && pace != Pace::KeepsUp {
        advice.verdict.push_str(". But others kept the processors busy: on an idle machine it is faster");
    }
    let most = settings.completion.max_tokens;
    let in_time = ((hard - first_ms) / token_ms).max(0.0).min(f64::from(u32::MAX)) as u32;
    if pace == Pace::TooSlow || in_time >= most || most <= FEWEST_TOKENS {
        if pace != Pace::TooSlow {
            advice.kept.push(format!("completion.maxTokens = {most}: all of them are there within {hard:.0} ms"));
        }
        return;
    }
    if facts.is_disturbed {
        advice
            .kept
            .push(format!("completion.maxTokens = {most}: {in_time} are there within {hard:.0} ms, but {DISTURBED}"));
        return;
    }
    let fitting = (in_time / 8 * 8).max(FEWEST_TOKENS);
    advice.changes.push(Change {
        key: "completion.maxTokens".to_owned(),
        value: json!(fitting),
        reason: format!(
            "in the {hard:.0} ms that an editor waits {in_time} tokens are written, {token_ms:.1} ms each; what comes later \
             takes the processor for nothing"
        ),
    });
}
