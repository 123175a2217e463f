//! Watches the editor's process: one that dies without closing the pipe must not leave a server behind.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Time between two looks. Nobody waits for it, so it may be long.
const INTERVAL: Duration = Duration::from_secs(2);

/// Cancels `stop` when the process `id` is gone. A process that is not there now is not watched: the editor may run
/// behind a container's border and its number means nothing here.
pub async fn watch(id: u32, stop: CancellationToken) {
    watch_every(INTERVAL, id, stop).await;
}

async fn watch_every(interval: Duration, id: u32, stop: CancellationToken) {
    if !is_alive(id) {
        tracing::info!(id, "the client's process id is not one of this machine; it is not watched");
        return;
    }
    while is_alive(id) {
        tokio::select! {
            () = tokio::time::sleep(interval) => {}
            () = stop.cancelled() => return,
        }
    }
    tracing::warn!(id, "the client's process is gone");
    stop.cancel();
}

#[cfg(unix)]
fn is_alive(id: u32) -> bool {
    let Ok(id) = libc::pid_t::try_from(id) else { return false };
    // 0 and negative numbers mean process groups.
    if id <= 0 {
        return false;
    }
    // SAFETY: signal 0 is never delivered; the call only tells whether the process exists.
    let sent = unsafe { libc::kill(id, 0) };
    sent == 0 || std::io::Error::last_os_error().raw_os_error() == Some(libc::EPERM)
}

/// On Windows the pipe breaks when the editor dies, which ends the server as well.
#[cfg(not(unix))]
fn is_alive(_: u32) -> bool {
    false
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_process_that_ends_is_noticed() {
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().expect("sleep");
        let stop = CancellationToken::new();
        let interval = Duration::from_millis(1);
        let watcher = tokio::spawn(watch_every(interval, child.id(), stop.clone()));
        tokio::time::sleep(interval * 20).await;
        assert!(!stop.is_cancelled());
        child.kill().expect("our own child");
        child.wait().expect("our own child");
        watcher.await.expect("the watcher");
        assert!(stop.is_cancelled());
    }

    #[tokio::test]
    async fn numbers_that_are_no_process_are_not_watched() {
        for id in [0, u32::MAX, i32::MAX as u32] {
            let stop = CancellationToken::new();
            watch(id, stop.clone()).await;
            assert!(!stop.is_cancelled(), "{id}");
        }
    }
}
