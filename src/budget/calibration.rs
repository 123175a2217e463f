//! What requests taught about a model's vocabulary: how many tokens the provider counted, compared with our bound.
//!
//! A request that had more than the bound raises the bound at once. Many that had less lower it, but never below the most
//! that was seen, with a margin on it; what counts a token for each byte is never lowered.

use std::collections::{BTreeMap, VecDeque};
use std::fs::TryLockError;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::{Estimate, PriceRow};
use crate::providers::Usage;

/// Requests of a model that are remembered.
const REMEMBERED: usize = 50;

/// Requests that must have been seen before a bound is lowered.
const ENOUGH: usize = 20;

/// What is put on top of the most that was seen, in per mille, when a bound is lowered.
const MARGIN: u64 = 1150;

/// Lowest and highest scale, in per mille. Beyond them it is the count that is wrong.
const SCALES: std::ops::RangeInclusive<u64> = 500..=4000;

/// Prompts with a smaller bound, in tokens, teach nothing: what a provider puts around them weighs too much.
const LEAST_TOKENS: u64 = 500;

/// Longest file that is read, in bytes, and most models that are remembered.
const MAX_FILE_BYTES: u64 = 1 << 20;
const MOST_MODELS: usize = 500;

/// How long others may take with the file, which they write in milliseconds, and how often it is looked whether they are done.
const PATIENCE: Duration = Duration::from_millis(500);
const PAUSE: Duration = Duration::from_millis(10);

/// Counts in per mille of the bound, oldest first, by `provider/model`.
type Seen = BTreeMap<String, VecDeque<u16>>;

/// Shared by all that estimate and settle. Kept in a small file of the user's; lost, the bounds are the usual ones again.
#[derive(Debug, Default)]
pub struct Calibration {
    file: Option<PathBuf>,
    seen: Mutex<Seen>,
}

impl Calibration {
    /// Without a file.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Reads the file, which need not exist. One that cannot be read counts as none.
    pub fn load(file: &Path) -> Self {
        Self { file: Some(file.to_owned()), seen: Mutex::new(read(file)) }
    }

    /// What the bound of a row's model is to be multiplied by, in per mille.
    pub fn scale(&self, row: &PriceRow) -> u64 {
        let seen = self.lock();
        let Some(seen) = seen.get(&key(row)) else { return 1000 };
        let most = seen.iter().copied().max().map_or(0, u64::from);
        let scale = match most {
            1001.. => most,
            _ if seen.len() < ENOUGH => 1000,
            _ => (most * MARGIN).div_ceil(1000).min(1000),
        };
        scale.clamp(*SCALES.start(), *SCALES.end())
    }

    /// Learns from a count of the provider's. An error is about the file, also where others hold it for too long; what was
    /// learned holds for this process.
    pub fn learn(&self, estimate: &Estimate, usage: &Usage) -> io::Result<()> {
        let (_, bound) = estimate.row.tokenizer.bounds(&estimate.size, 1000);
        if bound < LEAST_TOKENS || usage.input() == 0 {
            return Ok(());
        }
        let share = usage.input().saturating_mul(1000).div_ceil(bound).min(*SCALES.end());
        // What counts a token a byte is far above any count: it says nothing of the ordinary part.
        let unscaled = estimate.row.tokenizer.unscaled(&estimate.size);
        let share = if unscaled.saturating_mul(10) > bound { share.max(1000) } else { share };
        let share = u16::try_from(share).unwrap_or(u16::MAX);
        let key = key(&estimate.row);
        let Some(file) = &self.file else {
            remember(&mut self.lock(), key, share);
            return Ok(());
        };
        remember(&mut self.lock(), key.clone(), share);
        // Other windows write to it, too: what they saw must not be lost.
        let _turn = take_turn(file)?;
        let mut all = read(file);
        remember(&mut all, key, share);
        write(file, &all)?;
        *self.lock() = all;
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(row: &PriceRow) -> String {
    format!("{}/{}", row.provider, row.id)
}

fn remember(seen: &mut Seen, key: String, share: u16) {
    if seen.len() >= MOST_MODELS && !seen.contains_key(&key) {
        return;
    }
    let shares = seen.entry(key).or_default();
    shares.push_back(share);
    while shares.len() > REMEMBERED {
        shares.pop_front();
    }
}

/// Holds until it is dropped.
fn take_turn(file: &Path) -> io::Result<std::fs::File> {
    if let Some(directory) = file.parent() {
        crate::config::create_private_dir(directory)?;
    }
    let lock = std::fs::File::options().create(true).truncate(false).write(true).open(file.with_extension("lock"))?;
    let deadline = Instant::now() + PATIENCE;
    loop {
        match lock.try_lock() {
            Ok(()) => return Ok(lock),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(PAUSE),
            Err(TryLockError::WouldBlock) => {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "another process holds the file of token counts"));
            }
            Err(TryLockError::Error(error)) => return Err(error),
        }
    }
}

fn read(file: &Path) -> Seen {
    let is_small = file.metadata().is_ok_and(|data| data.is_file() && data.len() <= MAX_FILE_BYTES);
    if !is_small {
        return Seen::new();
    }
    let mut seen: Seen =
        std::fs::read(file).ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
    for shares in seen.values_mut() {
        let too_many = shares.len().saturating_sub(REMEMBERED);
        shares.drain(..too_many);
    }
    seen
}

