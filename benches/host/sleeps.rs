//! What a sleep gives back, how long the model takes to be there again, and what looking at the machine costs.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use tandem::config::Settings;
use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::power::Machine;
use tandem::engine::{Engine, EngineState, EngineStatus};

use super::windows::{memory, write_model};

const ROUNDS: usize = 10;

pub fn measure() {
    let directory = tempfile::tempdir().expect("tempdir");
    let model = directory.path().join("model.gguf");
    write_model(&model);
    for (name, file) in [("the starter", None), ("a model of 110 MB", Some(model.as_path()))] {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        command.args([Path::new("sleeper"), directory.path()]).args(file);
        println!("{name}:");
        assert!(command.status().expect("it starts").success());
    }
    let machine = Machine::default();
    let start = Instant::now();
    let looks: u32 = 1000;
    (0..looks).for_each(|_| drop(std::hint::black_box(machine.read())));
    println!("a look at this machine takes {:.0} us", (start.elapsed() / looks).as_secs_f64() * 1e6);
}

/// A process of its own, so that its memory is the model's.
pub fn sleeper() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(2).map(PathBuf::from).collect();
    let settings = Settings::default();
    let mut config = ModelConfig::new(&settings.engine, &settings.completion, arguments[0].clone());
    config.model = arguments.get(1).cloned();
    config.threads = 1;
    config.life.machine = Machine::below("/nonexistent");
    config.life.rules.unload_after = Some(Duration::from_millis(300));
    let process = std::process::id();
    let before = memory(process);
    let start = Instant::now();
    let engine = LlamaEngine::start(config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut status = engine.status();
    let mut until = |holds: fn(&EngineStatus) -> bool| {
        runtime.block_on(async { status.wait_for(&holds).await.expect("the engine lives").clone() })
    };
    until(EngineStatus::is_ready);
    let first = start.elapsed();
    let loaded = memory(process);
    let mut wakes = Vec::new();
    let mut asleep = (0.0, 0.0);
    for _ in 0..ROUNDS {
        until(|status| matches!(status.state, EngineState::Asleep { .. }));
        asleep = memory(process);
        engine.wake();
        wakes.push(until(EngineStatus::is_ready).rest.wake_ms.expect("it slept"));
    }
    wakes.sort_unstable();
    println!(
        "  resident before {:.0}, loaded {:.0}, asleep {:.0} MB; first load with self-test {} ms, wake p50 {} ms, worst {} \
         ms of {ROUNDS}",
        before.0,
        loaded.0,
        asleep.0,
        first.as_millis(),
        wakes[wakes.len() / 2],
        wakes[wakes.len() - 1]
    );
}
