//! The lock between `ext.rs` and its description.

use serde_json::Value;

use super::*;
use crate::acceptance::Moment;
use crate::complete::gate::{Contribution, GateAccount, Verdict};
use crate::complete::{Reason, Source, Suggestion, Trigger};
use crate::engine::{self, Device, EngineStatus, Finish, ModelInfo, PromptReport, Report, SelfTest, TokenShare};

const DESCRIPTION: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lsp-extensions.md"));

/// FNV-1a, 64 bits: enough to notice a change, short enough for a line.
fn fnv(text: &str) -> u64 {
    let bytes = text.bytes().filter(|byte| *byte != b'\r');
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_description_belongs_to_this_code() {
    let lock = format!("<!-- src/lsp/ext.rs: {:016x} -->", fnv(include_str!("../ext.rs")));
    assert!(
        DESCRIPTION.contains(&lock),
        "src/lsp/ext.rs changed. Bring docs/lsp-extensions.md up to date, then put this line at its end:\n{lock}"
    );
}

/// Every name in a value, at any depth.
fn names(value: &Value, into: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                into.push(name.clone());
                names(field, into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| names(item, into)),
        _ => {}
    }
}

#[test]
fn every_name_that_travels_is_described() {
    let mut all = vec![STATUS.to_owned(), DOCUMENT_TEXT.to_owned(), WHY.to_owned()];
    names(&serde_json::to_value(Status::from(&full_status())).expect("JSON"), &mut all);
    for decision in decisions() {
        names(&serde_json::to_value(Why::from(full_why(decision))).expect("JSON"), &mut all);
    }
    names(&serde_json::to_value(DocumentText { text: String::new(), version: 1 }).expect("JSON"), &mut all);
    all.push(NEXT_EDIT.to_owned());
    names(&serde_json::to_value(full_next_edit()).expect("JSON"), &mut all);
    for name in all {
        assert!(DESCRIPTION.contains(&format!("`{name}`")), "docs/lsp-extensions.md does not describe `{name}`");
    }
}

#[test]
fn a_status_leaves_out_what_it_does_not_know() {
    let status = session::Status {
        engine: EngineStatus::new("lookup", EngineState::Ready),
        pause: None,
        busy: 0,
        last_latency_us: None,
        last_source: None,
        nothing_shown_because: None,
        look_ahead: LookAheadCounts::default(),
        questions: session::QuestionStatus::default(),
    };
    let json = serde_json::to_string(&Status::from(&status)).expect("JSON");
    assert_eq!(json, r#"{"state":"ready","engine":"lookup","busy":0}"#);
}

#[test]
fn progress_is_a_percentage_whatever_an_engine_says() {
    for (progress, expected) in [(0.0, 0), (0.5, 50), (1.0, 100), (7.0, 100), (-1.0, 0), (f32::NAN, 0)] {
        assert_eq!(percentage(progress), expected, "{progress}");
    }
}

fn full_status() -> session::Status {
    let model = ModelInfo {
        name: "starter".to_owned(),
        path: None,
        architecture: String::new(),
        parameters: 1,
        bytes: 1,
        context: 1,
        trained_context: 1,
        fim: String::new(),
        devices: vec![Device { name: "CPU".to_owned(), layers: 1 }],
        threads: 1,
        load_ms: 1,
        kv_bytes: 1,
        self_test: Some(SelfTest { warnings: vec!["leaks".to_owned()], ..SelfTest::default() }),
    };
    let mut engine = EngineStatus::new("llama", EngineState::Failed { reason: "broken".to_owned() });
    engine.model = Some(model);
    session::Status {
        engine,
        pause: Some(session::Pause::new(Some(1), Moment::default())),
        busy: 1,
        last_latency_us: Some(1),
        last_source: Some(Source::Both),
        nothing_shown_because: Some("nothing".to_owned()),
        look_ahead: LookAheadCounts { started: 1, ..LookAheadCounts::default() },
        questions: session::QuestionStatus { running: 1, last: Some(session::LastAnswer::default()) },
    }
}

fn decisions() -> [Decision; 2] {
    let suggestion = Suggestion { log_probability: Some(-1.0), ..Suggestion::new("x".to_owned(), Source::Model, 0.5) };
    [
        Decision::Shown { suggestions: vec![suggestion], from_memory: false },
        Decision::Hidden { reason: Reason::MidLine, sentence: String::new() },
    ]
}

fn full_gate() -> GateAccount {
    let contribution = Contribution { feature: "entropy".to_owned(), value: 1.0, log_odds: 0.5 };
    let verdict = Verdict {
        text: "x".to_owned(),
        source: Source::Model,
        confidence: 0.5,
        probability: 0.25,
        base: Some(-1.0),
        contributions: vec![contribution],
    };
    GateAccount { threshold: 0.25, measured_on: "here".to_owned(), verdicts: vec![verdict] }
}

fn full_why(decision: Decision) -> complete::Why {
    complete::Why {
        document: "file:///a".into(),
        version: 1,
        offset: 0,
        trigger: Trigger::Automatic,
        joined: false,
        engine_job: complete::EngineJob::Started,
        ahead: false,
        context: vec![Considered { path: "a".to_owned(), name: "f".to_owned(), score: 1.0, is_shown: true }],
        prompt: Some(PromptReport {
            shares: vec![TokenShare { source: "prefix".to_owned(), tokens: 1 }],
            text: Some(String::new()),
            ..PromptReport::default()
        }),
        raw: Some(String::new()),
        finish: Some(Finish::EndOfText),
        lookup: Some((String::new(), 0.5)),
        syntax: complete::SyntaxCheck::Passed,
        engine: Some(engine::Report { generated: 1, ..Report::default() }),
        considered: Vec::new(),
        gate: Some(full_gate()),
        stages: vec![complete::Stage { name: "plan".to_owned(), us: 1500 }],
        notes: vec!["the model is still loading".to_owned()],
        decision,
    }
}

fn full_next_edit() -> NextEdit {
    let edit = TextEdit::new(Range::default(), "read".to_owned());
    NextEdit {
        uri: "file:///proj/a.rs".parse().expect("a URI"),
        version: Some(3),
        range: Range::default(),
        kind: PlaceKind::Signature,
        certainty: Certainty::Likely,
        name: "load".to_owned(),
        message: "`load` is now `read`".to_owned(),
        edit: Some(edit),
        more: 2,
        is_cut: false,
    }
}
