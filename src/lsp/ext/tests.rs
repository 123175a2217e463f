//! The lock between `ext.rs` and its description.

use serde_json::{Value, json};

use super::answer::{AnswerFooter, AnswerTokens, Citation, ProposedDiff, ProposedFile};
use super::consent::{Between, CONSENT, Redaction};
use super::*;
use crate::acceptance::Moment;
use crate::ask::{Cited, ConsentReply, Footer, Kind, Passage};
use crate::budget::{Outcome, Picodollars, Total, WindowState};
use crate::complete::gate::{Contribution, GateAccount, Verdict};
use crate::complete::{Reason, Source, Suggestion, Trigger};
use crate::engine::{self, Device, EngineStatus, Finish, ModelInfo, PromptReport, Report, SelfTest, TokenShare};
use crate::index::VectorStatus;
use crate::text::PositionEncoding;

const DESCRIPTION: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/lsp-extensions.md"));

/// FNV-1a, 64 bits: enough to notice a change, short enough for a line.
fn fnv(text: &str) -> u64 {
    let bytes = text.bytes().filter(|byte| *byte != b'\r');
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[test]
fn the_description_belongs_to_this_code() {
    let code = [
        include_str!("../ext.rs"),
        include_str!("answer.rs"),
        include_str!("budget.rs"),
        include_str!("consent.rs"),
        include_str!("paid.rs"),
    ];
    let lock = format!("<!-- src/lsp/ext.rs and those below it: {:016x} -->", fnv(&code.concat()));
    assert!(
        DESCRIPTION.contains(&lock),
        "src/lsp/ext.rs or a file below it changed. Bring docs/lsp-extensions.md up to date, then put this line at its end:\n{lock}"
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
    all.extend([ANSWER, CONSENT, BUDGET, WORKSPACE_TRUST, "isTrusted", "choice"].map(str::to_owned));
    for event in events() {
        let event = serde_json::to_value(Answer { question: 1, event }).expect("JSON");
        all.push(event["event"].as_str().expect("a name").to_owned());
        names(&event, &mut all);
    }
    names(&serde_json::to_value(full_consent()).expect("JSON"), &mut all);
    names(&serde_json::to_value(BudgetState::from(&full_budget())).expect("JSON"), &mut all);
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
        eagerness: Eagerness::default(),
        cloud: None,
        vectors: None,
    };
    let json = serde_json::to_string(&Status::from(&status)).expect("JSON");
    assert_eq!(json, r#"{"state":"ready","engine":"lookup","busy":0,"eagerness":"medium"}"#);
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
        lowered: vec!["less".to_owned()],
        ..ModelInfo::default()
    };
    let mut engine = EngineStatus::new("llama", EngineState::Failed { reason: "broken".to_owned() });
    engine.model = Some(model);
    engine.rest = engine::Rest {
        sleeps: 2,
        wakes: 1,
        last_reason: Some("unused".to_owned()),
        wake_ms: Some(1),
        polite_because: vec!["on battery".to_owned()],
        threads: Some(1),
    };
    engine.server = Some(engine::ServerStatus {
        host: "gpu.example".to_owned(),
        down: Some("it is away".to_owned()),
        kept: Some("a secret".to_owned()),
        withheld: [("secret".to_owned(), 1)].into(),
        paid: Some(engine::PaidStatus {
            provider: "mistral".to_owned(),
            last_cost: Some(1),
            wants_yes: Some("May it?".to_owned()),
            ..engine::PaidStatus::default()
        }),
        ..engine::ServerStatus::default()
    });
    session::Status {
        engine,
        pause: Some(session::Pause::new(Some(1), Moment::default())),
        busy: 1,
        last_latency_us: Some(1),
        last_source: Some(Source::Both),
        nothing_shown_because: Some("nothing".to_owned()),
        look_ahead: LookAheadCounts { started: 1, ..LookAheadCounts::default() },
        questions: session::QuestionStatus { running: 1, last: Some(session::LastAnswer::default()) },
        eagerness: Eagerness::Strictest(crate::config::Level::Low, 7),
        cloud: Some(session::CloudStatus::from(&full_budget())),
        vectors: Some(VectorStatus { problem: Some("it is away".to_owned()), ..VectorStatus::default() }),
    }
}

fn full_budget() -> session::questions::Budget {
    session::questions::Budget {
        is_off: Some("it is off".to_owned()),
        provider: "anthropic".to_owned(),
        model: "claude-x".to_owned(),
        windows: Ok(vec![window()]),
        suggestions: Some(Total { requests: 1, tokens: 2, money: Picodollars(2_000_000_000), ..Total::default() }),
        today: Some(Total { requests: 3, tokens: 5, money: Picodollars::DOLLAR, ..Total::default() }),
    }
}

/// Of $20 a month $5 are spent and as much is reserved.
fn window() -> WindowState {
    let limit = "$20 per month for provider anthropic".parse().expect("a limit");
    WindowState {
        limit,
        settled: 5 * Picodollars::DOLLAR.0,
        open: 5 * Picodollars::DOLLAR.0,
        resets_at: Some(7),
        clock_is_behind: 0,
    }
}

fn uri(path: &str) -> Option<Uri> {
    format!("file:///proj/{path}").parse().ok()
}

fn file() -> File {
    File { path: "a.rs".to_owned(), uri: uri("a.rs"), bytes: 40, lines: Some("1-2".to_owned()), is_internal: true }
}

fn events() -> Vec<Event> {
    let text = || "text".to_owned();
    let citation = Citation { text: text(), at: 0, is_verified: true, uri: uri("a.rs"), line: 1, end_line: Some(2) };
    let new = ProposedFile { path: text(), uri: uri("a.rs"), new_text: Some(text()) };
    let footer = AnswerFooter {
        answered_by: text(),
        is_cloud: true,
        left_machine: true,
        route_reason: text(),
        cost: text(),
        cost_is: Some(Outcome::Counted),
        tokens: AnswerTokens { input: 1, cached: 1, output: 1 },
        files: vec![file()],
        redactions: 1,
        cited: 1,
        unverified: 1,
        elapsed_ms: 1,
        incomplete: Some(text()),
        lowered: Some(text()),
        thread: Some(text()),
        diff: Some(ProposedDiff { text: text(), problems: vec![text()], files: vec![new] }),
    };
    vec![
        Event::Begin { title: text(), kind: Kind::Ask, thread: Some(text()) },
        Event::Routed { is_cloud: true, reason: text() },
        Event::Progress { text: text() },
        Event::Notice { text: text() },
        Event::Text { text: text(), citations: vec![citation] },
        Event::Done { footer: Box::new(footer), text: text() },
        Event::Failed { problem: text() },
    ]
}

fn full_consent() -> ConsentParams {
    let text = || "text".to_owned();
    ConsentParams {
        question: 1,
        title: text(),
        message: text(),
        provider: text(),
        model: text(),
        host: text(),
        is_local: false,
        terms: Some("text"),
        why: Some(text()),
        may_remember: true,
        input_tokens: Between { least: 1, most: 2 },
        max_output_tokens: 1,
        lowered: Some(text()),
        cost: Between { least: text(), most: text() },
        files: vec![file()],
        redactions: vec![Redaction { kind: text(), count: 1 }],
        left: Some(text()),
        payload: text(),
    }
}

#[test]
fn where_a_citation_stands_is_counted_as_the_client_counts() {
    let text = "ä🦀 see a\\_b.rs:3-9 and gone.rs:1 (unverified)";
    let cited = |written: &str, path: Option<&str>, first, last| {
        let start = text.find(written).expect("it is there");
        Cited { range: start..start + written.len(), path: path.map(str::to_owned), first, last }
    };
    let citations = vec![cited("a\\_b.rs:3-9", Some("a_b.rs"), 3, 9), cited("gone.rs:1", None, 1, 1)];
    for (encoding, at) in [(PositionEncoding::Utf8, 11), (PositionEncoding::Utf16, 8), (PositionEncoding::Utf32, 7)] {
        let passage = Passage { text: text.to_owned(), citations: citations.clone() };
        let event = serde_json::to_value(Event::text(passage, encoding, &uri)).expect("JSON");
        let first = &event["citations"][0];
        assert_eq!((&first["text"], &first["at"]), (&json!("a\\_b.rs:3-9"), &json!(at)), "{encoding:?}");
        assert_eq!(
            (&first["uri"], &first["line"], &first["endLine"]),
            (&json!("file:///proj/a_b.rs"), &json!(3), &json!(9))
        );
        let second = json!({ "text": "gone.rs:1", "at": at + 16, "isVerified": false, "line": 1 });
        assert_eq!(event["citations"][1], second, "{encoding:?}");
    }
}

#[test]
fn a_footer_says_only_what_is_so() {
    let mut footer = Footer { answered_by: "the index".to_owned(), ..Footer::default() };
    footer.diff = Some(crate::ask::Diff {
        text: "--- a/x\n".to_owned(),
        files: vec![("x".to_owned(), None)],
        problem: Some("it does\nnot fit".to_owned()),
    });
    let event = serde_json::to_value(Event::done(&footer, &uri)).expect("JSON");
    let told = &event["footer"];
    for absent in ["costIs", "incomplete", "thread"] {
        assert!(told.get(absent).is_none(), "{absent}: {told}");
    }
    assert_eq!((&told["cost"], &told["isCloud"]), (&json!("$0.00"), &json!(false)));
    let diff = json!({
        "text": "--- a/x\n", "problems": ["it does not fit"], "files": [{ "path": "x", "uri": "file:///proj/x" }],
    });
    assert_eq!(told["diff"], diff);
    assert!(event["text"].as_str().is_some_and(|text| text.contains("Answered by the index")), "{event}");
}

#[test]
fn only_what_is_on_offer_is_a_yes() {
    for (answer, may_remember, expected) in [
        (json!({ "choice": "once" }), true, ConsentReply::Once),
        (json!({ "choice": "workspace" }), true, ConsentReply::Workspace),
        (json!({ "choice": "workspace" }), false, ConsentReply::Refused),
        (json!({ "choice": "no" }), true, ConsentReply::Refused),
        (json!({ "choice": "Once" }), true, ConsentReply::Refused),
        (json!({ "choice": true }), true, ConsentReply::Refused),
        (json!("once"), true, ConsentReply::Refused),
        (Value::Null, true, ConsentReply::Refused),
    ] {
        assert_eq!(choice(Some(answer.clone()), may_remember), expected, "{answer}");
    }
    assert_eq!(choice(None, true), ConsentReply::Refused);
}

#[test]
fn limits_are_told_as_people_write_them() {
    let budget = serde_json::to_value(BudgetState::from(&full_budget())).expect("JSON");
    let limit = json!({
        "name": "$20 per month for provider anthropic", "window": "month", "subject": "provider anthropic",
        "unit": "dollars", "spent": "$10.00", "reserved": "$5.00", "limit": "$20.00", "left": "$10.00", "share": 0.5,
        "resetsAt": 7,
    });
    assert_eq!(budget["limits"], json!([limit]));
    assert_eq!(
        budget["today"],
        json!({ "cost": "$1.00", "tokens": 5, "questions": 2, "suggestions": 1, "suggestionsCost": "$0.002" })
    );
    let nothing = session::questions::Budget::off("there is no folder".to_owned());
    let budget = serde_json::to_value(BudgetState::from(&nothing)).expect("JSON");
    assert_eq!(budget, json!({ "isOff": "there is no folder", "limits": [] }));
    let tokens = WindowState {
        limit: "0 tokens per day".parse().expect("a limit"),
        settled: 0,
        open: 0,
        resets_at: None,
        clock_is_behind: 0,
    };
    let budget = session::questions::Budget { windows: Ok(vec![tokens]), ..nothing };
    let limit = &serde_json::to_value(BudgetState::from(&budget)).expect("JSON")["limits"][0];
    assert_eq!((&limit["unit"], &limit["share"]), (&json!("tokens"), &json!(1.0)), "nothing is all of nothing");
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
        sent: Some(engine::Sent { host: "gpu.example".to_owned(), bytes: 1 }),
        cost: Some(engine::Cost { picodollars: 1, is_counted: true }),
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
