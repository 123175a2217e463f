//! Looks at a GGUF file before llama.cpp does: hostile or damaged headers never reach C++ code, and each fault gets a
//! sentence of its own. Reads the header only; the tensors' bytes are not touched.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use anyhow::{Context, Result, bail, ensure};

const MAGIC: &[u8; 4] = b"GGUF";

/// Bounds on what a header may announce; real models stay far below (a 405B model has 1,138 tensors).
const MOST_TENSORS: u64 = 100_000;
const MOST_KEYS: u64 = 100_000;
const MOST_DIMENSIONS: u32 = 4;
const MOST_TOKENS: u64 = 2_000_000;

/// Checks that a file is a complete GGUF. Returns its size in bytes.
///
/// # Errors
/// One sentence with what is wrong and the way out, without the path.
pub fn check(path: &Path) -> Result<u64> {
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
    let mut header = Header { reader: BufReader::new(file), bytes, position: 0 };

    let mut magic = [0; 4];
    let not_gguf = "it is not a GGUF file; convert the model to GGUF or choose another (engine.model)";
    ensure!(bytes >= 4, "{not_gguf}");
    header.fill(&mut magic)?;
    ensure!(&magic == MAGIC, "{not_gguf}");
    match header.walk() {
        Ok(needed) if needed > bytes => {
            bail!("the file is cut short: it has {bytes} bytes and needs {needed}; download the model again")
        }
        Ok(_) => Ok(bytes),
        Err(error) => Err(error).context("its header is damaged; download the model again"),
    }
}

struct Header {
    reader: BufReader<File>,
    bytes: u64,
    position: u64,
}

impl Header {
    /// Bytes that the file must have, from the tensors' shapes.
    fn walk(&mut self) -> Result<u64> {
        let version = self.u32()?;
        ensure!((2..=3).contains(&version), "GGUF version {version} is not supported");
        let (tensors, keys) = (self.u64()?, self.u64()?);
        ensure!(tensors <= MOST_TENSORS && keys <= MOST_KEYS, "it announces {tensors} tensors and {keys} keys");
        let mut alignment = 32;
        for _ in 0..keys {
            let key = self.string()?;
            let kind = self.u32()?;
            if key == b"general.alignment" && kind == 4 {
                alignment = u64::from(self.u32()?);
                ensure!(alignment.is_power_of_two() && alignment <= 1 << 20, "its alignment is {alignment}");
            } else if key == b"tokenizer.ggml.tokens" && kind == 9 {
                self.tokens()?;
            } else {
                self.skip_value(kind, 0)?;
            }
        }
        let mut end = 0;
        for _ in 0..tensors {
            self.string()?;
            let dimensions = self.u32()?;
            ensure!(dimensions <= MOST_DIMENSIONS, "a tensor has {dimensions} dimensions");
            let mut elements: u64 = 1;
            for _ in 0..dimensions {
                elements = elements.checked_mul(self.u64()?).context("a tensor's shape overflows")?;
            }
            let kind = self.u32()?;
            let offset = self.u64()?;
            // Types that this table does not know count with their offset alone.
            let size = match block_of(kind) {
                Some((block, bytes)) => (elements / block).checked_mul(bytes).context("a tensor's size overflows")?,
                None => 0,
            };
            end = end.max(offset.checked_add(size).context("a tensor's place overflows")?);
        }
        let data = self.position.next_multiple_of(alignment);
        data.checked_add(end).context("the tensors' places overflow")
    }

    /// llama.cpp aborts the process on a vocabulary that holds a token twice.
    fn tokens(&mut self) -> Result<()> {
        let element = self.u32()?;
        let count = self.u64()?;
        ensure!(element == 8 && count <= MOST_TOKENS, "its vocabulary announces {count} tokens of type {element}");
        let mut seen = HashSet::with_capacity(count as usize);
        for _ in 0..count {
            let mut hasher = DefaultHasher::new();
            let token = self.string()?;
            token.hash(&mut hasher);
            // Empty ones get a name of their own.
            ensure!(token.is_empty() || seen.insert(hasher.finish()), "its vocabulary holds a token twice");
        }
        Ok(())
    }

    fn skip_value(&mut self, kind: u32, depth: u32) -> Result<()> {
        match kind {
            0 | 1 | 7 => self.skip(1),
            2 | 3 => self.skip(2),
            4..=6 => self.skip(4),
            10..=12 => self.skip(8),
            8 => self.string().map(drop),
            9 => {
                ensure!(depth < 2, "its arrays are nested too deep");
                let element = self.u32()?;
                let count = self.u64()?;
                ensure!(count <= self.bytes, "an array announces {count} elements");
                match element {
                    0 | 1 | 7 => self.skip(count),
                    2 | 3 => self.skip(count.saturating_mul(2)),
                    4..=6 => self.skip(count.saturating_mul(4)),
                    10..=12 => self.skip(count.saturating_mul(8)),
                    _ => (0..count).try_for_each(|_| self.skip_value(element, depth + 1)),
                }
            }
            _ => bail!("a value has the unknown type {kind}"),
        }
    }

    fn string(&mut self) -> Result<Vec<u8>> {
        let length = self.u64()?;
        ensure!(length <= self.bytes - self.position.min(self.bytes), "a text announces {length} bytes");
        // Chat templates are the longest; what is not kept is skipped.
        let mut text = vec![0; length.min(256) as usize];
        self.fill(&mut text)?;
        self.skip(length - text.len() as u64)?;
        Ok(text)
    }

    fn u32(&mut self) -> Result<u32> {
        let mut bytes = [0; 4];
        self.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn u64(&mut self) -> Result<u64> {
        let mut bytes = [0; 8];
        self.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.reader.read_exact(buffer).context("the file ends inside its header")?;
        self.position += buffer.len() as u64;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<()> {
        let target = self.position.saturating_add(bytes);
        ensure!(target <= self.bytes, "the file ends inside its header");
        if bytes < 4096 {
            self.reader.seek_relative(bytes as i64)?;
        } else {
            self.reader.seek(SeekFrom::Start(target))?;
        }
        self.position = target;
        Ok(())
    }
}

/// Elements and bytes of a block of a ggml type (ggml.c's type traits), for the types that model files use.
fn block_of(kind: u32) -> Option<(u64, u64)> {
    Some(match kind {
        0 | 26 => (1, 4),
        1 | 25 | 30 => (1, 2),
        2 => (32, 18),
        3 => (32, 20),
        6 => (32, 22),
        7 => (32, 24),
        8 => (32, 34),
        9 => (32, 36),
        10 => (256, 84),
        11 => (256, 110),
        12 => (256, 144),
        13 => (256, 176),
        14 => (256, 210),
        20 => (32, 18),
        23 => (256, 136),
        24 => (1, 1),
        27 | 28 => (1, 8),
        _ => return None,
    })
}
