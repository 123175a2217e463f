//! Cases from figures to settings, and the sentences beside them.

use serde_json::json;

use super::*;
use crate::config::{Layer, Origin};
use crate::engine::ModelInfo;
use crate::measure::figures::{Cold, Keys, Rival, Speculation, Typing};
use crate::measure::noise::Series;
use crate::measure::testing::{Machine, Time};

const FACTS: Facts = Facts { cores: 8, free_memory: Some(8 << 30), is_disturbed: false };

fn steady(median: f64) -> Series {
    Series { of: 5, median, spread: 0.02 * median }
}

/// A model that reads and writes so many tokens a second, on settings as they come.
fn figures(reads: f64, writes: f64) -> ModelFigures {
    let cold = |size, tokens: f64| Cold {
        size,
        prompt_tokens: steady(tokens),
        prefill: steady(reads),
        first_token_ms: steady(tokens / reads * 1e3),
        decode: steady(writes),
        token_ms: steady(1e3 / writes),
    };
    let typing =
        |keys| Typing { keys, reused: steady(2000.0), evaluated: steady(1.0), first_token_ms: steady(2e3 / writes) };
    let info: ModelInfo = Machine::new(&Time::default()).running(&Settings::default()).info;
    ModelFigures {
        info: Some(info),
        cold: vec![cold(Some(512), 500.0), cold(None, 2700.0)],
        typing: Keys::ALL.map(typing).to_vec(),
        ..ModelFigures::default()
    }
}

fn rival(key: &str, value: Value, against: Value, ratio: Series) -> Rival {
    let same = 200 << 20;
    Rival {
        key: key.to_owned(),
        value,
        against,
        request: ratio,
        prefill: ratio,
        decode: ratio,
        decode_rate: steady(100.0),
        kv_bytes: same,
        kv_bytes_against: same,
        ..Rival::default()
    }
}

fn advised(rivals: Vec<Rival>) -> Advice {
    advise(&ModelFigures { rivals, ..figures(5000.0, 200.0) }, &Settings::default(), FACTS)
}

fn changes(advice: &Advice) -> Vec<(&str, Value)> {
    advice.changes.iter().map(|change| (change.key.as_str(), change.value.clone())).collect()
}

fn ratio(median: f64, spread: f64, of: usize) -> Series {
    Series { of, median, spread }
}

#[test]
fn a_setting_changes_when_the_gain_is_beyond_the_noise() {
    for (case, value, series, expected) in [
        ("much faster", json!(4), ratio(0.6, 0.05, 5), Some(json!(4))),
        ("faster on average, but rounds swing by more", json!(4), ratio(0.8, 0.25, 5), None),
        ("a little faster", json!(4), ratio(0.96, 0.01, 9), None),
        ("slower", json!(4), ratio(1.4, 0.1, 5), None),
        ("measured twice only", json!(4), ratio(0.5, 0.0, 2), None),
        ("all threads for little", json!(8), ratio(0.9, 0.02, 5), None),
        ("all threads for much", json!(8), ratio(0.7, 0.05, 5), Some(json!(8))),
    ] {
        let advice = advised(vec![rival("engine.threads", value, json!(2), series)]);
        let expected: Vec<_> = expected.into_iter().map(|value| ("engine.threads", value)).collect();
        assert_eq!(changes(&advice), expected, "{case}");
        let is_told = advice.kept.iter().any(|kept| kept.starts_with("engine.threads = 2: "));
        assert_eq!(is_told, expected.is_empty(), "{case}: {:?}", advice.kept);
    }
}

#[test]
fn the_fastest_of_several_is_named_with_its_figure_and_its_price() {
    let threads = |number: u32, median| rival("engine.threads", json!(number), json!(2), ratio(median, 0.05, 6));
    let advice = advised(vec![threads(4, 0.6), threads(8, 0.5), threads(1, 1.9)]);
    assert_eq!(changes(&advice), [("engine.threads", json!(8))]);
    let reason = &advice.changes[0].reason;
    assert!(
        reason.contains("50 % less time than with 2: 100 tokens a second") && reason.contains("6 rounds"),
        "{reason}"
    );
    assert!(reason.contains("all of this machine"), "{reason}");
    let kept = advised(vec![threads(4, 0.98), threads(8, 0.9), threads(1, 1.9)]).kept;
    assert_eq!(
        kept[0],
        "engine.threads = 2: 4 makes no difference beyond the noise (-2 %, noise 5 %); 8, all of this machine, would gain \
         only 10 %; 1 is slower, 90 % more time"
    );
}

