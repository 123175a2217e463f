//! Looks at a GGUF file before llama.cpp does: hostile or damaged headers never reach C++ code, and each fault gets a
//! sentence of its own. Reads the header only; the tensors' bytes are not touched.
//!
//! What a header announces is bounded before memory is taken for it, and what is kept of it is bounded altogether.

mod header;
mod joined;
mod kinds;
mod reader;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::io::{self, BufReader};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

pub use header::{Header, Tensor, Value};
pub use joined::Joined;
pub use kinds::{block_of, name_of};

use super::store::parts;

const MAGIC: &[u8; 4] = b"GGUF";

/// Checks that a file is a complete GGUF that can be loaded, and of several parts the first. Returns its size in bytes.
///
/// # Errors
/// One sentence with what is wrong and the way out, without the path.
pub fn check(path: &Path) -> Result<u64> {
    let header = read(path)?;
    if let Some(first) = parts(path).first().filter(|first| *first != path) {
        let first = first.file_name().unwrap_or_default().display();
        bail!("it is a part of a model, and not the first; name {first}, which finds the others (engine.model)");
    }
    Ok(header.bytes)
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

/// The same of a model in several files, of which `path` is any one: what the first says of itself, with the tensors and the
/// bytes of all.
///
/// # Errors
/// As `read`; where there are several parts, one that names the part at fault.
pub fn read_whole(path: &Path) -> Result<Header> {
    let files = parts(path);
    let mut joined = Joined::new(files.len());
    for file in &files {
        let name = || format!("of its parts, {} cannot be used", file.file_name().unwrap_or_default().display());
        let added = read(file).and_then(|header| joined.add(header));
        if files.len() == 1 { added } else { added.with_context(name) }?;
    }
    joined.whole()
}
