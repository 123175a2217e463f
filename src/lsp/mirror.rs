//! Recording what a client sends, and playing a recording back: how a bug of one editor becomes a test.
//!
//! A recording is JSON Lines: `{"us": 1250, "body": "{\"jsonrpc\":…}"}`, microseconds since the start and the body of
//! one frame as it came. It holds the source text of everything that was open.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::Context;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncWriteExt};

#[derive(Serialize, Deserialize)]
struct Entry {
    us: u64,
    body: String,
}

/// Writes frames to a file. A disk that is full ends the recording, not the server.
pub struct Mirror {
    file: Option<File>,
    start: Instant,
}

impl Mirror {
    /// Makes the file, readable by its owner only; replaces one that is there.
    pub fn create(path: &Path) -> anyhow::Result<Self> {
        let mut options = File::options();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).with_context(|| format!("cannot write the recording {}", path.display()))?;
        Ok(Self { file: Some(file), start: Instant::now() })
    }

    pub fn record(&mut self, body: &[u8]) {
        let Some(file) = &mut self.file else { return };
        let us = self.start.elapsed().as_micros() as u64;
        let entry = Entry { us, body: String::from_utf8_lossy(body).into_owned() };
        let written = serde_json::to_string(&entry).map_err(io::Error::other).and_then(|mut line| {
            line.push('\n');
            file.write_all(line.as_bytes())
        });
        if let Err(error) = written {
            tracing::error!(%error, "the recording ends here");
            self.file = None;
        }
    }
}

/// Pauses of a replay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pace {
    /// As they were recorded.
    #[default]
    Recorded,
    /// None: as fast as the server reads.
    Fast,
}

/// A recording as the bytes of a client; ends after the last frame. Needs a running tokio runtime.
pub fn replay(path: &Path, pace: Pace) -> anyhow::Result<impl AsyncRead + Send + Unpin + 'static> {
    let file = File::open(path).with_context(|| format!("cannot read the recording {}", path.display()))?;
    let mut entries = Vec::new();
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let place = || format!("{}:{}: not a line of a recording", path.display(), number + 1);
        let entry: Entry = serde_json::from_str(&line.with_context(place)?).with_context(place)?;
        entries.push(entry);
    }
    let (ours, theirs) = tokio::io::duplex(64 << 10);
    tokio::spawn(async move {
        let mut writer = ours;
        let start = Instant::now();
        for entry in entries {
            if pace == Pace::Recorded {
                tokio::time::sleep(Duration::from_micros(entry.us).saturating_sub(start.elapsed())).await;
            }
            let frame = format!("Content-Length: {}\r\n\r\n{}", entry.body.len(), entry.body);
            if writer.write_all(frame.as_bytes()).await.is_err() {
                return;
            }
        }
    });
    Ok(theirs)
}
