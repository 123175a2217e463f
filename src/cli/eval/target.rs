//! What is evaluated, and what the index may see of it.

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use super::arguments::Arguments;
use super::checkout::Checkout;
use crate::cli::workspace;
use crate::config::{Loader, Settings};
use crate::index::IndexOptions;

/// What is evaluated, and where it lies.
pub struct Target {
    pub root: PathBuf,
    pub repository: String,
    pub checkout: Option<Checkout>,
}

impl Target {
    pub fn new(arguments: &Arguments, loader: &Loader) -> anyhow::Result<Self> {
        let folder = workspace::root(arguments.folder.as_deref())?;
        let checkout = match &arguments.commit {
            Some(revision) => Some(Checkout::new(&folder, revision, loader.environment(), &loader.paths().cache)?),
            None => None,
        };
        if let Some(checkout) = checkout.as_ref().filter(|checkout| checkout.is_dirty) {
            let commit = &checkout.commit[..checkout.commit.len().min(10)];
            eprintln!(
                "tandem: the working tree has changes that are not committed; {commit} is evaluated without them"
            );
        }
        let repository = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let root = checkout.as_ref().map_or(folder, |checkout| checkout.root.clone());
        Ok(Self { root, repository, checkout })
    }
}

/// The stored index is used where it is of the same files. Files of a commit are indexed in memory, for their directory is
/// gone afterwards; and so is a workspace without the results of earlier runs: these hold the answers.
pub fn index_options(
    arguments: &Arguments,
    loader: &Loader,
    target: &Target,
    settings: &Settings,
) -> anyhow::Result<IndexOptions> {
    let mut options = IndexOptions::new(&settings.index, Some(loader.paths().index_directory()));
    if target.checkout.is_some() {
        options.store = None;
    }
    if let Some(directory) = &arguments.out {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        if let Ok(inside) = std::fs::canonicalize(directory)?.strip_prefix(&target.root) {
            options.exclude.push(exact_pattern(inside)?);
            options.store = None;
        }
    }
    Ok(options)
}

/// A pattern in git's syntax for one directory. An error where that is the workspace itself.
fn exact_pattern(directory: &Path) -> anyhow::Result<String> {
    let path = directory.to_string_lossy().replace('\\', "/");
    ensure!(!path.is_empty(), "--out is the repository itself; name a directory in it or elsewhere");
    let mut pattern = String::from("/");
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '!' | '#' | ' ') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('/');
    Ok(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_in_the_repository_are_left_out_by_name() {
        assert_eq!(exact_pattern(Path::new("out/run 1")).unwrap(), "/out/run\\ 1/");
        assert_eq!(exact_pattern(Path::new("a*[b]")).unwrap(), "/a\\*\\[b\\]/");
        assert!(exact_pattern(Path::new("")).unwrap_err().to_string().contains("name a directory in it"));
    }
}