/// All of it or nothing: a half-written file would be none.
fn write(file: &Path, seen: &Seen) -> io::Result<()> {
    let fresh = file.with_extension("new");
    let mut out = std::fs::File::create(&fresh)?;
    out.write_all(serde_json::to_string(seen)?.as_bytes())?;
    out.sync_data()?;
    std::fs::rename(fresh, file)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::budget::{Planned, TextSize, Tokenizer};

    /// A request of a thousand words at a model of its own.
    fn estimate(model: &str) -> Estimate {
        let row = PriceRow { id: model.to_owned(), tokenizer: Tokenizer::O200k, ..PriceRow::free() };
        let size = TextSize::of(&"let answer = question(words);\n".repeat(300));
        Estimate::of(&Planned { size: &size, max_output: 100, cache: None }, &Arc::new(row), &Calibration::in_memory())
    }

    /// A count of so many per mille of the bound.
    fn count(estimate: &Estimate, share: u64) -> Usage {
        Usage { input_uncached: estimate.input.1 * share / 1000, ..Usage::default() }
    }

    #[test]
    fn more_than_the_bound_raises_it_at_once() {
        let (calibration, estimate) = (Calibration::in_memory(), estimate("a"));
        calibration.learn(&estimate, &count(&estimate, 1200)).unwrap();
        assert!((1199..=1201).contains(&calibration.scale(&estimate.row)));
        for _ in 0..49 {
            calibration.learn(&estimate, &count(&estimate, 700)).unwrap();
        }
        assert!(calibration.scale(&estimate.row) >= 1199, "the most of the last 50");
        calibration.learn(&estimate, &count(&estimate, 700)).unwrap();
        assert!(calibration.scale(&estimate.row) < 1000, "it was the 51st");
    }

    #[test]
    fn less_lowers_it_after_many_requests_and_with_a_margin() {
        let (calibration, estimate) = (Calibration::in_memory(), estimate("a"));
        for number in 0..20 {
            assert_eq!(calibration.scale(&estimate.row), 1000, "{number} are not enough");
            calibration.learn(&estimate, &count(&estimate, 600 + number)).unwrap();
        }
        let scale = calibration.scale(&estimate.row);
        assert!((711..=715).contains(&scale), "1.15 times 619 to 620: {scale}");
    }

    #[test]
    fn text_that_counts_a_token_a_byte_lowers_no_bound() {
        let (calibration, ordinary) = (Calibration::in_memory(), estimate("a"));
        let size = TextSize::of(&"день и ночь 日本語 = 0x9f86d081884c7d659a2feaa0c55ad015;\n".repeat(100));
        let planned = Planned { size: &size, max_output: 100, cache: None };
        let dense = Estimate::of(&planned, &ordinary.row, &calibration);
        for _ in 0..30 {
            calibration.learn(&dense, &count(&dense, 300)).unwrap();
        }
        assert_eq!(calibration.scale(&ordinary.row), 1000, "words are not seen in it");
        calibration.learn(&dense, &count(&dense, 1200)).unwrap();
        assert!(calibration.scale(&ordinary.row) > 1190, "more than the bound is more than the bound");
    }

    #[test]
    fn nonsense_teaches_little() {
        let (calibration, estimate) = (Calibration::in_memory(), estimate("a"));
        calibration.learn(&estimate, &Usage::default()).unwrap();
        assert_eq!(calibration.scale(&estimate.row), 1000, "no count");
        calibration.learn(&estimate, &count(&estimate, 90_000_000)).unwrap();
        assert_eq!(calibration.scale(&estimate.row), 4000);
        let low = self::estimate("b");
        for _ in 0..30 {
            calibration.learn(&low, &count(&low, 10)).unwrap();
        }
        assert_eq!(calibration.scale(&low.row), 500);
    }

    #[test]
    fn windows_share_what_they_saw() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("state/token-counts.json");
        let (one, other, estimate) = (Calibration::load(&file), Calibration::load(&file), estimate("a"));
        one.learn(&estimate, &count(&estimate, 1500)).unwrap();
        other.learn(&estimate, &count(&estimate, 900)).unwrap();
        assert_eq!(other.scale(&estimate.row), one.scale(&estimate.row));
        assert!(Calibration::load(&file).scale(&estimate.row) >= 1499);
    }

    #[test]
    fn one_who_never_lets_go_of_the_file_holds_nobody_up() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token-counts.json");
        let held = take_turn(&file).unwrap();
        let (calibration, estimate) = (Calibration::load(&file), estimate("a"));
        let error = calibration.learn(&estimate, &count(&estimate, 1500)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(calibration.scale(&estimate.row) >= 1499, "this process has learned it");
        assert!(!file.exists());
        drop(held);
        calibration.learn(&estimate, &count(&estimate, 1400)).unwrap();
        assert!(Calibration::load(&file).scale(&estimate.row) >= 1399);
    }

    #[test]
    fn a_damaged_file_is_as_none() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("token-counts.json");
        for text in ["", "{", "[]", "{\"local/a\": [\"x\"]}", "{\"local/a\": [70000]}"] {
            std::fs::write(&file, text).unwrap();
            let (calibration, estimate) = (Calibration::load(&file), estimate("a"));
            assert_eq!(calibration.scale(&estimate.row), 1000, "{text}");
            calibration.learn(&estimate, &count(&estimate, 1100)).unwrap();
            assert!(Calibration::load(&file).scale(&estimate.row) > 1000, "{text}");
        }
    }
}
