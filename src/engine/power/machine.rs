//! One look at the machine. Each costs a few small files of `/proc` and `/sys`; what is missing is not known.

use std::path::{Path, PathBuf};

use super::heat::{self, Heat};
use super::memory::{self, Memory};
use super::supply;

/// Where to look: `/`, or what a test put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    root: PathBuf,
}

/// What was seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    pub memory: Memory,
    /// None where there is no battery, or nobody says.
    pub on_battery: Option<bool>,
    pub heat: Heat,
}

impl Default for Machine {
    fn default() -> Self {
        Self::below("/")
    }
}

impl Machine {
    pub fn below(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    pub fn read(&self) -> Reading {
        if cfg!(not(target_os = "linux")) {
            return Reading::default();
        }
        Reading { memory: memory::read(&self.root), on_battery: supply::read(&self.root), heat: heat::read(&self.root) }
    }
}

/// A file's text without white space around it.
pub(super) fn text(path: impl AsRef<Path>) -> Option<String> {
    std::fs::read_to_string(path).ok().map(|text| text.trim().to_owned())
}

pub(super) fn number<T: std::str::FromStr>(path: impl AsRef<Path>) -> Option<T> {
    text(path)?.parse().ok()
}

/// What is in a directory, in a steady order; nothing where there is none.
pub(super) fn entries(directory: impl AsRef<Path>) -> Vec<PathBuf> {
    let found = std::fs::read_dir(directory).into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = found.map(|entry| entry.path()).collect();
    found.sort();
    found
}
