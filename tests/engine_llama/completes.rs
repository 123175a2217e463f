//! The starter loads, completes, and reuses what it has evaluated.

use tandem::engine::{Engine, EngineState, Finish};

use crate::support::{ask, config, job, settle, start};

#[test]
fn the_starter_loads_and_completes() {
    let engine = start(config());
    assert_eq!(settle(&engine), EngineState::Ready);
    let model = engine.status().borrow().model.clone().unwrap();
    let answer = ask(&engine, job("fn add(a: i32, b: i32) -> i32 {\n    a + $0\n}\n"));
    assert_eq!(model.fim, "starter (metadata), suffix-prefix");
    assert!(model.self_test.unwrap().holes_filled > 0);
    assert!(!answer.text().is_empty());
    assert!(matches!(answer.finish(), Finish::MaxLines | Finish::EndOfText | Finish::MaxTokens));
}
