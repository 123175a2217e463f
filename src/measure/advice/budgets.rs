//! How long a prompt may be so that a cold one, after a change of files, is read before the editor has given up.

use serde_json::json;

use super::{Advice, Change, DISTURBED, Factor, Facts};
use crate::complete::Patience;
use crate::config::Settings;
use crate::engine::PromptBudget;
use crate::measure::figures::ModelFigures;

/// Budgets are rounded down to this.
const STEP: u32 = 32;
/// Below these there is too little to see; they stay, however slow a model is.
const LEAST: PromptBudget = PromptBudget { prefix: 256, suffix: 64, snippets: 0 };

/// The goal is `Patience::GHOST_TEXT`: the time after which ghost text is answered with what there is.
pub fn fit(figures: &ModelFigures, settings: &Settings, facts: Facts, factor: Factor, advice: &mut Advice) {
    let goal = Patience::GHOST_TEXT.hard.as_secs_f64();
    let completion = &settings.completion;
    let set = PromptBudget {
        prefix: completion.prefix_tokens,
        suffix: completion.suffix_tokens,
        snippets: completion.snippet_tokens,
    };
    let names = "completion.prefixTokens, suffixTokens and snippetTokens";
    // Reading gets slower with the length: the longest prompt that was measured counts.
    let Some(longest) = figures.cold.iter().rev().find(|cold| cold.prefill.of > 0) else { return };
    let context = figures.info.as_ref().map_or(u32::MAX, |info| info.context);
    let set = set.within(context, completion.max_tokens);
    let whole = match longest.size {
        None => longest.prompt_tokens.median,
        Some(_) => f64::from(set.prefix) + f64::from(set.suffix) + f64::from(set.snippets),
    };
    let rate = longest.prefill.median / factor.prefill;
    let seconds = whole / rate;
    if seconds <= goal {
        advice.kept.push(format!(
            "{names}: a cold prompt of {whole:.0} tokens is read in {:.0} ms, within the {:.0} ms that an editor waits",
            seconds * 1e3,
            goal * 1e3
        ));
        return;
    }
    if facts.is_disturbed {
        advice
            .kept
            .push(format!("{names}: a cold prompt of {whole:.0} tokens took {seconds:.1} s to read, but {DISTURBED}"));
        return;
    }
    let share = goal / seconds;
    let fitted = |tokens: u32, least: u32| {
        let less = (f64::from(tokens) * share) as u32 / STEP * STEP;
        less.max(least).min(tokens)
    };
    let parts = [
        ("completion.prefixTokens", set.prefix, fitted(set.prefix, LEAST.prefix)),
        ("completion.suffixTokens", set.suffix, fitted(set.suffix, LEAST.suffix)),
        ("completion.snippetTokens", set.snippets, fitted(set.snippets, LEAST.snippets)),
    ];
    for (key, before, after) in parts {
        if after < before {
            advice.changes.push(Change {
                key: key.to_owned(),
                value: json!(after),
                reason: format!(
                    "a cold prompt of {whole:.0} tokens takes {seconds:.1} s to read ({rate:.0} tokens a second), and an \
                     editor waits {goal:.1} s"
                ),
            });
        }
    }
}