#[test]
fn faster_writing_does_not_buy_slower_reading() {
    let mut slow_reader = rival("engine.flashAttention", json!(false), Value::Null, ratio(0.8, 0.02, 5));
    slow_reader.prefill = ratio(1.5, 0.02, 5);
    let advice = advised(vec![slow_reader]);
    assert_eq!(changes(&advice), []);
    assert!(advice.kept[0].starts_with("engine.flashAttention = absent: false reads prompts slower, 50 % more"));
}

#[test]
fn a_smaller_cache_is_for_those_who_lack_memory_and_lose_no_speed() {
    let cache = |saved: u64, series: Series| Rival {
        kv_bytes: (400 << 20) - saved,
        kv_bytes_against: 400 << 20,
        ..rival("engine.kvType", json!("q8_0"), json!("f16"), series)
    };
    let same = ratio(1.01, 0.04, 5);
    let told = |rival: Rival, free: u64| {
        let facts = Facts { free_memory: Some(free), ..FACTS };
        let figures = ModelFigures { rivals: vec![rival], ..figures(5000.0, 200.0) };
        changes(&advise(&figures, &Settings::default(), facts)).len()
    };
    assert_eq!(told(cache(190 << 20, same), 16 << 30), 1);
    assert_eq!(told(cache(19 << 20, same), 16 << 30), 0, "too little to matter");
    assert_eq!(told(cache(19 << 20, same), 300 << 20), 1, "unless memory is short");
    assert_eq!(told(cache(190 << 20, ratio(1.5, 0.04, 5)), 16 << 30), 0, "slower");
    assert_eq!(told(cache(190 << 20, ratio(1.0, 0.0, 1)), 16 << 30), 0, "hardly measured");
    let larger = Rival { kv_bytes: 400 << 20, kv_bytes_against: 200 << 20, ..cache(0, ratio(0.6, 0.05, 5)) };
    assert_eq!(told(larger, 16 << 30), 1, "a larger one that is faster");
}

#[test]
fn drafts_are_judged_by_what_they_gained() {
    let speculation = Some(Speculation { positions: 20, drafted: 90, accepted: 60, generated: 400, decodes: 340 });
    let without = |series| Rival { speculation, ..rival("engine.maxDraftTokens", json!(0), json!(10), series) };
    let advice = advised(vec![without(ratio(0.8, 0.05, 5))]);
    assert_eq!(changes(&advice), [("engine.maxDraftTokens", json!(0))]);
    assert!(advice.changes[0].reason.contains("20 % sooner: of 90 drafted tokens 60 were right"));
    assert_eq!(changes(&advised(vec![without(ratio(1.3, 0.05, 5))])), [], "they help");
}

#[test]
fn layers_go_before_threads_and_only_one_of_the_two_is_changed() {
    let advice = advised(vec![
        rival("engine.threads", json!(4), json!(2), ratio(0.7, 0.02, 5)),
        rival("engine.gpuLayers", json!(29), json!(0), ratio(0.1, 0.01, 5)),
    ]);
    assert_eq!(changes(&advice), [("engine.gpuLayers", json!(29))]);
    assert_eq!(advice.kept[0], "engine.threads = 2: measure again with the layers where they should be");
}

#[test]
fn a_model_is_judged_by_a_line() {
    for (writes, pace, words) in [
        (200.0, Pace::KeepsUp, "keeps up with typing"),
        (20.0, Pace::ComesInPauses, "when you pause"),
        (5.0, Pace::TooSlow, "too slow for ghost text here: a line of 12 tokens takes 2600 ms"),
    ] {
        let advice = advise(&figures(5000.0, writes), &Settings::default(), FACTS);
        assert_eq!(advice.pace, Some(pace));
        assert!(advice.verdict.contains(words), "{}", advice.verdict);
    }
    let nothing = advise(&ModelFigures::default(), &Settings::default(), FACTS);
    assert_eq!((nothing.pace, nothing.changes.len()), (None, 0));
    assert!(nothing.verdict.contains("too little was measured"));
}

