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
fn models_that_are_named_and_not_there_are_broken() {
    let place = tempfile::tempdir().unwrap();
    let mut scene = scene(place.path(), &[]);
    scene.settings.engine.chat_model = Some("qwen3-1.7b".into());
    scene.settings.engine.embedding_model = Some("/nowhere/e.gguf".into());
    scene.settings.engine.lora = Some("/nowhere/l.gguf".into());
    let mut section = Section::new("model", "Model");
    others(&scene, &mut section, None, &[]).unwrap();
    assert_eq!(ids(&section), ["model-missing", "model-missing", "adapter-missing"]);
    assert_eq!(section.findings[0].fix, Fix::run("tandem model pull qwen3-1.7b"));
}

#[test]
fn what_would_fit_is_the_models_own_choice() {
    let told = |available: u64, gpus: &[fit::Gpu], installed: &[String]| {
        let machine = fit::Machine {
            gpus: gpus.to_vec(),
            available: Some(available),
            total: Some(available),
            threads: 4,
            measured_bandwidth: None,
        };
        let mut section = Section::new("model", "Model");
        could_be(&mut section, &machine, installed, true);
        section
    };
    let nothing = told(50 << 20, &[], &[]);
    assert_eq!(nothing.facts[0].value, "the starter alone, of the models that are fast enough here");
    let small = told(16 << 30, &[], &[]);
    let name = |section: &Section| section.facts[0].value.split(": ").next().unwrap_or_default().to_owned();
    assert!(small.facts[0].value.contains("on the CPU with 4 threads"), "{small:?}");
    let card = fit::Gpu {
        name: "Vulkan0".to_owned(),
        description: "Fast Card".to_owned(),
        free: 24 << 30,
        total: 24 << 30,
        is_shared: false,
    };
    let large = told(16 << 30, &[card], &[]);
    assert!(large.facts[0].value.contains("on the GPU"), "{large:?}");
    assert_ne!(name(&small), name(&large));
    let installed = told(16 << 30, &[], &[name(&small)]);
    assert!(installed.facts[0].value.contains(" (installed): "), "{installed:?}");
    if cfg!(feature = "llama") {
        assert_eq!(small.findings[0].fix, Fix::run(format!("tandem model pull {} --use", name(&small))));
        assert_eq!(installed.findings[0].fix, Fix::run(format!("tandem model use {}", name(&small))));
    }
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
