//! The host's stderr: a file that stays short, whatever llama.cpp prints and however long the host runs. What stands at its
//! end tells why a host died that nobody could ask any more.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom};
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

/// Lines and bytes of a dead host's last words: a sentence for a person, not the log.
const LAST_LINES: usize = 3;
const LAST_BYTES: usize = 400;

/// Of the log so many bytes are looked at.
const LOOKED_AT: u64 = 16 << 10;

/// A log, and where it ended when somebody began to depend on its host: what stands before that is another host's.
#[derive(Clone, Debug)]
pub struct LogMark {
    log: PathBuf,
    from: u64,
}

impl LogMark {
    pub fn now(log: PathBuf) -> Self {
        let from = std::fs::metadata(&log).map_or(0, |found| found.len());
        Self { log, from }
    }

    /// The last lines since the mark that say what went wrong.
    pub fn last_words(&self) -> Option<String> {
        let mut file = File::open(&self.log).ok()?;
        let length = file.metadata().ok()?.len();
        // One that was trimmed meanwhile begins anew.
        let from = if length < self.from { 0 } else { self.from };
        file.seek(SeekFrom::Start(from.max(length.saturating_sub(LOOKED_AT)))).ok()?;
        let mut bytes = Vec::new();
        file.take(LOOKED_AT).read_to_end(&mut bytes).ok()?;
        telling(&String::from_utf8_lossy(&bytes))
    }

    /// A clause with the last words and the log's path, for whoever has to find out why a host ended.
    pub fn hint(&self) -> String {
        let words = self.last_words().map_or_else(String::new, |words| format!("it wrote last: {words}; "));
        format!("{words}its log is {}", self.log.display())
    }
}

/// Our own lines below `warn` say nothing of an end, and source text may stand in those at `trace`, over several lines: where
/// there is one, nothing counts but our own warnings and errors.
fn telling(text: &str) -> Option<String> {
    let has_level = |line: &str, levels: &[&str]| {
        line.split_whitespace().nth(LEVEL_WORD).is_some_and(|word| levels.contains(&word)) && line.starts_with("20")
    };
    let is_traced = text.lines().any(|line| has_level(line, &["TRACE"]));
    let lines = text.lines().map(str::trim).filter(|line| match is_traced {
        true => has_level(line, &["WARN", "ERROR"]),
        false => !line.is_empty() && !has_level(line, &["DEBUG", "INFO"]),
    });
    let lines: Vec<&str> = lines.collect();
    let last = lines[lines.len().saturating_sub(LAST_LINES)..].join(" | ");
    let cut = last.char_indices().map(|(at, _)| at).find(|at| last.len() - at <= LAST_BYTES)?;
    Some(last[cut..].to_owned())
}

/// A line of our own has its time, its process, its level.
const LEVEL_WORD: usize = 2;

fn older(log: &Path) -> PathBuf {
    log.with_extension("log.1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_words_are_what_went_wrong() {
        let log = "2026-11-28T08:00:00.5Z 71  INFO tandem::engine: a client came\n\n\
                   ggml-vulkan.cpp:7: GGML_ASSERT(a == b) failed\n\
                   terminate called after throwing an instance of 'vk::DeviceLostError'\n\
                   \u{20} what():  vk::Queue::submit: ErrorDeviceLost\n";
        let words = telling(log).expect("some");
        assert!(words.starts_with("ggml-vulkan.cpp:7: GGML_ASSERT"), "{words}");
        assert!(words.ends_with("| what():  vk::Queue::submit: ErrorDeviceLost"), "{words}");
        assert_eq!(telling("2026-11-28T08:00:00.5Z 71  INFO tandem::engine: a client came\n"), None);
        let long = telling(&"ä".repeat(1000)).expect("some");
        assert!(long.len() <= LAST_BYTES && long.len() > LAST_BYTES - 2, "{}", long.len());
    }

    #[test]
    fn source_text_is_nobodys_last_words() {
        let log = "2026-11-28T08:00:00.5Z 71 TRACE tandem: prompt fn secret() {\n    42\n}\n\
                   2026-11-28T08:00:00.5Z 71 ERROR tandem::observe: panic at src/a.rs:1; please report it\n";
        let words = telling(log).expect("some");
        assert!(words.contains("panic at") && !words.contains("42") && !words.contains("secret"), "{words}");
    }

    #[test]
    fn what_an_earlier_host_wrote_does_not_count() {
        let root = tempfile::tempdir().expect("tempdir");
        let log = root.path().join("engine.log");
        let nothing = LogMark::now(log.clone());
        assert_eq!((nothing.last_words(), nothing.from), (None, 0));
        std::fs::write(&log, "an earlier end\n").expect("written");
        let mark = LogMark::now(log.clone());
        assert_eq!(mark.last_words(), None);
        let mut open = open_log(&log).expect("opens");
        std::io::Write::write_all(&mut open, b"this end\n").expect("written");
        assert_eq!(mark.last_words().as_deref(), Some("this end"));
        assert_eq!(mark.hint(), format!("it wrote last: this end; its log is {}", log.display()));
        std::fs::write(&log, "trimmed\n").expect("written");
        assert_eq!(mark.last_words().as_deref(), Some("trimmed"));
    }

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
