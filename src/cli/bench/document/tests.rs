//! What stands in a report, from figures that were made up.

use serde_json::{Value, json};

use super::*;
use crate::measure::{Advice, Material, Speculation};

fn series(median: f64) -> Series {
    Series { of: 5, median, spread: median / 10.0 }
}

fn report() -> Report {
    let rival = Rival {
        key: "engine.flashAttention".to_owned(),
        value: json!(false),
        against: Value::Null,
        request: Series { of: 5, median: 0.8, spread: 0.04 },
        prefill: series(1.1),
        kv_bytes: 12 << 20,
        kv_bytes_against: 12 << 20,
        same: 4,
        of: 5,
        ..Rival::default()
    };
    let drafts = Rival {
        key: "engine.maxDraftTokens".to_owned(),
        value: json!(0),
        request: Series { of: 5, median: 1.25, spread: 0.1 },
        same: 20,
        of: 20,
        speculation: Some(Speculation { positions: 20, drafted: 90, accepted: 60, generated: 400, decodes: 320 }),
        ..Rival::default()
    };
    let model = ModelFigures {
        name: "small".to_owned(),
        cold: vec![
            Cold { size: Some(512), prompt_tokens: series(498.0), prefill: series(5123.0), ..Cold::default() },
            Cold { size: None, prompt_tokens: series(2700.0), ..Cold::default() },
        ],
        rivals: vec![rival, drafts],
        left_out: vec!["engine.gpuLayers: llama.cpp finds no graphics card here".to_owned()],
        advice: Some(Advice {
            verdict: "it keeps up with typing".to_owned(),
            changes: vec![Change {
                key: "engine.flashAttention".to_owned(),
                value: json!(false),
                reason: "a request takes 20 % less time".to_owned(),
            }],
            kept: vec!["engine.threads = 2: 4 is slower".to_owned()],
            ..Advice::default()
        }),
        ..ModelFigures::default()
    };
    Report { models: vec![model], ..Report::new(&Material::built_in(), 60.0) }
}

fn texts(parts: &[Part]) -> String {
    let text = |part: &Part| match part {
        Part::Heading(text) | Part::Text(text) => text.clone(),
        Part::Table(table) => {
            let rows = std::iter::once(&table.head).chain(&table.rows);
            rows.map(|row| row.join(" | ")).collect::<Vec<_>>().join("\n")
        }
        Part::Plot(plot) => plot.title.clone(),
    };
    parts.iter().map(text).collect::<Vec<_>>().join("\n")
}

#[test]
fn figures_stand_with_their_noise_and_gaps_as_gaps() {
    let report = report();
    insta::assert_snapshot!(texts(&figures(&report, None)[2..]), @"
    small
    cold prompt | tokens | read, tokens/s | first token, ms | written, tokens/s | ms a token
    512 tokens | 498 | 5123 ±10 % | – | – | –
    all budgets full | 2700 | – | – | – | –
    side by side | rounds | time of a request | of reading | of writing | read, tokens/s | written, tokens/s | key-value cache | same text
    engine.flashAttention = false against absent | 5 | -20 % ±4 | +10 % ±11 | – | – | – | 13 MB against 13 MB | 4 of 5
    With drafts writing takes 0.80 of the time that it takes without (noise 0.06, 5 rounds side by side): 60 of 90 drafted tokens were right, 1.25 tokens a decode, at 20 cursors; 20 of 20 texts the same.
    Not measured: engine.gpuLayers: llama.cpp finds no graphics card here.
    ");
}

#[test]
fn advice_names_what_changes_and_what_stays() {
    let mut report = report();
    insta::assert_snapshot!(texts(&advice(&report.models[0], true)), @"
    Advice
    small: it keeps up with typing.
    engine.flashAttention = false: a request takes 20 % less time.
    Stays: engine.threads = 2: 4 is slower.
    ");
    report.models[0].advice.as_mut().unwrap().changes.clear();
    assert!(texts(&advice(&report.models[0], false)).contains("Advice for small"));
    assert!(texts(&advice(&report.models[0], false)).contains("Leave the settings as they are."));
    report.models[0].advice = None;
    assert_eq!(advice(&report.models[0], true), []);
}

#[test]
fn an_earlier_report_stands_beside_this_one() {
    let now = report();
    let mut before = report();
    before.models[0].cold[0].prefill = series(9000.0);
    before.models[0].digest = Some("other".to_owned());
    before.is_optimised = !before.is_optimised;
    before.load.others = Some(now.machine.threads as f64);
    let told = texts(&figures(&now, Some(&before)));
    assert!(told.contains("during one of the two: part of a change may be theirs"), "{told}");
    assert!(
        told.contains("reading 512 tokens, tokens/s | 9000 ±10 % | 5123 ±10 % | -43 % | more than the noise"),
        "{told}"
    );
    assert!(told.contains("another machine or another kind of build"), "{told}");
    assert!(told.contains("another model of this name"), "{told}");
    before.models.clear();
    assert!(texts(&figures(&now, Some(&before))).contains("The earlier report does not have small."));
}
