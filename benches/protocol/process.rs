//! The real binary: from start to the answer to `initialize`, and the memory of a server that does nothing.

use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::{Child, Command};

use super::editor::Editor;
use super::samples::Samples;

const STARTS: usize = 50;

pub async fn run() {
    let mut starts = Samples::default();
    for _ in 0..STARTS {
        let start = Instant::now();
        let (mut child, mut editor) = spawn();
        editor.initialize().await;
        starts.add(start.elapsed());
        // The end of its input ends it.
        drop(editor);
        child.wait().await.expect("our own child");
    }
    starts.print("start of the process to the answer to initialize");

    let (mut child, mut editor) = spawn();
    editor.initialize().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    if let Some(kib) = child.id().and_then(resident) {
        println!("memory of an idle server without a model: {:.1} MB resident", kib as f64 / 1000.0 * 1.024);
    }
    drop(editor);
    child.wait().await.expect("our own child");
}

fn spawn() -> (Child, Editor) {
    let binary = std::env::var_os("TANDEM_BIN").unwrap_or_else(|| env!("CARGO_BIN_EXE_tandem").into());
    let mut child = Command::new(binary)
        .args(["serve", "--set", "engine.choice=lookup"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("the binary starts");
    let editor = Editor::new(child.stdout.take().expect("a pipe"), child.stdin.take().expect("a pipe"));
    (child, editor)
}

/// KiB; None where there is no /proc.
fn resident(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
