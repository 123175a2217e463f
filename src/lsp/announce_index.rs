//! Shows how far the indexing of the workspace is, where it takes long enough to be noticed.

use std::sync::Arc;
use std::time::Duration;

use super::client::{ClientHandle, Progress};
use super::ext;
use crate::index::{Index, Phase};
use crate::session::Session;

/// Scans of fewer files are over before anybody looks.
const WORTH_SHOWING: usize = 300;
const PAUSE: Duration = Duration::from_millis(250);

/// Follows all indexes until this future is dropped.
pub async fn announce_index(client: ClientHandle, session: Arc<Session>, shows_progress: bool) {
    let mut progress: Option<Progress> = None;
    let (mut count, mut is_welcome) = (0, shows_progress);
    let mut shown = 0;
    while is_welcome {
        tokio::time::sleep(PAUSE).await;
        let (done, total) = under_way(&session.indexes());
        if total < WORTH_SHOWING {
            if let Some(progress) = progress.take() {
                progress.end("indexed");
            }
            shown = 0;
            continue;
        }
        if progress.is_none() {
            count += 1;
            progress = client.begin_progress(format!("tandem/index/{count}"), "Indexing").await;
            // A client that refuses once is not asked again.
            is_welcome = progress.is_some();
        }
        if let Some(progress) = &progress {
            shown = shown.max(ext::percentage(done as f32 / total as f32));
            progress.report(shown, &format!("{done} of {total} files"));
        }
    }
}

/// Files of the scans that run, done and all.
fn under_way(indexes: &[Arc<Index>]) -> (usize, usize) {
    let scans = indexes.iter().map(|index| index.progress().borrow().clone());
    let running = scans.filter(|progress| progress.phase == Phase::Indexing);
    running.fold((0, 0), |(done, total), progress| (done + progress.done.min(progress.total), total + progress.total))
}
