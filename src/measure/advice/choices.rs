//! Settings with a rival: which value is faster, or smaller at the same speed.

use serde_json::{Value, json};

use super::{Advice, Change, Factor, Facts, percent};
use crate::measure::figures::{ModelFigures, Rival};
use crate::measure::noise::FEWEST_ROUNDS;

/// All threads of a machine have to gain this much: they are slower than fewer as soon as anything else runs, because each
/// step waits for the last of them.
const LEAST_GAIN_OF_ALL: f64 = 0.15;
/// A smaller cache is worth a setting from this many bytes on, or from this share of the free memory on.
const SAVED_BYTES: u64 = 128 << 20;
const SAVED_SHARE: u64 = 20;

pub fn choose(figures: &ModelFigures, facts: Facts, advice: &mut Advice) -> Factor {
    let mut factor = None;
    let of = |key: &str| -> Vec<&Rival> { figures.rivals.iter().filter(|rival| rival.key == key).collect() };
    // Layers decide more than threads, and threads do not matter to layers on a graphics card.
    for key in ["engine.gpuLayers", "engine.threads"] {
        let rivals = of(key);
        let fastest = rivals.iter().copied().filter(|rival| is_faster(rival, facts));
        let fastest = fastest.min_by(|one, other| one.request.median.total_cmp(&other.request.median));
        match fastest {
            Some(rival) if factor.is_none() => {
                advice.changes.push(change(rival, faster(rival, facts)));
                factor = Some(Factor { prefill: rival.prefill.median, decode: rival.decode.median });
            }
            Some(rival) => advice
                .kept
                .push(format!("{key} = {}: measure again with the layers where they should be", value(&rival.against))),
            None => keep(&rivals, facts, advice),
        }
    }
    for rival in of("engine.kvType") {
        if let Some(reason) = smaller_or_faster(rival, facts) {
            advice.changes.push(change(rival, reason));
        } else {
            keep(&[rival], facts, advice);
        }
    }
    for key in ["engine.flashAttention", "engine.maxDraftTokens"] {
        for rival in of(key) {
            if is_faster(rival, facts) {
                advice.changes.push(change(rival, faster(rival, facts)));
            } else {
                keep(&[rival], facts, advice);
            }
        }
    }
    factor.unwrap_or(Factor { prefill: 1.0, decode: 1.0 })
}

fn change(rival: &Rival, reason: String) -> Change {
    Change { key: rival.key.clone(), value: rival.value.clone(), reason }
}

fn uses_all(rival: &Rival, facts: Facts) -> bool {
    rival.key == "engine.threads" && rival.value == json!(facts.cores) && facts.cores > 1
}

/// Beyond the noise, and not at the price of slower reading.
fn is_faster(rival: &Rival, facts: Facts) -> bool {
    let is_enough = !uses_all(rival, facts) || rival.request.gain() >= LEAST_GAIN_OF_ALL;
    rival.request.is_better() && !rival.prefill.is_worse() && is_enough
}

fn faster(rival: &Rival, facts: Facts) -> String {
    let speculation = rival.speculation.filter(|speculation| speculation.drafted > 0);
    let what = match (rival.key.as_str(), speculation) {
        ("engine.maxDraftTokens", Some(of)) if rival.value == json!(0) => format!(
            "without drafts text comes {} sooner: of {} drafted tokens {} were right",
            percent(rival.request.gain()),
            of.drafted,
            of.accepted
        ),
        ("engine.maxDraftTokens", Some(of)) => format!(
            "with drafts text comes {} sooner: of {} drafted tokens {} were right",
            percent(rival.request.gain()),
            of.drafted,
            of.accepted
        ),
        _ => format!(
            "a request takes {} less time than with {}: {:.0} tokens a second written",
            percent(rival.request.gain()),
            value(&rival.against),
            rival.decode_rate.median
        ),
    };
    let caution = if uses_all(rival, facts) {
        ". These are all of this machine: while something else computes, fewer may be faster"
    } else {
        ""
    };
    format!("{what} (noise {}, {} rounds){caution}", percent(rival.request.spread), rival.request.of)
}

/// A smaller cache where it costs no speed, a larger one where it gains some.
fn smaller_or_faster(rival: &Rival, facts: Facts) -> Option<String> {
    let saved = rival.kv_bytes_against.saturating_sub(rival.kv_bytes);
    if saved == 0 {
        return is_faster(rival, facts).then(|| faster(rival, facts));
    }
    let is_tight = facts.free_memory.is_some_and(|free| saved >= free / SAVED_SHARE);
    let costs_nothing = rival.request.of >= FEWEST_ROUNDS && !rival.request.is_worse() && !rival.prefill.is_worse();
    (costs_nothing && (saved >= SAVED_BYTES || is_tight)).then(|| {
        format!(
            "it saves {} MB of memory; the difference in speed is within the noise ({:+.0} %, noise {})",
            saved >> 20,
            -rival.request.gain() * 100.0,
            percent(rival.request.spread)
        )
    })
}

/// One sentence for all values of a setting that stays.
fn keep(rivals: &[&Rival], facts: Facts, advice: &mut Advice) {
    let Some(first) = rivals.first() else { return };
    let told: Vec<String> = rivals.iter().map(|rival| verdict(rival, facts)).collect();
    advice.kept.push(format!("{} = {}: {}", first.key, value(&first.against), told.join("; ")));
}

fn verdict(rival: &Rival, facts: Facts) -> String {
    let other = value(&rival.value);
    let Rival { request, prefill, .. } = rival;
    if request.of < FEWEST_ROUNDS {
        let rounds = if request.of == 1 { "round" } else { "rounds" };
        return format!("too little time for {other} ({} {rounds})", request.of);
    }
    if request.is_worse() {
        return format!("{other} is slower, {} more time", percent(request.gain()));
    }
    if prefill.is_worse() {
        return format!("{other} reads prompts slower, {} more time", percent(prefill.gain()));
    }
    if request.is_better() && uses_all(rival, facts) {
        return format!("{other}, all of this machine, would gain only {}", percent(request.gain()));
    }
    format!(
        "{other} makes no difference beyond the noise ({:+.0} %, noise {})",
        -request.gain() * 100.0,
        percent(request.spread)
    )
}

/// As it stands in a file; what is absent has no value there.
fn value(value: &Value) -> String {
    match value {
        Value::Null => "absent".to_owned(),
        Value::String(word) => word.clone(),
        other => other.to_string(),
    }
}