#[test]
fn suggestions_are_no_longer_than_an_editor_waits() {
    let advice = |writes| advise(&figures(5000.0, writes), &Settings::default(), FACTS);
    assert_eq!(changes(&advice(200.0)), [], "96 tokens are there");
    // (1500 - 100) / 50 = 28 tokens, in steps of eight.
    assert_eq!(changes(&advice(20.0)), [("completion.maxTokens", json!(24))]);
    assert_eq!(changes(&advice(5.0)), [], "a model that is too slow is not helped by a number");
}

#[test]
fn prompts_are_no_longer_than_what_is_read_in_time() {
    // 2,700 tokens at 900 a second are three seconds: half of everything.
    let advice = advise(&figures(900.0, 200.0), &Settings::default(), FACTS);
    assert_eq!(
        changes(&advice),
        [
            ("completion.prefixTokens", json!(768)),
            ("completion.suffixTokens", json!(256)),
            ("completion.snippetTokens", json!(512))
        ]
    );
    assert!(advice.changes[0].reason.contains("2700 tokens takes 3.0 s to read (900 tokens a second)"));
    let kept = advise(&figures(5000.0, 200.0), &Settings::default(), FACTS).kept;
    assert!(kept.iter().any(|kept| kept.contains("2700 tokens is read in 540 ms, within the 1500 ms")), "{kept:?}");
    // However slow: below this there is nothing to see.
    let advice = advise(&figures(10.0, 200.0), &Settings::default(), FACTS);
    assert_eq!(
        changes(&advice)[..2],
        [("completion.prefixTokens", json!(256)), ("completion.suffixTokens", json!(64))]
    );
}

#[test]
fn on_a_busy_machine_only_comparisons_count() {
    let facts = Facts { is_disturbed: true, ..FACTS };
    let threads = rival("engine.threads", json!(4), json!(2), ratio(0.9, 0.02, 5));
    let advice = advise(&ModelFigures { rivals: vec![threads], ..figures(900.0, 20.0) }, &Settings::default(), facts);
    assert_eq!(changes(&advice), [("engine.threads", json!(4))]);
    assert!(advice.verdict.ends_with("on an idle machine it is faster"), "{}", advice.verdict);
    let told = |start: &str| advice.kept.iter().any(|kept| kept.starts_with(start) && kept.ends_with(DISTURBED));
    assert!(
        told("completion.maxTokens = 96: 31 are there") && told("completion.prefixTokens, suffix"),
        "{:?}",
        advice.kept
    );
}

#[test]
fn what_more_threads_gain_counts_for_the_prompt() {
    let threads = rival("engine.threads", json!(4), json!(2), ratio(0.5, 0.02, 5));
    let advice = advise(&ModelFigures { rivals: vec![threads], ..figures(1000.0, 200.0) }, &Settings::default(), FACTS);
    assert_eq!(changes(&advice), [("engine.threads", json!(4))], "2,700 tokens at 2,000 a second are in time");
}

#[test]
fn the_snippet_is_a_configuration_file() {
    let mut figures = figures(900.0, 20.0);
    figures.rivals = vec![
        rival("engine.threads", json!(4), json!(2), ratio(0.9, 0.01, 5)),
        rival("engine.kvType", json!("f16"), json!("q8_0"), ratio(0.6, 0.01, 5)),
    ];
    let advice = advise(&figures, &Settings::default(), FACTS);
    let text = advice.toml();
    insta::assert_snapshot!(text, @r#"
    [completion]
    maxTokens = 24
    prefixTokens = 832
    snippetTokens = 544
    suffixTokens = 256

    [engine]
    kvType = "f16"
    threads = 4
    "#);
    let values = toml::from_str::<Value>(&text).unwrap();
    assert_eq!(values, advice.settings());
    let (settings, problems) = Settings::from_layers(&[Layer { origin: Origin::CommandLine, values }]);
    assert_eq!((settings.engine.threads, settings.completion.max_tokens, problems.len()), (4, 24, 0));
    assert_eq!(Advice::default().toml(), "");
}
