//! Numbers and texts of a header, each bounded by what is left of the file.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use anyhow::{Context, Result, ensure};

pub(super) struct Reader {
    reader: BufReader<File>,
    /// Of the whole file.
    pub bytes: u64,
    pub position: u64,
}

impl Reader {
    pub fn new(reader: BufReader<File>, bytes: u64) -> Self {
        Self { reader, bytes, position: 0 }
    }

    /// A text, of which at most `most` bytes are kept.
    pub fn text(&mut self, most: u64) -> Result<Vec<u8>> {
        let length = self.u64()?;
        ensure!(length <= self.bytes - self.position.min(self.bytes), "a text announces {length} bytes");
        let mut text = vec![0; length.min(most) as usize];
        self.fill(&mut text)?;
        self.skip(length - text.len() as u64)?;
        Ok(text)
    }

    pub fn u32(&mut self) -> Result<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<()> {
        self.reader.read_exact(buffer).context("the file ends inside its header")?;
        self.position += buffer.len() as u64;
        Ok(())
    }

    pub fn skip(&mut self, bytes: u64) -> Result<()> {
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
