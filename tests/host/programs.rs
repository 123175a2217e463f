//! The other processes of these tests.

use std::io::Write as _;
use std::sync::Arc;
use std::time::Duration;

use clap::Parser;
use tandem::engine::Engine;
use tandem::engine::chat::FakeChat;
use tandem::engine::fake::FakeEngine;
use tandem::engine::host::{HostArgs, run_host};

use super::support::{Place, job};

/// `engine …`: a host whose engine writes a fixed text at a fixed pace.
#[derive(Parser)]
struct EngineProgram {
    _subcommand: String,
    #[command(flatten)]
    host: HostArgs,
    #[arg(long, default_value = "answer")]
    text: String,
    #[arg(long, default_value_t = 0)]
    pace_ms: u64,
    /// Abort, as llama.cpp does, with a line on stderr, when the prompt contains this.
    #[arg(long)]
    abort_on: Option<String>,
    /// What conversations are answered with, a character every ten milliseconds.
    #[arg(long)]
    chat: Option<String>,
}

pub fn engine() {
    let program = EngineProgram::parse();
    let (text, pace, abort_on) = (program.text, Duration::from_millis(program.pace_ms), program.abort_on);
    let engine = FakeEngine::new(move |job| {
        if abort_on.as_deref().is_some_and(|word| job.prompt.prefix.contains(word)) {
            eprintln!("engine.cpp:7: ASSERT(bearable) failed");
            std::process::abort();
        }
        text.clone()
    })
    .with_pace(pace);
    let engine = match program.chat {
        None => engine,
        Some(text) => {
            let pace = Duration::from_millis(if text.len() > 100 { 10 } else { 0 });
            engine.with_chat(FakeChat::new(move |_| text.clone()).with_pace(pace))
        }
    };
    let engine: Arc<dyn Engine> = Arc::new(engine);
    run_host(&program.host, || Ok(move |_| engine.clone())).expect("the host works");
}

/// `client`: a window that starts a host, asks for something long, prints the host's process id and waits to be killed.
pub fn client() {
    let place = Place::new(&["--pace-ms", "10", "--text", &"x".repeat(10_000)]);
    let engine = place.ready();
    let mut stream = engine.generate(job(1, "fn "));
    stream.blocking_next().expect("it runs");
    println!("{} {}", engine.host_process().expect("connected"), place.config.paths.runtime_dir.display());
    std::io::stdout().flush().expect("flushed");
    std::thread::sleep(Duration::from_secs(60));
}
