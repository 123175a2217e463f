//! The host's stderr: a file that stays short, whatever llama.cpp prints and however long the host runs.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// Above this size a log is set aside. Two files of it are kept.
const MAX_LOG_BYTES: u64 = 1 << 20;

pub fn open_log(log: &Path) -> anyhow::Result<File> {
    let describe = || format!("cannot open the log {}", log.display());
    if let Some(directory) = log.parent() {
        std::fs::create_dir_all(directory).with_context(describe)?;
    }
    if std::fs::metadata(log).is_ok_and(|found| found.len() > MAX_LOG_BYTES) {
        let _ = std::fs::rename(log, older(log));
    }
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(log).with_context(describe)
}

/// Keeps the log of a running host short: what it wrote moves to a second file, and the file that its stderr appends to
/// starts anew.
pub fn trim_log(log: &Path) -> std::io::Result<()> {
    if std::fs::metadata(log)?.len() > MAX_LOG_BYTES {
        std::fs::copy(log, older(log))?;
        OpenOptions::new().write(true).open(log)?.set_len(0)?;
    }
    Ok(())
}

fn older(log: &Path) -> PathBuf {
    log.with_extension("log.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logs_stay_short() {
        let root = tempfile::tempdir().expect("tempdir");
        let log = root.path().join("engine.log");
        let mut open = open_log(&log).expect("opens");
        std::io::Write::write_all(&mut open, &vec![b'x'; MAX_LOG_BYTES as usize + 1]).expect("written");
        trim_log(&log).expect("trimmed");
        std::io::Write::write_all(&mut open, b"new").expect("written");
        assert_eq!(std::fs::read_to_string(&log).expect("there"), "new");
        assert_eq!(std::fs::metadata(older(&log)).expect("there").len(), MAX_LOG_BYTES + 1);
    }
}
