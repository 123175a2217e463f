//! Vectors between two runs: one file beside the index, in the same format of blocks, private, with a checksum, written whole or
//! not at all. What is damaged, of another model, folder or version is not used, and made anew.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use serde::{Deserialize, Serialize};

use super::int8::Quantised;
use super::table::{FilePieces, Key, Piece, Table};
use crate::index::IndexOptions;
use crate::index::store::{Reader, Writer, replace};

/// The first bytes. The number counts the formats.
const MAGIC: &[u8; 16] = b"tandem vectors1\n";
/// Vectors in one block.
const AT_ONCE: usize = 1024;
/// No model makes longer ones.
const MOST_DIMENSIONS: usize = 1 << 16;

/// What the vectors belong to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Of the index: version, grammars and limits decide what the pieces are.
    pub fingerprint: [u8; 32],
    pub root: String,
    /// Of the model.
    pub identity: String,
}

#[derive(Serialize, Deserialize)]
struct StoredVectors {
    keys: Vec<Key>,
    scales: Vec<f32>,
    numbers: Vec<i8>,
}

#[derive(Serialize, Deserialize)]
struct StoredFile<'a> {
    path: &'a str,
    hash: [u8; 16],
    pieces: Vec<(u32, u32, Option<u32>, Option<u32>)>,
}

/// Of open documents nothing is written, as in the index: their text may never have been on disk.
pub fn write(file: &Path, header: &Header, table: &Table, is_open: impl Fn(&str) -> bool) -> anyhow::Result<()> {
    replace(file, |draft| {
        let mut out = Writer::create(draft, MAGIC)?;
        out.block(&(header, u32::try_from(table.dimensions())?))?;
        // In the order of the files: equal tables are equal files.
        let mut place: Vec<Option<u32>> = Vec::new();
        let mut order: Vec<u32> = Vec::new();
        let files = || table.files().filter(|(path, _)| !is_open(path));
        for slot in files().flat_map(|(_, file)| &file.pieces).filter_map(|piece| piece.slot) {
            let at = slot as usize;
            if place.len() <= at {
                place.resize(at + 1, None);
            }
            if place[at].is_none() {
                place[at] = Some(u32::try_from(order.len())?);
                order.push(slot);
            }
        }
        for slots in order.chunks(AT_ONCE) {
            let mut block = StoredVectors { keys: Vec::new(), scales: Vec::new(), numbers: Vec::new() };
            for (key, scale, numbers) in slots.iter().filter_map(|slot| table.row(*slot)) {
                block.keys.push(*key);
                block.scales.push(scale);
                block.numbers.extend_from_slice(numbers);
            }
            out.block(&block)?;
            out.flush()?;
        }
        out.end()?;
        for (path, file) in files() {
            let piece = |piece: &Piece| {
                let slot = piece.slot.and_then(|slot| place[slot as usize]);
                (piece.rows.start, piece.rows.end, piece.symbol, slot)
            };
            out.block(&StoredFile { path, hash: file.hash, pieces: file.pieces.iter().map(piece).collect() })?;
            out.flush()?;
        }
        out.end()?;
        Ok(out.finish()?)
    })
}

/// None where nothing is stored, or nothing that belongs to this header. An error where it is damaged.
pub fn read(file: &Path, header: &Header, most_bytes: u64) -> anyhow::Result<Option<Table>> {
    let input = match std::fs::File::open(file) {
        Ok(input) => input,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    decode(input, header, most_bytes).with_context(|| format!("{} cannot be used", file.display()))
}

/// What is stored for a folder, without taking it up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VectorGlance {
    /// Of the file on disk.
    pub bytes: u64,
    /// `Meaning::identity` of the model that made them.
    pub identity: String,
    pub vectors: usize,
    /// Of another version or other limits: they are made anew.
    pub is_old: bool,
}

/// Reads the file once. None where nothing is stored, an error where it is damaged or cannot be read.
pub fn glance(root: &Path, options: &IndexOptions) -> anyhow::Result<Option<VectorGlance>> {
    let Some(directory) = &options.store else { return Ok(None) };
    let file = directory.join(crate::index::store::file_name(root)).with_extension("vectors");
    let input = match std::fs::File::open(&file) {
        Ok(input) => input,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
    };
    let bytes = input.metadata()?.len();
    let count = || {
        let mut input = Reader::open(input, MAGIC)?;
        let Some(block) = input.block()? else { bail!("it has no header") };
        let (header, _): (Header, u32) = postcard::from_bytes(block).context("its header")?;
        let mut vectors = 0;
        while let Some(block) = input.block()? {
            let (keys, _): (Vec<Key>, _) = postcard::take_from_bytes(block).context("its vectors")?;
            vectors += keys.len();
        }
        while input.block()?.is_some() {}
        let is_old = header.fingerprint != crate::index::store::fingerprint(options);
        Ok(VectorGlance { bytes, identity: header.identity, vectors, is_old })
    };
    count().map(Some).with_context(|| format!("{} cannot be used", file.display()))
}

fn decode(input: std::fs::File, header: &Header, most_bytes: u64) -> anyhow::Result<Option<Table>> {
    let mut input = Reader::open(input, MAGIC)?;
    let Some(block) = input.block()? else { bail!("it has no header") };
    let (stored, dimensions): (Header, u32) = postcard::from_bytes(block).context("its header")?;
    if stored != *header {
        tracing::info!("the stored vectors are of another model, version or folder");
        return Ok(None);
    }
    let dimensions = dimensions as usize;
    if dimensions > MOST_DIMENSIONS {
        bail!("its vectors are too long");
    }
    let mut vectors: Vec<(Key, Quantised)> = Vec::new();
    while let Some(block) = input.block()? {
        let StoredVectors { keys, scales, numbers } = postcard::from_bytes(block).context("its vectors")?;
        if scales.len() != keys.len() || dimensions == 0 || numbers.len() != keys.len() * dimensions {
            bail!("its vectors do not fit");
        }
        let rows = numbers.chunks_exact(dimensions);
        let quantised = rows.zip(scales).map(|(numbers, scale)| Quantised { numbers: numbers.to_vec(), scale });
        vectors.extend(keys.into_iter().zip(quantised));
    }
    let mut files: Vec<(Arc<str>, FilePieces)> = Vec::new();
    while let Some(block) = input.block()? {
        let StoredFile { path, hash, pieces } = postcard::from_bytes(block).context("one of its files")?;
        let piece = |(start, end, symbol, slot)| Piece { rows: start..end, symbol, slot };
        files.push((path.into(), FilePieces { hash, pieces: pieces.into_iter().map(piece).collect() }));
    }
    match Table::of_stored(most_bytes, dimensions, vectors, files) {
        Some(table) => Ok(Some(table)),
        None => bail!("its parts do not fit together"),
    }
}
