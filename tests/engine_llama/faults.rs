//! Files that are no usable model: each gives a state with a reason and the way out, and the process lives.

use std::path::Path;

use tandem::engine::llama::starter;
use tandem::engine::{Engine, EngineState, Finish};

use crate::gguf::Gguf;
use crate::support::{ask, cache_directory, config, job, start};

fn starter_bytes() -> Vec<u8> {
    std::fs::read(starter::materialize(&cache_directory()).unwrap()).unwrap()
}

/// The state after loading the file at `path`.
fn state_of(path: &Path) -> EngineState {
    let mut config = config();
    config.model = Some(path.to_owned());
    let engine = start(config);
    let state = engine.status().borrow().state.clone();
    let finish = ask(&engine, job("let x = $0;\n")).finish().clone();
    match &state {
        EngineState::Failed { reason } => assert_eq!(finish, Finish::Failed(reason.clone())),
        _ => assert!(!matches!(finish, Finish::Failed(_)), "{finish:?}"),
    }
    state
}

/// Writes bytes as a model; the reason why it does not load.
fn reason_for(bytes: &[u8]) -> String {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gguf");
    std::fs::write(&path, bytes).unwrap();
    match state_of(&path) {
        EngineState::Failed { reason } => {
            assert!(reason.contains("lookup engine"), "{reason}");
            reason.replace(&path.display().to_string(), "PATH")
        }
        state => panic!("{state:?}"),
    }
}

#[test]
fn what_is_no_file_is_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let EngineState::Failed { reason } = state_of(&directory.path().join("absent.gguf")) else { panic!() };
    assert!(reason.contains("absent.gguf") && reason.contains("there is no such file"), "{reason}");
    let EngineState::Failed { reason } = state_of(directory.path()) else { panic!() };
    assert!(reason.contains("it is a directory"), "{reason}");
}

#[test]
fn what_is_no_model_is_told_apart() {
    assert!(reason_for(b"").contains("the file is empty"));
    assert!(reason_for(b"GG").contains("not a GGUF file"));
    assert!(reason_for("print('hello')\n".repeat(100).as_bytes()).contains("not a GGUF file"));
    assert!(reason_for(b"GGUF").contains("its header is damaged"));
    assert!(reason_for(b"GGUF\x01\0\0\0\0\0\0\0\0\0\0\0").contains("version 1"));
    let mut huge = b"GGUF\x03\0\0\0".to_vec();
    huge.extend([0xff; 16]);
    assert!(reason_for(&huge).contains("announces"));
    let no_tensors = b"GGUF\x03\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    reason_for(no_tensors);
}

#[test]
fn a_file_that_was_cut_short_is_named_as_such() {
    let bytes = starter_bytes();
    for length in [5, 24, 100, 5_000, 60_000, 120_000, 200_000, bytes.len() / 2, bytes.len() - 1] {
        let reason = reason_for(&bytes[..length]);
        assert!(reason.contains("cut short") || reason.contains("header is damaged"), "{length}: {reason}");
    }
}

#[test]
fn damaged_headers_do_not_end_the_process() {
    let bytes = starter_bytes();
    let mut loaded = 0;
    for seed in 0u64..12 {
        let mut damaged = bytes.clone();
        for flip in 0..8u64 {
            let random = (seed * 8 + flip + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            // The head: counts, keys and types; later ones hit tokens and tensor infos.
            let range = if flip < 4 { 2_000 } else { 180_000 };
            damaged[(random >> 20) as usize % range + 4] ^= (random as u8) | 1;
        }
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("model.gguf");
        std::fs::write(&path, &damaged).unwrap();
        match state_of(&path) {
            EngineState::Failed { reason } => assert!(reason.contains("lookup engine"), "{reason}"),
            EngineState::Ready => loaded += 1,
            state => panic!("{state:?}"),
        }
    }
    assert!(loaded < 12);
}

#[test]
fn llama_cpps_reason_is_part_of_the_sentence() {
    let mut gguf = Gguf::parse(&starter_bytes());
    gguf.set_string("general.architecture", "no-such-architecture");
    let reason = reason_for(&gguf.serialize());
    assert!(reason.contains("no-such-architecture") && reason.contains("engine.model"), "{reason}");
}

#[test]
fn a_model_without_fill_in_the_middle_tokens_is_refused_with_the_way_out() {
    let mut gguf = Gguf::parse(&starter_bytes());
    gguf.remove("fim_");
    gguf.replace_in("tokenizer.ggml.tokens", "fim_", "abc_");
    gguf.set_string("general.name", "Plain Prose 1B");
    let reason = reason_for(&gguf.serialize());
    assert!(reason.contains("Plain Prose 1B has no fill-in-the-middle tokens"), "{reason}");
    assert!(reason.contains("Qwen2.5-Coder"), "{reason}");
}

#[test]
fn a_vocabulary_with_a_token_twice_is_refused() {
    let mut gguf = Gguf::parse(&starter_bytes());
    gguf.replace_in("tokenizer.ggml.tokens", "fim_prefix", "fim_suffix");
    assert!(reason_for(&gguf.serialize()).contains("holds a token twice"));
}

#[test]
fn a_layout_nobody_knows_is_refused() {
    let mut gguf = Gguf::parse(&starter_bytes());
    gguf.set_string("tandem.fim.layout", "zigzag");
    assert!(reason_for(&gguf.serialize()).contains("zigzag"));
}

#[test]
fn a_model_in_the_usual_layout_gets_its_prompts() {
    // The starter was not trained in this order: it runs, and the self-test sees that it is of less use.
    let mut gguf = Gguf::parse(&starter_bytes());
    gguf.set_string("general.name", "Qwen2.5-Coder pretender");
    gguf.set_string("tandem.fim.layout", "psm");
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("model.gguf");
    std::fs::write(&path, gguf.serialize()).unwrap();
    let mut config = config();
    config.model = Some(path);
    config.self_test = true;
    let engine = start(config);
    let model = engine.status().borrow().model.clone().unwrap();
    assert_eq!(model.fim, "qwen-coder (metadata), prefix-suffix-middle");
    let test = model.self_test.unwrap();
    assert!(test.holes_filled * 2 < test.holes, "{test:?}");

    let mut job = job("fn one() {}\nlet x = $0;\nfn two() {}\n");
    job.explain = true;
    let first = ask(&engine, job.clone());
    assert_eq!(
        first.prompt.text.unwrap(),
        "<|file_sep|>src/sample.rs\n<|fim_prefix|>fn one() {}\n<|fim_suffix|>;\nfn two() {}\n<|fim_middle|>let x = "
    );
    job.prompt.prefix = "fn one() {}\nlet x = one(".into();
    let second = ask(&engine, job).prompt;
    assert!(second.evaluated <= 3, "the suffix stands before the cursor's line: {second:?}");
}
