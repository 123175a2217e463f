//! Where the text of the measurement comes from.

use std::path::{Path, PathBuf};

use crate::cli::workspace;
use crate::config::{Loader, Settings};
use crate::index::{Index, IndexOptions};
use crate::measure::Material;

/// Longest wait for the index. What it knows by then is text enough.
const INDEX_SECONDS: f64 = 20.0;
/// Most text that is read, spread over all files.
const MOST_BYTES: usize = 3 << 20;

pub fn folder(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    workspace::root(named)
}

/// Code of the folder, by its index: what is ignored is not read. Our own text where the folder is no repository and was not
/// named: a home directory is not indexed for this.
pub fn material(is_named: bool, folder: &Path, settings: &Settings, loader: &Loader) -> Material {
    let is_repository = is_named || folder.join(".git").exists();
    if !is_repository || !settings.index.enabled {
        return Material::built_in();
    }
    let index = Index::open(folder, IndexOptions::new(&settings.index, Some(loader.paths().index_directory())));
    workspace::wait_for(&index, Some(INDEX_SECONDS));
    let mut paths: Vec<(String, usize)> = index
        .read()
        .files()
        .filter(|(_, file)| file.language.is_some_and(|language| !language.is_outline()))
        .filter(|(_, file)| file.omission.is_none() && !file.is_generated && !file.is_vendored)
        .map(|(_, file)| (file.path.to_string(), usize::try_from(file.stamp.bytes).unwrap_or(usize::MAX)))
        .collect();
    paths.sort_unstable();
    // Every so many of a large repository: its first files alone would be of one directory.
    let total: usize = paths.iter().map(|(_, bytes)| *bytes).fold(0, usize::saturating_add);
    let every = total.div_ceil(MOST_BYTES).max(1);
    let chosen = paths.into_iter().step_by(every);
    let files = chosen.filter_map(|(path, _)| index.text(&path).map(|text| (path, text))).collect();
    let name = folder.file_name().map_or_else(|| "the folder".to_owned(), |name| name.to_string_lossy().into_owned());
    Material::of(&name, files)
}
