//! The thread that makes vectors: open documents first, then what was changed last. It rests between batches, as the index's own
//! threads do, and a version that has one piece changed has one text made anew.

use std::cmp::Reverse;
use std::path::PathBuf;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};

use super::table::{Key, NewPiece};
use super::{Vectors, store};
use crate::engine::CancelFlag;
use crate::engine::embed::{EmbedError, EmbedJob, Purpose, cut};
use crate::index::chunks::chunks;
use crate::index::search::names_of;
use crate::index::state::File;
use crate::index::{Omission, Shared};

/// Texts of one batch: a cancel waits for one text, and a query for one batch at most.
const BATCH: usize = 8;
/// Most bytes of a piece's text: about as much as models read of it.
const MOST_BYTES: usize = 4 << 10;
/// Between two looks at the index: keys come faster than vectors.
const LOOK: Duration = Duration::from_secs(2);
/// At most one part in so many of the time goes into writing.
const SAVE_SHARE: u32 = 20;
/// After so long the files are looked at again: one that was opened meanwhile goes before the rest.
const SLICE: Duration = Duration::from_secs(10);
/// A batch on a busy processor takes seconds, a model on a slow disk a minute to load.
const PATIENCE: Duration = Duration::from_secs(300);
/// A model that is away, or that failed, is tried again after so long.
const RETRY_AWAY: Duration = Duration::from_secs(20);
const RETRY_FAILED: Duration = Duration::from_secs(600);
/// Longest rest after a batch.
const LONGEST_REST: Duration = Duration::from_secs(10);

pub fn stored_at(shared: &Shared) -> Option<PathBuf> {
    Some(shared.stored_at()?.with_extension("vectors"))
}

pub fn header(vectors: &Vectors, shared: &Shared) -> store::Header {
    store::Header {
        fingerprint: crate::index::store::fingerprint(&shared.options),
        root: shared.root.to_string_lossy().into_owned(),
        identity: vectors.meaning.identity.clone(),
    }
}

pub fn load(vectors: &Vectors, shared: &Shared) {
    let Some(file) = stored_at(shared) else { return };
    match store::read(&file, &header(vectors, shared), vectors.meaning.bytes) {
        Ok(Some(table)) => *vectors.write() = table,
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(error = format!("{error:#}"), "the stored vectors are not used; they are made anew");
        }
    }
}

/// Until the vectors are stopped.
pub fn run(vectors: &Vectors, shared: &Shared) {
    let mut saving = Saving { at: Instant::now(), took: Duration::ZERO };
    while !vectors.cancel.is_cancelled() {
        // What is not listed yet would look as if it were gone.
        let is_caught_up = shared.board.subscribe().borrow().is_caught_up;
        let generation = shared.read().generation();
        let is_new = !vectors.is_done.load(Ordering::Acquire) || vectors.seen.load(Ordering::Acquire) != generation;
        let mut pause = LOOK;
        if is_caught_up && is_new {
            vectors.is_done.store(false, Ordering::Release);
            match pass(vectors, shared, &mut saving) {
                Ok(is_whole) => {
                    set_problem(vectors, None);
                    if is_whole {
                        vectors.seen.store(generation, Ordering::Release);
                        vectors.is_done.store(true, Ordering::Release);
                    } else {
                        pause = Duration::ZERO;
                    }
                }
                Err(EmbedError::Cancelled) => break,
                Err(error) => {
                    let is_lasting = matches!(error, EmbedError::Failed(_));
                    pause = if is_lasting { RETRY_FAILED } else { RETRY_AWAY };
                    tracing::warn!(%error, "no vectors are made for now");
                    set_problem(vectors, Some(error.to_string()));
                }
            }
            saving.when_due(vectors, shared);
        }
        wait(vectors, pause);
    }
    save(vectors, shared);
}

/// When what was made was written last, and how long that took: a large file is written less often.
struct Saving {
    at: Instant,
    took: Duration,
}

impl Saving {
    fn when_due(&mut self, vectors: &Vectors, shared: &Shared) {
        if self.at.elapsed() < vectors.meaning.save_after.max(self.took * SAVE_SHARE) {
            return;
        }
        let begun = Instant::now();
        save(vectors, shared);
        (self.at, self.took) = (Instant::now(), begun.elapsed());
    }
}

fn save(vectors: &Vectors, shared: &Shared) {
    if let Err(error) = vectors.save(shared) {
        tracing::warn!(error = format!("{error:#}"), "vectors cannot be stored; the next start makes them again");
    }
}

fn set_problem(vectors: &Vectors, problem: Option<String>) {
    *vectors.problem.lock().unwrap_or_else(PoisonError::into_inner) = problem;
}

/// Until somebody says that there may be something to do, at most for so long.
fn wait(vectors: &Vectors, pause: Duration) {
    let news = vectors.news.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = vectors.told.wait_timeout_while(news, pause, |news| !*news);
    *waited.unwrap_or_else(PoisonError::into_inner).0 = false;
}

