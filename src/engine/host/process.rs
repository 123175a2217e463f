//! The body of a host process: claim the name, make the engine, serve, end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use tokio::runtime::Builder;

use super::claim::Claim;
use super::launch::HostArgs;
use super::log::trim_log;
use super::server::serve;
use crate::engine::Engine;

/// An engine ends within one decode step, as a rule.
const FAREWELL: Duration = Duration::from_secs(5);

const LOG_CHECK: Duration = Duration::from_secs(10);

/// Runs a host until it is not used any more; at once when another has the name. `engines` is called when the name is
/// ours; what it returns makes an engine for each client (all on one model).
pub fn run_host<E>(args: &HostArgs, engines: impl FnOnce() -> anyhow::Result<E>) -> anyhow::Result<()>
where
    E: Fn(u64) -> Arc<dyn Engine>,
{
    // One thread for all clients: what is done here is copying, and hand-overs within a thread are free. The engine
    // decodes on its own.
    let runtime = Builder::new_current_thread().enable_all().build().context("cannot start the runtime")?;
    runtime.block_on(async {
        let Some(claim) = Claim::take(args.address())? else {
            tracing::info!("another engine host has the name {}", args.name);
            return Ok(());
        };
        tracing::info!(process = std::process::id(), "the engine host {} serves {}", args.name, args.model);
        let stop = stop_signal()?;
        let engines = engines()?;
        let trimming = tokio::spawn(keep_log_short(args.log.clone()));
        serve(&claim, args.identity(), Duration::from_millis(args.idle_ms), &engines, stop).await;
        trimming.abort();
        // The model goes before the name is free for another host. One that does not let go must not keep the name.
        std::thread::spawn(|| {
            std::thread::sleep(FAREWELL);
            std::process::exit(1);
        });
        drop(engines);
        drop(claim);
        Ok(())
    })
}

async fn keep_log_short(log: PathBuf) {
    loop {
        tokio::time::sleep(LOG_CHECK).await;
        // A log that cannot be trimmed is no reason to end.
        let _ = trim_log(&log);
    }
}

/// Resolves on SIGTERM. SIGINT and SIGHUP are for the editor, not for a process that other windows use.
#[cfg(unix)]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};

    // Listening is enough to take the default, which is to end, away; it lasts as long as the process.
    let _ = signal(SignalKind::interrupt())?;
    let _ = signal(SignalKind::hangup())?;
    let mut terminate = signal(SignalKind::terminate()).context("cannot listen to signals")?;
    Ok(async move {
        terminate.recv().await;
    })
}

#[cfg(not(unix))]
fn stop_signal() -> anyhow::Result<impl Future<Output = ()>> {
    Ok(std::future::pending())
}
