//! The index between two runs: one file in the user's cache directory.
//!
//! It is a memory, not a source: what is damaged, of another version, of another folder or of other limits is not used,
//! and every file is compared by size and time, then by content, before its facts count as known. Neither open documents
//! nor words that stand in no stored file are written: what somebody ignores from now on leaves nothing behind.
//!
//! The format is a sequence of blocks, each with its length before it, so that neither side ever holds the whole: the
//! header, one block a file, an empty one, the names in slices, an empty one, and a checksum of everything before it.

mod blocks;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

pub use self::blocks::{Reader, Writer};
use super::facts::FileFacts;
use super::heuristics::Omission;
use super::names::Names;
use super::options::IndexOptions;
use super::postings::MAX_FILES;
use super::state::{File, FileId, Stamp, State};
use crate::config::create_private_dir;
use crate::syntax::Language;

/// The first bytes. The number counts the formats.
const MAGIC: &[u8; 16] = b"tandem index 4\r\n";
/// Files that are encoded in one go, while nothing can change the index, and names in one block.
const AT_ONCE: usize = 256;
const NAMES_AT_ONCE: usize = 16 * 1024;
/// A draft that nobody finished in this time belongs to a process that was killed.
const DRAFT_LIVES: Duration = Duration::from_secs(60 * 60);

#[derive(Serialize, Deserialize)]
struct Header {
    /// Version, grammars, queries and limits: what makes facts comparable.
    fingerprint: [u8; 32],
    root: String,
}

#[derive(Serialize)]
struct StoredFile<'a> {
    path: &'a str,
    language: Option<&'a str>,
    stamp: Stamp,
    omission: Option<Omission>,
    is_generated: bool,
    is_vendored: bool,
    facts: &'a FileFacts,
}

#[derive(Deserialize)]
struct LoadedFile<'a> {
    path: &'a str,
    language: Option<&'a str>,
    stamp: Stamp,
    omission: Option<Omission>,
    is_generated: bool,
    is_vendored: bool,
    facts: FileFacts,
}

/// One file a workspace, named by a hash of its path.
pub fn file_name(root: &Path) -> String {
    let hash = blake3::hash(root.as_os_str().as_encoded_bytes());
    format!("{}.index", &hash.to_hex()[..32])
}

/// Atomically: what was there stays until the new file is complete and on disk. `ask` gives access to the index for
/// milliseconds at a time, so that nobody waits for the disk.
pub fn write<'s, S>(file: &Path, root: &Path, options: &IndexOptions, ask: impl Fn() -> S) -> anyhow::Result<()>
where
    S: std::ops::Deref<Target = State> + 's,
{
    replace(file, |draft| write_draft(draft, root, options, ask))
}

/// Puts a file in place of the one before, as a whole: `write` makes a draft of it, complete and on disk.
pub fn replace(file: &Path, write: impl FnOnce(&Path) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let directory = file.parent().context("it has no directory")?;
    let describe = || format!("cannot write {}", file.display());
    create_private_dir(directory).with_context(describe)?;
    remove_old_drafts(directory);
    // Two servers may write at once: each its own file, and the last one stays.
    static DRAFTS: AtomicU64 = AtomicU64::new(0);
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = file.with_extension(format!("{}-{number}.new", std::process::id()));
    let written = write(&draft).and_then(|()| Ok(std::fs::rename(&draft, file)?));
    if written.is_err() {
        // A disk that is full keeps no half of a file.
        let _ = std::fs::remove_file(&draft);
    }
    written.with_context(describe)
}

fn write_draft<S>(draft: &Path, root: &Path, options: &IndexOptions, ask: impl Fn() -> S) -> anyhow::Result<()>
where
    S: std::ops::Deref<Target = State>,
{
    let mut out = Writer::create(draft, MAGIC)?;
    out.block(&Header { fingerprint: fingerprint(options), root: root.to_string_lossy().into_owned() })?;
    // Files that come or go in between are of no matter: the next start compares each with the disk.
    let files = ask().ordered();
    let mut is_used: Vec<bool> = Vec::new();
    for files in files.chunks(AT_ONCE) {
        let state = ask();
        is_used.resize(state.names().len(), false);
        for id in files {
            put(&state, *id, &mut out, &mut is_used)?;
        }
        drop(state);
        out.flush()?;
    }
    out.end()?;
    for start in (0..is_used.len()).step_by(NAMES_AT_ONCE) {
        let state = ask();
        let is_used = &is_used[start..is_used.len().min(start + NAMES_AT_ONCE)];
        // The numbers stay as they are, so a name that is not to be stored leaves a hole.
        let name = |(at, is_used): (usize, &bool)| if *is_used { state.names().at(start + at) } else { "" };
        out.block(&is_used.iter().enumerate().map(name).collect::<Vec<&str>>())?;
        drop(state);
        out.flush()?;
    }
    out.end()?;
    Ok(out.finish()?)
}

