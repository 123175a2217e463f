//! A file of blocks with a checksum at its end.

use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::Path;

use anyhow::{Context, bail};
use serde::Serialize;

/// Bytes that are read at a time; enough for the checksum to be computed at full speed.
const BUFFER: usize = 256 * 1024;
const CHECKSUM: u64 = 32;

/// Writes blocks. What was not finished has no checksum and cannot be read.
pub struct Writer {
    file: std::fs::File,
    waiting: Vec<u8>,
    hasher: blake3::Hasher,
}

impl Writer {
    /// A new file that only this user can read.
    pub fn create(path: &Path, magic: &[u8]) -> std::io::Result<Self> {
        let mut options = std::fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        Ok(Self { file: options.open(path)?, waiting: magic.to_vec(), hasher: blake3::Hasher::new() })
    }

    /// Keeps the block in memory until `flush`.
    pub fn block(&mut self, content: &impl Serialize) -> anyhow::Result<()> {
        let start = self.waiting.len();
        self.waiting.extend_from_slice(&[0; 4]);
        self.waiting = postcard::to_extend(content, std::mem::take(&mut self.waiting))?;
        let length = u32::try_from(self.waiting.len() - start - 4).context("a block is too long")?;
        self.waiting[start..start + 4].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// Marks the end of a kind of blocks.
    pub fn end(&mut self) -> std::io::Result<()> {
        self.waiting.extend_from_slice(&[0; 4]);
        self.flush()
    }

    pub fn flush(&mut self) -> std::io::Result<()> {
        self.hasher.update(&self.waiting);
        self.file.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Returns once everything is on disk.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.flush()?;
        self.file.write_all(self.hasher.finalize().as_bytes())?;
        self.file.sync_data()
    }
}

/// Reads blocks of a file that proved to be whole. Nobody writes to it any more: new versions are new files.
pub struct Reader {
    input: BufReader<std::io::Take<std::fs::File>>,
    /// Bytes of blocks that are still to come.
    left: u64,
    block: Vec<u8>,
}

impl Reader {
    pub fn open(mut file: std::fs::File, magic: &[u8]) -> anyhow::Result<Self> {
        let mut start = vec![0; magic.len()];
        let bytes = file.metadata()?.len();
        if file.read_exact(&mut start).is_err() || start != magic {
            bail!("it is no index, or one of another version");
        }
        let Some(content) = bytes.checked_sub(CHECKSUM).filter(|content| *content >= magic.len() as u64) else {
            bail!("it is cut off")
        };
        let left = content - magic.len() as u64;
        let mut hasher = blake3::Hasher::new();
        hasher.update(magic);
        let mut buffer = vec![0; BUFFER];
        let mut rest = left;
        while rest > 0 {
            let most = buffer.len().min(usize::try_from(rest).unwrap_or(usize::MAX));
            let read = file.read(&mut buffer[..most])?;
            if read == 0 {
                bail!("it is cut off");
            }
            hasher.update(&buffer[..read]);
            rest -= read as u64;
        }
        let mut checksum = [0; CHECKSUM as usize];
        file.read_exact(&mut checksum)?;
        if *hasher.finalize().as_bytes() != checksum {
            bail!("it is damaged");
        }
        file.seek(SeekFrom::Start(magic.len() as u64))?;
        Ok(Self { input: BufReader::with_capacity(BUFFER, file.take(left)), left, block: Vec::new() })
    }

    /// The next block; None at the end of a kind.
    pub fn block(&mut self) -> anyhow::Result<Option<&[u8]>> {
        let mut length = [0; 4];
        self.input.read_exact(&mut length).context("it ends too early")?;
        let length = u32::from_le_bytes(length);
        self.left = self.left.saturating_sub(4);
        if length == 0 {
            return Ok(None);
        }
        if u64::from(length) > self.left {
            bail!("a block is longer than the file");
        }
        self.left -= u64::from(length);
        self.block.resize(length as usize, 0);
        self.input.read_exact(&mut self.block).context("it ends too early")?;
        Ok(Some(&self.block))
    }
}
