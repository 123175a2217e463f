//! Fills holes through the whole pipeline, as an editor would ask: the file is open with the hole in it, and neither the
//! index nor the lookup engine sees anything else of it.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{bail, ensure};
use ropey::Rope;

use super::hole::Hole;
use super::record::Record;
use super::sample::PARSE_LIMIT;
use crate::complete::{Calibration, Patience, Trigger};
use crate::config::{Settings, TriggerMode};
use crate::engine::Engine;
use crate::index::{Index, IndexOptions};
use crate::session::{IndexPlan, Session, file_uri};
use crate::syntax::{Language, SyntaxTree};
use crate::text::PositionEncoding;

/// Longest wait for the index to take a document up or let it go. Both take milliseconds.
const TAKE_UP: Duration = Duration::from_secs(60);
/// Longest wait for lookup to learn a repository: a tenth of a second for each megabyte, and never a whole core.
const LOOKUP_READY: Duration = Duration::from_secs(600);
/// How often it is looked at.
const LOOK: Duration = Duration::from_millis(1);

/// A session on a repository, without an editor.
pub struct Runner {
    session: Arc<Session>,
    index: Arc<Index>,
    patience: Patience,
}

impl Runner {
    /// Begins to index `root`. Must be called inside a tokio runtime.
    pub fn start(root: &Path, settings: Settings, options: IndexOptions, patience: Patience) -> anyhow::Result<Self> {
        let session = Session::new(settings, None);
        session.initialize(PositionEncoding::Utf8, vec![root.to_owned()]);
        session.set_indexes(Some(IndexPlan { folders: vec![root.to_owned()], options, watches: false }));
        let Some(index) = session.indexes().into_iter().next() else { bail!("{} has no index", root.display()) };
        Ok(Self { session, index, patience })
    }

    pub fn index(&self) -> &Arc<Index> {
        &self.index
    }

    /// What is asked from now on is answered so. The settings of the index stay as they were at the start.
    pub fn configure(&self, mut settings: Settings, model: Option<Arc<dyn Engine>>, calibration: Calibration) {
        self.session.set_lookup(true);
        // Nobody accepts anything, and what is evaluated in a pause would be missing in the figures.
        settings.completion.look_ahead = false;
        // Asked as typing asks, whether or not the user wants to see that in an editor.
        settings.completion.trigger = TriggerMode::Automatic;
        self.session.configure(settings);
        self.session.set_calibration(calibration);
        self.session.set_model(model);
    }

    /// What is asked from now on, until something else is configured, is answered by the model alone.
    pub fn leave_lookup_out(&self) {
        self.session.set_lookup(false);
    }

    /// Returns when everything that an editor would have by then is there: all files indexed, and their tokens at lookup's hand.
    pub async fn ready(&self, holes: &[Hole]) -> anyhow::Result<()> {
        self.index.progress().wait_for(|progress| progress.is_caught_up).await?;
        let Some(hole) = holes.first().filter(|_| self.index.options().lookup_bytes > 0) else { return Ok(()) };
        let name = file_uri(&self.index.folder().join(&*hole.path));
        let started = Instant::now();
        while !self.session.knows_repository_of(&name) {
            ensure!(
                started.elapsed() < LOOKUP_READY,
                "lookup does not take up the repository; index.lookupMemoryMb=0 goes without"
            );
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }

    /// Asks for what is missing. `numbers` are the variant's and the hole's.
    pub async fn fill(&self, numbers: (usize, usize), hole: &Hole) -> anyhow::Result<Record> {
        let name = self.open(hole).await?;
        let document = self.session.document(&name);
        let answered = match document {
            Some(document) => {
                let position = document.position_at(hole.range.start, PositionEncoding::Utf8);
                self.session.complete_within(&name, position, Trigger::Automatic, self.patience).await;
                self.session.why(&name, position)
            }
            None => None,
        };
        self.close(&name, hole).await?;
        let Some(why) = answered else { bail!("{}:{} was not answered", hole.path, hole.line()) };
        ensure!(why.offset == hole.range.start, "{}:{} was answered elsewhere", hole.path, hole.line());
        Ok(Record::new(numbers, hole, why, self.patience.hard, |suggestion| adds_errors(hole, suggestion)))
    }

    /// Opens the file with the hole in it, and returns when the index knows nothing else of it.
    async fn open(&self, hole: &Hole) -> anyhow::Result<String> {
        let cut = hole.cut();
        let name = file_uri(&self.index.folder().join(&*hole.path));
        self.session.open(&name, hole.language, 1, &cut);
        let is_held_out = || self.index.read().file_at(&hole.path).is_some_and(|file| file.is_open && file.is_of(&cut));
        self.wait_until(hole, is_held_out).await?;
        Ok(name)
    }

    /// Closes it, and returns when the index has the file on disk again.
    async fn close(&self, name: &str, hole: &Hole) -> anyhow::Result<()> {
        self.session.close(name);
        let is_back = || self.index.read().file_at(&hole.path).is_none_or(|file| !file.is_open);
        self.wait_until(hole, is_back).await
    }

    async fn wait_until(&self, hole: &Hole, is_so: impl Fn() -> bool) -> anyhow::Result<()> {
        let started = Instant::now();
        while !is_so() {
            ensure!(started.elapsed() < TAKE_UP, "the index does not follow {}", hole.path);
            tokio::time::sleep(LOOK).await;
        }
        Ok(())
    }
}

/// Whether the file with the hole has more syntax errors when the suggestion stands in it.
fn adds_errors(hole: &Hole, suggestion: &str) -> Option<bool> {
    let language = Language::named(hole.language)?;
    let tree = SyntaxTree::parse_within(PARSE_LIMIT, language, &Rope::from_str(&hole.cut()), None)?;
    let at = hole.range.start;
    Some(tree.with(PARSE_LIMIT, at..at, suggestion)?.error_count() > tree.error_count())
}

#[cfg(test)]
mod tests;