fn put(state: &State, id: FileId, out: &mut Writer, is_used: &mut [bool]) -> anyhow::Result<()> {
    let Some(file) = state.file(id).filter(|file| !file.is_open) else { return Ok(()) };
    file.facts.each_name(|name| is_used[name.0 as usize] = true);
    out.block(&StoredFile {
        path: &file.path,
        language: file.language.map(|language| language.name.as_str()),
        stamp: file.stamp,
        omission: file.omission,
        is_generated: file.is_generated,
        is_vendored: file.is_vendored,
        facts: &file.facts,
    })
}

/// Of any workspace: nobody may come back to the one that they are of.
fn remove_old_drafts(directory: &Path) {
    for entry in std::fs::read_dir(directory).into_iter().flatten().flatten() {
        let is_draft = entry.file_name().to_str().is_some_and(|name| name.ends_with(".new"));
        let age = || SystemTime::now().duration_since(entry.metadata().ok()?.modified().ok()?).ok();
        if is_draft && age().is_some_and(|age| age > DRAFT_LIVES) {
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// None where nothing is stored, or nothing that fits this folder, version and limits. An error where it is damaged.
pub fn read(file: &Path, root: &Path, options: &IndexOptions) -> anyhow::Result<Option<State>> {
    let input = match std::fs::File::open(file) {
        Ok(input) => input,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    decode(input, root, options).with_context(|| format!("{} cannot be used", file.display()))
}

/// What is stored for a folder, without taking it up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glance {
    /// Of the file on disk.
    pub bytes: u64,
    pub written: Option<SystemTime>,
    /// None where it was written for other limits or by another version: the next start makes a new one.
    pub files: Option<usize>,
}

/// Reads the file once. None where nothing is stored, an error where it is damaged or cannot be read.
pub fn glance(root: &Path, options: &IndexOptions) -> anyhow::Result<Option<Glance>> {
    let Some(file) = options.store.as_ref().map(|directory| directory.join(file_name(root))) else { return Ok(None) };
    let input = match std::fs::File::open(&file) {
        Ok(input) => input,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let about = input.metadata()?;
    let files = count_files(input, root, options).with_context(|| format!("{} cannot be used", file.display()))?;
    Ok(Some(Glance { bytes: about.len(), written: about.modified().ok(), files }))
}

fn count_files(input: std::fs::File, root: &Path, options: &IndexOptions) -> anyhow::Result<Option<usize>> {
    let mut input = Reader::open(input, MAGIC)?;
    let Some(header) = input.block()? else { bail!("it has no header") };
    let header: Header = postcard::from_bytes(header).context("its header")?;
    if header.fingerprint != fingerprint(options) || header.root != root.to_string_lossy() {
        return Ok(None);
    }
    let mut files = 0;
    while input.block()?.is_some() {
        files += 1;
    }
    Ok(Some(files))
}

fn decode(input: std::fs::File, root: &Path, options: &IndexOptions) -> anyhow::Result<Option<State>> {
    let mut input = Reader::open(input, MAGIC)?;
    let Some(header) = input.block()? else { bail!("it has no header") };
    let header: Header = postcard::from_bytes(header).context("its header")?;
    if header.fingerprint != fingerprint(options) || header.root != root.to_string_lossy() {
        tracing::info!("the stored index is of another version, other limits or another folder");
        return Ok(None);
    }
    let mut files = Vec::new();
    while let Some(block) = input.block()? {
        let file: LoadedFile<'_> = postcard::from_bytes(block).context("one of its files")?;
        files.push(File {
            path: file.path.into(),
            language: file.language.and_then(Language::named),
            stamp: file.stamp,
            omission: file.omission,
            is_generated: file.is_generated,
            is_vendored: file.is_vendored,
            is_open: false,
            facts: Arc::new(file.facts),
        });
    }
    if files.len() > MAX_FILES {
        bail!("it has too many files");
    }
    let (mut text, mut ends) = (String::new(), Vec::new());
    while let Some(block) = input.block()? {
        let names: Vec<&str> = postcard::from_bytes(block).context("its names")?;
        for name in names {
            text.push_str(name);
            ends.push(u32::try_from(text.len()).context("its names are too long")?);
        }
    }
    let Some(names) = Names::from_parts(text, ends) else { bail!("its names do not fit") };
    Ok(Some(State::of_files(files, names)))
}

/// Of everything that facts depend on beside the file itself.
pub fn fingerprint(options: &IndexOptions) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(&crate::syntax::grammars_fingerprint());
    hasher.update(&options.file.bytes.to_le_bytes());
    hasher.update(&options.file.parse.as_nanos().to_le_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests;
