//! Ollama's store: manifests that name blobs by their digests.
//!
//! ```text
//! manifests/registry.ollama.ai/library/MODEL/TAG    JSON, as container registries write it
//! blobs/sha256-DIGEST                               the GGUF file is the layer `…image.model`
//! ```

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Candidate, CandidateFile};
use crate::config::read_small;
use crate::models::digest::Sha256;
use crate::models::store::{Origin, OriginKind};

/// Longest manifest that is read, in bytes. They have some hundreds.
const MOST_MANIFEST: u64 = 1 << 20;

/// Most manifests of one store.
const MOST_MANIFESTS: usize = 10_000;

/// Host, namespace, model, tag: manifests stand four names deep.
const DEPTH: usize = 4;

const MODEL_LAYER: &str = "application/vnd.ollama.image.model";
const TENSOR_LAYER: &str = "application/vnd.ollama.image.tensor";

#[derive(Deserialize)]
struct Manifest {
    #[serde(default)]
    layers: Vec<Layer>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Layer {
    media_type: String,
    digest: String,
    size: u64,
}

/// What Ollama has in this directory (the one with `manifests` and `blobs` in it), by name. A damaged one is there with what is
/// wrong with it.
///
/// # Errors
/// The directory of manifests cannot be read.
pub fn find(directory: &Path) -> io::Result<Vec<Candidate>> {
    let root = directory.join("manifests");
    let mut manifests = BTreeSet::new();
    walk(&root, 0, &mut manifests)?;
    Ok(manifests.into_iter().filter_map(|manifest| candidate(directory, &root, &manifest)).collect())
}

fn walk(folder: &Path, depth: usize, manifests: &mut BTreeSet<PathBuf>) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let (path, kind) = (entry.path(), entry.file_type()?);
        if entry.file_name().to_string_lossy().starts_with('.') || manifests.len() >= MOST_MANIFESTS {
            continue;
        }
        if kind.is_dir() && depth + 1 < DEPTH {
            // One folder that cannot be read is no reason to leave out the others.
            if let Err(error) = walk(&path, depth + 1, manifests) {
                tracing::warn!("{}: {error}", path.display());
            }
        } else if kind.is_file() && depth + 1 == DEPTH {
            manifests.insert(path);
        }
    }
    Ok(())
}

/// As Ollama names it: what everybody has in front is left out.
fn name_of(root: &Path, manifest: &Path) -> Option<String> {
    let relative = manifest.strip_prefix(root).ok()?;
    let parts: Vec<&str> = relative.iter().map(|part| part.to_str()).collect::<Option<_>>()?;
    let [host, namespace, model, tag] = parts.as_slice() else { return None };
    let before = match (*host, *namespace) {
        ("registry.ollama.ai", "library") => String::new(),
        ("registry.ollama.ai", namespace) => format!("{namespace}/"),
        (host, namespace) => format!("{host}/{namespace}/"),
    };
    Some(format!("{before}{model}:{tag}"))
}

/// None for a name that is not Unicode: nobody could type it.
fn candidate(directory: &Path, root: &Path, manifest: &Path) -> Option<Candidate> {
    let repository = name_of(root, manifest)?;
    let origin = Origin { kind: OriginKind::Ollama, repository, revision: String::new() };
    let (files, problem) = match layers(directory, manifest) {
        Ok(files) => (files, None),
        Err(problem) => (Vec::new(), Some(problem)),
    };
    Some(Candidate { origin, files, problem })
}

fn layers(directory: &Path, manifest: &Path) -> Result<Vec<CandidateFile>, String> {
    let text = read_small(manifest, MOST_MANIFEST).map_err(|error| format!("its manifest cannot be read: {error}"))?;
    let manifest: Manifest =
        serde_json::from_str(&text).map_err(|error| format!("its manifest is damaged ({error}); pull it again"))?;
    let mut models = manifest.layers.iter().filter(|layer| layer.media_type == MODEL_LAYER);
    let layer = match (models.next(), models.next()) {
        (Some(layer), None) => layer,
        (Some(_), Some(_)) => return Err("it is in several layers, which only Ollama can load".to_owned()),
        (None, _) if manifest.layers.iter().any(|layer| layer.media_type == TENSOR_LAYER) => {
            return Err("it is no GGUF file but single tensors, which only Ollama can load".to_owned());
        }
        (None, _) => return Err("its manifest names no model; it runs elsewhere, or is damaged".to_owned()),
    };
    let digest: Sha256 = layer.digest.parse().map_err(|error| format!("its manifest is damaged: {error}"))?;
    let blobs = directory.join("blobs");
    // Older versions had a colon.
    let names = [format!("sha256-{digest}"), format!("sha256:{digest}")];
    let Some(path) = names.iter().map(|name| blobs.join(name)).find(|path| path.exists()) else {
        return Err(format!("its blob sha256-{digest} is missing; pull it again"));
    };
    let path = path.canonicalize().map_err(|error| format!("its blob cannot be read: {error}"))?;
    let bytes = path.metadata().map_err(|error| format!("its blob cannot be read: {error}"))?.len();
    if bytes != layer.size {
        return Err(format!("its blob has {bytes} bytes in place of {}; pull it again", layer.size));
    }
    Ok(vec![CandidateFile { path, sha256: Some(digest) }])
}
