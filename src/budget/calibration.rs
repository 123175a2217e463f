//! What requests taught about a model's vocabulary: how far its counts were from our bounds.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Mutex;

/// Requests of a model that are remembered.
const REMEMBERED: usize = 50;

/// Observed counts of each model, shared by all that estimate and settle. Kept in a small file of the user's; lost, the
/// bounds are the usual ones again.
#[derive(Debug, Default)]
pub struct Calibration {
    file: Option<PathBuf>,
    models: Mutex<BTreeMap<String, VecDeque<u32>>>,
}

impl Calibration {
    /// Without a file.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Reads the file, which need not exist.
    pub fn load(file: &Path) -> Self {
        Self { file: Some(file.to_owned()), ..Self::default() }
    }
}
