//! Threads on a machine that others use: tokens a second with one thread, and with all that there are, before, while and
//! after other programs take every core.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tandem::config::Settings;
use tandem::engine::llama::{ENVIRONMENT, LlamaEngine, ModelConfig};
use tandem::engine::power::Machine;
use tandem::engine::{Engine, Event};

use super::job_of;
use super::windows::write_model;

/// Seconds of each part.
const SPAN: Duration = Duration::from_secs(20);

pub fn measure() {
    let directory = tempfile::tempdir().expect("tempdir");
    write_model(&directory.path().join("model.gguf"));
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    for threads in [1, cores] {
        let mut command = Command::new(std::env::current_exe().expect("a path"));
        command.arg("busied").arg(directory.path()).arg(threads.to_string()).envs(ENVIRONMENT.iter().copied());
        assert!(command.status().expect("it starts").success());
    }
}

pub fn busied() {
    let arguments: Vec<String> = std::env::args().skip(2).collect();
    let settings = Settings::default();
    let mut config = ModelConfig::new(&settings.engine, &settings.completion, arguments[0].clone().into());
    config.model = Some(format!("{}/model.gguf", arguments[0]).into());
    config.threads = arguments[1].parse().expect("a number");
    config.life.machine = Machine::below("/nonexistent");
    let cores = std::thread::available_parallelism().map_or(1, |cores| cores.get());
    let threads = config.threads;
    let engine = LlamaEngine::start(config);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    let mut status = engine.status();
    runtime.block_on(async { status.wait_for(|status| status.is_ready()).await.map(drop) }).expect("ready");
    for is_busy in [false, true, false] {
        let stop = Arc::new(AtomicBool::new(!is_busy));
        let burners: Vec<_> = (0..cores)
            .map(|_| {
                let stop = stop.clone();
                std::thread::spawn(move || {
                    while !stop.load(Ordering::Relaxed) {
                        std::hint::spin_loop();
                    }
                })
            })
            .collect();
        let (tokens, used) = run(&engine);
        stop.store(true, Ordering::Relaxed);
        burners.into_iter().for_each(|burner| burner.join().expect("no panic"));
        let when = if is_busy { "every core taken" } else { "free" };
        println!("  at most {threads} threads, {when}: {tokens:.1} tokens/s, threads at the end {used}");
    }
}

/// Tokens a second, and the threads at the end.
fn run(engine: &LlamaEngine) -> (f64, u32) {
    let (start, mut tokens) = (Instant::now(), 0);
    while start.elapsed() < SPAN {
        let text = "    let total = items.iter().map(|item| item.price).sum();\n".repeat(4);
        let mut stream = engine.generate(job_of(&text, 1, 16));
        while let Some(event) = stream.blocking_next() {
            if let Event::Done(report) = event {
                tokens += report.generated;
            }
        }
    }
    let threads = engine.status().borrow().rest.threads.unwrap_or(0);
    (f64::from(tokens) / start.elapsed().as_secs_f64(), threads)
}
