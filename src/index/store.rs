//! The index between two runs: one file in the user's cache directory.
//!
//! It is a memory, not a source: what is damaged, of another version, of another folder or of other limits is not used,
//! and every file is compared by size and time, then by content, before its facts count as known. Open documents are not
//! stored, and neither is anything of a file that is ignored when the index is written.

use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::facts::FileFacts;
use super::heuristics::Omission;
use super::names::Names;
use super::options::IndexOptions;
use super::state::{File, Stamp, State};
use crate::config::create_private_dir;
use crate::syntax::Language;

/// The first bytes. The number counts the formats.
const MAGIC: &[u8; 16] = b"tandem index 1\r\n";
/// A stored index above this size is not read: it could not have been written by one with the default limits.
const MAX_BYTES: u64 = 8 << 30;

#[derive(Serialize, Deserialize)]
struct Header {
    /// Version, grammars, queries and limits: what makes facts comparable.
    fingerprint: [u8; 32],
    root: String,
}

#[derive(Serialize)]
struct Body<'a> {
    names: &'a str,
    ends: &'a [u32],
    files: Vec<StoredFile<'a>>,
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
struct LoadedBody {
    names: String,
    ends: Vec<u32>,
    files: Vec<LoadedFile>,
}

#[derive(Deserialize)]
struct LoadedFile {
    path: String,
    language: Option<String>,
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

pub fn encode(state: &State, root: &Path, options: &IndexOptions) -> Vec<u8> {
    let (names, ends) = state.names().parts();
    let store = |id| {
        let file = state.file(id).filter(|file| !file.is_open)?;
        Some(StoredFile {
            path: &file.path,
            language: file.language.map(|language| language.name.as_str()),
            stamp: file.stamp,
            omission: file.omission,
            is_generated: file.is_generated,
            is_vendored: file.is_vendored,
            facts: &file.facts,
        })
    };
    let body = Body { names, ends, files: state.ordered().into_iter().filter_map(store).collect() };
    let header = Header { fingerprint: fingerprint(options), root: root.to_string_lossy().into_owned() };
    let encoded = postcard::to_extend(&header, MAGIC.to_vec()).and_then(|out| postcard::to_extend(&body, out));
    let Ok(mut encoded) = encoded else { return Vec::new() };
    let checksum = blake3::hash(&encoded);
    encoded.extend_from_slice(checksum.as_bytes());
    encoded
}

/// Atomically: what was there stays until the new file is complete and on disk.
pub fn write(file: &Path, encoded: &[u8]) -> anyhow::Result<()> {
    let directory = file.parent().context("the index has no directory")?;
    let describe = || format!("cannot write {}", file.display());
    create_private_dir(directory).with_context(describe)?;
    // Two servers may write at once: each its own file, and the last one stays.
    static DRAFTS: AtomicU64 = AtomicU64::new(0);
    let number = DRAFTS.fetch_add(1, Ordering::Relaxed);
    let draft = file.with_extension(format!("{}-{number}.new", std::process::id()));
    let written = (|| {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut out = options.open(&draft)?;
        out.write_all(encoded)?;
        out.sync_data()?;
        std::fs::rename(&draft, file)
    })();
    if written.is_err() {
        // A disk that is full keeps no half of a file.
        let _ = std::fs::remove_file(&draft);
    }
    written.with_context(describe)
}

/// None where nothing is stored, or nothing that fits this folder, version and limits. An error where it is damaged.
pub fn read(file: &Path, root: &Path, options: &IndexOptions) -> anyhow::Result<Option<State>> {
    let mut input = match std::fs::File::open(file) {
        Ok(input) => input,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    if input.metadata()?.len() > MAX_BYTES {
        bail!("{} is too large", file.display());
    }
    let mut encoded = Vec::new();
    input.read_to_end(&mut encoded).with_context(|| format!("cannot read {}", file.display()))?;
    decode(&encoded, root, options).with_context(|| format!("{} cannot be used", file.display()))
}

fn decode(encoded: &[u8], root: &Path, options: &IndexOptions) -> anyhow::Result<Option<State>> {
    let Some(rest) = encoded.strip_prefix(MAGIC) else { bail!("it is no index, or one of another version") };
    let Some((_, checksum)) = encoded.split_last_chunk::<32>() else { bail!("it is cut off") };
    if blake3::hash(&encoded[..encoded.len() - 32]).as_bytes() != checksum {
        bail!("it is damaged");
    }
    let rest = &rest[..rest.len().saturating_sub(32)];
    let (header, rest): (Header, _) = postcard::take_from_bytes(rest).context("its head")?;
    if header.fingerprint != fingerprint(options) || header.root != root.to_string_lossy() {
        tracing::info!("the stored index is of another version, other limits or another folder");
        return Ok(None);
    }
    let body: LoadedBody = postcard::from_bytes(rest).context("its body")?;
    let Some(names) = Names::from_parts(body.names, body.ends) else { bail!("its names do not fit") };
    let mut state = State::with_names(names);
    for file in body.files {
        state.put(File {
            path: file.path.into(),
            language: file.language.as_deref().and_then(Language::named),
            stamp: file.stamp,
            omission: file.omission,
            is_generated: file.is_generated,
            is_vendored: file.is_vendored,
            is_open: false,
            facts: Arc::new(file.facts),
        });
    }
    state.shrink();
    Ok(Some(state))
}

/// Of everything that facts depend on beside the file itself.
fn fingerprint(options: &IndexOptions) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(env!("CARGO_PKG_VERSION").as_bytes());
    hasher.update(&crate::syntax::grammars_fingerprint());
    hasher.update(&options.file.bytes.to_le_bytes());
    hasher.update(&options.file.parse.as_nanos().to_le_bytes());
    *hasher.finalize().as_bytes()
}

#[cfg(test)]
mod tests;
