//! Two editor windows on one host: what each gets of the device, and that the model is there once.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tandem::config::Settings;
use tandem::engine::host::{HostConfig, HostEngine, HostPaths};
use tandem::engine::{Engine, EngineState, Event};

use super::device::{memory, taken};
use super::engine::job;
use super::table::Table;

/// # Errors
/// When the host does not start or the model does not load in it.
pub fn run(model: Option<&Path>, seconds: f64, table: &mut Table) -> Result<(), String> {
    let directory = tempfile::Builder::new().prefix("tg").tempdir().map_err(|error| error.to_string())?;
    let below = |name: &str| directory.path().join(name);
    let paths = HostPaths { runtime_dir: below("run"), state_dir: below("state"), cache_dir: below("cache") };
    let mut settings = Settings::default();
    settings.engine.model = model.map(Path::to_owned);
    settings.engine.max_draft_tokens = 0;
    settings.completion.max_tokens = 64;
    let mut config = HostConfig::new(paths, program(), &settings).map_err(|error| format!("{error:#}"))?;
    config.idle = Duration::from_millis(100);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    let free = memory().0;
    let one = window(&config, runtime.handle())?;
    let alone = taken(free);
    let other = window(&config, runtime.handle())?;
    if one.host_process() != other.host_process() {
        return Err("the two windows have two hosts".to_owned());
    }
    table.put("device memory of a host, one and two windows", format!("{alone}; {}", taken(free)));
    let rate = |engine: &HostEngine, lane: u64| -> f64 {
        let (start, mut tokens, mut round) = (Instant::now(), 0, 0);
        while start.elapsed().as_secs_f64() < seconds {
            let mut stream = engine.generate(job(lane + round, 64, 64));
            while let Some(event) = stream.blocking_next() {
                if let Event::Done(report) = event {
                    tokens += report.generated;
                }
            }
            round += 1;
        }
        f64::from(tokens) / start.elapsed().as_secs_f64()
    };
    let single = rate(&one, 1000);
    let (first, second) = std::thread::scope(|scope| {
        let first = scope.spawn(|| rate(&one, 2000));
        let second = scope.spawn(|| rate(&other, 3000));
        (first.join().unwrap_or(0.0), second.join().unwrap_or(0.0))
    });
    table.put("one window alone; two at once", format!("{single:.0}; {first:.0} + {second:.0} tokens/s"));
    Ok(())
}

fn window(config: &HostConfig, handle: &tokio::runtime::Handle) -> Result<HostEngine, String> {
    let engine = HostEngine::new(config.clone(), handle);
    engine.connect();
    let status = engine.status();
    loop {
        match &status.borrow().state {
            EngineState::Ready => break,
            EngineState::Failed { reason } => return Err(reason.clone()),
            _ => {}
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    Ok(engine)
}

/// The `tandem` beside this program, as it is carried to a machine without Rust; otherwise the one that cargo has built.
fn program() -> PathBuf {
    let beside = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join("tandem")));
    beside.filter(|path| path.is_file()).unwrap_or_else(|| env!("CARGO_BIN_EXE_tandem").into())
}
