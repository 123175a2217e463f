//! What an index may cost, taken from the settings.

use std::path::PathBuf;
use std::time::Duration;

use super::extract::FileLimits;
use crate::config::IndexSettings;

#[derive(Clone, Debug, PartialEq)]
pub struct IndexOptions {
    pub file: FileLimits,
    pub most_files: usize,
    pub most_bytes: usize,
    /// Bytes that the lookup engine may take for the folder's tokens.
    pub lookup_bytes: u64,
    /// Threads that read and parse.
    pub threads: usize,
    /// Percent of a core that each of them may take.
    pub cpu_share: u32,
    /// The user's patterns of what to leave out.
    pub exclude: Vec<String>,
    /// Where the index is kept between runs; None keeps it in memory alone.
    pub store: Option<PathBuf>,
}

impl IndexOptions {
    /// `store` is the directory for stored indexes.
    pub fn new(settings: &IndexSettings, store: Option<PathBuf>) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            file: FileLimits {
                parse: Duration::from_millis(settings.max_parse_ms),
                bytes: settings.max_file_bytes as u64,
            },
            most_files: settings.max_files,
            most_bytes: settings.max_memory_mb.saturating_mul(1 << 20),
            lookup_bytes: (settings.lookup_memory_mb as u64).saturating_mul(1 << 20),
            // Half of the cores: the model and the compiler want the others.
            threads: if settings.threads == 0 { cores.div_ceil(2).min(8) } else { settings.threads as usize },
            cpu_share: settings.cpu_share.clamp(1, 100),
            exclude: settings.exclude.clone(),
            store: store.filter(|_| settings.persist),
        }
    }
}