/// One look at all files, or as many as a slice of time is enough for: then false.
///
/// # Errors
/// The model makes no vectors; what was made until then stays.
fn pass(vectors: &Vectors, shared: &Shared, saving: &mut Saving) -> Result<bool, EmbedError> {
    let begun = Instant::now();
    let mut wanted = wanted(vectors, shared);
    // The newest first; equal ones by path, so that a full table holds the same pieces wherever it is made.
    wanted.sort_by(|one, other| {
        let rank = |file: &File| {
            (!file.is_open, file.is_vendored || file.is_generated, Reverse(file.stamp.modified), file.path.clone())
        };
        rank(one).cmp(&rank(other))
    });
    for file in &wanted {
        one(vectors, shared, file)?;
        saving.when_due(vectors, shared);
        if begun.elapsed() >= SLICE {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Files without the vectors of their version. Those of files that are gone go.
fn wanted(vectors: &Vectors, shared: &Shared) -> Vec<File> {
    let state = shared.read();
    let has_facts = |file: &File| file.omission.is_none_or(|omission| omission == Omission::ParseTime);
    let mut table = vectors.write();
    let is_there = |path: &str| state.file_at(path).is_some_and(has_facts);
    let gone: Vec<_> = table.files().map(|(path, _)| path.clone()).filter(|path| !is_there(path)).collect();
    for path in &gone {
        table.remove(path);
    }
    if !gone.is_empty() {
        vectors.is_changed.store(true, Ordering::Release);
    }
    let has_room = table.room() != Some(0);
    let is_wanted = |file: &File| match table.file(&file.path) {
        Some(known) if known.hash == file.stamp.hash => {
            has_room && known.pieces.iter().any(|piece| piece.slot.is_none())
        }
        _ => true,
    };
    state.files().map(|(_, file)| file).filter(|file| has_facts(file) && is_wanted(file)).cloned().collect()
}

fn one(vectors: &Vectors, shared: &Shared, file: &File) -> Result<(), EmbedError> {
    if vectors.cancel.is_cancelled() {
        return Err(EmbedError::Cancelled);
    }
    // It changed this moment; the index tells of it soon.
    let Some(source) = shared.source(file).filter(|source| source.is_indexed) else { return Ok(()) };
    let lines: Vec<&str> = source.text.lines().collect();
    let mut pieces = Vec::new();
    let mut missing: Vec<(Key, String)> = Vec::new();
    let mut known: FxHashSet<Key> = FxHashSet::default();
    for chunk in chunks(&file.facts, &lines) {
        let rows = &lines[chunk.rows.start as usize..chunk.rows.end as usize];
        if !rows.iter().any(|row| row.contains(char::is_alphanumeric)) {
            continue;
        }
        let name = names_of(shared, &file.facts, &chunk).map(|names| names.full).unwrap_or_default();
        let text = text_of(&name, rows);
        let key = crate::index::refresh::hash(text.as_bytes());
        if known.insert(key) && !vectors.read().knows(&key) {
            missing.push((key, text));
        }
        pieces.push(NewPiece { rows: chunk.rows, symbol: chunk.symbol, key });
    }
    let made = make(vectors, shared, file, &missing)?;
    let mut table = vectors.write();
    if table.put(&file.path, file.stamp.hash, &pieces, &made).is_err() {
        // The file of the model was replaced under the same identity: nothing of before fits.
        *table = super::Table::new(vectors.meaning.bytes);
        let put = table.put(&file.path, file.stamp.hash, &pieces, &made);
        put.map_err(EmbedError::Failed)?;
    }
    vectors.is_changed.store(true, Ordering::Release);
    Ok(())
}

/// The vectors of texts, as many as there is room for.
fn make(
    vectors: &Vectors,
    shared: &Shared,
    file: &File,
    missing: &[(Key, String)],
) -> Result<FxHashMap<Key, Vec<f32>>, EmbedError> {
    let mut made = FxHashMap::default();
    for batch in missing.chunks(BATCH) {
        // The version before gives its rows back, so some room comes from there.
        let table = vectors.read();
        let own = table.file(&file.path).map_or(0, |file| file.pieces.len());
        let has_room = table.room().is_none_or(|room| room + own > made.len());
        drop(table);
        if !has_room {
            break;
        }
        let started = Instant::now();
        let job = EmbedJob::new(Purpose::Document, batch.iter().map(|(_, text)| text.clone()).collect());
        let answer = unhurried(vectors, job)?;
        if answer.len() != batch.len() {
            return Err(EmbedError::Failed(format!("{} vectors came for {} texts", answer.len(), batch.len())));
        }
        made.extend(batch.iter().map(|(key, _)| *key).zip(answer));
        let share = shared.options.cpu_share.clamp(1, 100);
        let rest = (started.elapsed() * (100 - share) / share).min(LONGEST_REST);
        if !rest.is_zero() {
            wait_cancelled(vectors, rest);
        }
    }
    Ok(made)
}

/// The vectors of one batch, begun anew as often as a completion comes between.
fn unhurried(vectors: &Vectors, job: EmbedJob) -> Result<Vec<Vec<f32>>, EmbedError> {
    let way = &vectors.meaning.way;
    loop {
        let batch = CancelFlag::default();
        *vectors.batch.lock().unwrap_or_else(PoisonError::into_inner) = batch.clone();
        // Asked after the flag is where a stop finds it.
        if !way.begin(&batch, &vectors.cancel) {
            return Err(EmbedError::Cancelled);
        }
        let made = vectors.meaning.engine.embed(job.clone(), &batch, PATIENCE);
        way.done(&batch);
        if made != Err(EmbedError::Cancelled) || vectors.cancel.is_cancelled() {
            return made;
        }
    }
}

/// A rest that a stop ends.
fn wait_cancelled(vectors: &Vectors, rest: Duration) {
    let news = vectors.news.lock().unwrap_or_else(PoisonError::into_inner);
    let waited = vectors.told.wait_timeout_while(news, rest, |_| !vectors.cancel.is_cancelled());
    drop(waited.unwrap_or_else(PoisonError::into_inner));
}

/// What the model reads of a piece: what it is called with what is around it, and its rows. Not its path, so that a file that
/// moves keeps its vectors.
pub fn text_of(name: &str, rows: &[&str]) -> String {
    let mut text = if name.is_empty() { String::new() } else { format!("{name}\n") };
    for row in rows {
        text.push_str(row.trim_end());
        text.push('\n');
        if text.len() > MOST_BYTES {
            break;
        }
    }
    cut(text.trim_end(), MOST_BYTES).to_owned()
}
