//! LM Studio's store: `PUBLISHER/REPOSITORY/FILE.gguf`, as hubs have them.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use super::{Candidate, CandidateFile};
use crate::models::store::{Origin, OriginKind, parts};

/// Most files of one store.
const MOST_FILES: usize = 10_000;

/// Beginnings of names of files that go with a model and are none: eyes, and matrices of importance.
const COMPANIONS: &[&str] = &["mmproj", "imatrix"];

/// What LM Studio has in this directory, by name. A model with missing parts is there with what is wrong with it.
///
/// # Errors
/// The directory cannot be read.
pub fn find(directory: &Path) -> io::Result<Vec<Candidate>> {
    let mut files = Vec::new();
    for publisher in folders(directory)? {
        for repository in folders(&publisher).unwrap_or_default() {
            for entry in std::fs::read_dir(&repository).into_iter().flatten().filter_map(Result::ok) {
                if files.len() < MOST_FILES && is_model(&entry.path()) {
                    files.push(entry.path());
                }
            }
        }
    }
    // Parts of one model lead to the same list.
    let models: BTreeMap<Vec<PathBuf>, ()> = files.iter().map(|file| (parts(file), ())).collect();
    Ok(models.into_keys().filter_map(|parts| candidate(directory, &parts)).collect())
}

fn folders(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = std::fs::read_dir(directory)?.filter_map(Result::ok).map(|entry| entry.path());
    Ok(entries.filter(|path| path.is_dir()).collect())
}

fn is_model(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_ascii_lowercase();
    name.ends_with(".gguf") && !name.starts_with('.') && !COMPANIONS.iter().any(|companion| name.contains(companion))
}

/// None for a name that is not Unicode.
fn candidate(directory: &Path, parts: &[PathBuf]) -> Option<Candidate> {
    let repository = parts.first()?.strip_prefix(directory).ok()?.to_str()?.replace('\\', "/");
    let origin = Origin { kind: OriginKind::LmStudio, repository, revision: String::new() };
    let mut files = Vec::new();
    let mut problem = None;
    for part in parts {
        match part.canonicalize() {
            Ok(path) => files.push(CandidateFile { path, sha256: None }),
            Err(error) => {
                let name = part.file_name().unwrap_or_default().to_string_lossy().into_owned();
                problem.get_or_insert(format!("its file {name} cannot be read: {error}"));
            }
        }
    }
    Some(Candidate { origin, files, problem })
}
