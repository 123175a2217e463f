//! What is made of an engine's words.

use super::super::look::testing::{ids, scene};
use super::*;

fn shown(change: impl FnOnce(&mut EngineStatus)) -> Section {
    let place = tempfile::tempdir().unwrap();
    let mut status = EngineStatus::new("llama", EngineState::Ready);
    change(&mut status);
    let mut section = Section::new("model", "Model");
    show(&scene(place.path(), &[]), &mut section, Some(&status));
    section
}

fn server(down: Option<&str>, writer: Writer) -> ServerStatus {
    let host = "127.0.0.1:8080".to_owned();
    ServerStatus { host, is_on_this_machine: true, writer, down: down.map(str::to_owned), ..ServerStatus::default() }
}

#[test]
fn a_model_that_works_has_nothing_to_remark() {
    let test = SelfTest { holes_filled: 3, holes: 4, stops: true, can_reuse_prefix: true, ..SelfTest::default() };
    let section = shown(|status| {
        status.model = Some(ModelInfo { self_test: Some(test), ..ModelInfo::default() });
    });
    assert_eq!(ids(&section), [""; 0]);
    assert!(section.facts.iter().any(|fact| fact.value.starts_with("3 of 4 known holes filled; ends by itself")));
}

#[test]
fn what_does_not_work_is_broken_with_a_way_out() {
    let section = shown(|status| status.state = EngineState::Failed { reason: "it is no GGUF".to_owned() });
    assert_eq!(ids(&section), ["model-unusable"]);
    assert_eq!(section.findings[0].what, "the model cannot be used: it is no GGUF");
    assert!(section.findings[0].fix.is_some());
    assert_eq!(ids(&shown(|status| status.state = EngineState::Loading { progress: 0.5 })), ["model-slow-load"]);
    let test = SelfTest { leaks_special_tokens: true, warnings: vec!["w".to_owned()], ..SelfTest::default() };
    let leaks = |status: &mut EngineStatus| {
        status.model = Some(ModelInfo { self_test: Some(test), ..ModelInfo::default() });
    };
    assert_eq!(ids(&shown(leaks)), ["self-test", "model-leaks"]);
}

#[test]
fn a_server_that_is_down_is_broken_only_where_nobody_writes() {
    let found = |down, writer| {
        let section = shown(|status| {
            status.state = EngineState::Idle;
            status.server = Some(server(down, writer));
        });
        (ids(&section), section.findings.first().map(|finding| finding.severity))
    };
    use super::super::report::Severity;
    assert_eq!(found(Some("it is off"), Writer::Here), (vec!["server-down"], Some(Severity::Warning)));
    assert_eq!(found(Some("it is off"), Writer::Nobody).1, Some(Severity::Broken));
    assert_eq!(found(None, Writer::Server).0, ["server-silent"]);
}

#[test]
fn what_was_made_smaller_and_an_adapter_that_is_not_used_are_told() {
    let adapter =
        crate::engine::AdapterInfo { warning: Some("it is for another model".to_owned()), ..Default::default() };
    let section = shown(|status| {
        let lowered = vec!["the context is 2048 tokens in place of 4096".to_owned()];
        status.model = Some(ModelInfo { lowered, adapter: Some(adapter), ..ModelInfo::default() });
    });
    assert_eq!(ids(&section), ["lowered", "adapter"]);
}

#[test]
fn large_numbers_are_short() {
    assert_eq!((count(12), count(4_000_000), count(1_540_000_000)), ("12".into(), "4.0 M".into(), "1.5 G".into()));
}
