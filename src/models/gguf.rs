//! Looks at a GGUF file before llama.cpp does: hostile or damaged headers never reach C++ code, and each fault gets a
//! sentence of its own. Reads the header only; the tensors' bytes are not touched.
//!
//! What a header announces is bounded before memory is taken for it, and what is kept of it is bounded altogether.

mod header;
mod kinds;
mod reader;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

pub use header::{Header, Tensor, Value};
pub use kinds::{block_of, name_of};

use super::store::parts;

const MAGIC: &[u8; 4] = b"GGUF";

/// Checks that a file is a complete GGUF. Returns its size in bytes.
///
/// # Errors
/// One sentence with what is wrong and the way out, without the path.
pub fn check(path: &Path) -> Result<u64> {
    read(path).map(|header| header.bytes)
}

/// Reads what a file says of itself, and checks that it is complete.
///
/// # Errors
/// One sentence with what is wrong and the way out, without the path.
pub fn read(path: &Path) -> Result<Header> {
    let metadata = match std::fs::metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("there is no such file; correct engine.model or download the model again")
        }
        Err(error) => bail!("it cannot be read ({error}); check its permissions"),
    };
    ensure!(!metadata.is_dir(), "it is a directory; name the .gguf file inside it (engine.model)");
    ensure!(metadata.is_file(), "it is not a regular file; name a .gguf file (engine.model)");
    let bytes = metadata.len();
    ensure!(bytes > 0, "the file is empty; download the model again");
    let file =
        File::open(path).map_err(|error| anyhow::anyhow!("it cannot be opened ({error}); check its permissions"))?;
    let mut reader = reader::Reader::new(BufReader::new(file), bytes);

    let mut magic = [0; 4];
    let not_gguf = "it is not a GGUF file; convert the model to GGUF or choose another (engine.model)";
    ensure!(bytes >= 4, "{not_gguf}");
    reader.fill(&mut magic)?;
    ensure!(&magic == MAGIC, "{not_gguf}");
    let (header, needed) = header::walk(&mut reader).context("its header is damaged; download the model again")?;
    ensure!(
        needed <= bytes,
        "the file is cut short: it has {bytes} bytes and needs {needed}; download the model again"
    );
    Ok(header)
}

/// The same of a model in several files, of which `path` is the first: what the first says of itself, with the tensors and the
/// bytes of all.
///
/// # Errors
/// As `read`; one that names the part, where another than the first is the cause.
pub fn read_whole(path: &Path) -> Result<Header> {
    let mut whole = read(path)?;
    for part in parts(path).into_iter().filter(|part| part != path) {
        let name = part.file_name().unwrap_or_default().display().to_string();
        let header = read(&part).with_context(|| format!("of its parts, {name} cannot be used"))?;
        whole.bytes = whole.bytes.saturating_add(header.bytes);
        whole.tensors.extend(header.tensors);
    }
    Ok(whole)
}
