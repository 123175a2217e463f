//! Models that are on this machine already, taken up without a copy: files of the user's, and what Ollama and LM Studio keep.
//!
//! Other programs' folders are read and never changed. What stands in them is not trusted: names become names only if they are
//! written as such, digests are digests or nothing, and no path is taken from a manifest.

mod link;
mod lm_studio;
mod naming;
mod ollama;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use jiff::Timestamp;

use super::catalogue::Role;
use super::digest::{Sha256, hash_file};
use super::gguf;
use super::name::ModelName;
use super::store::{Holding, Installed, InstalledFile, Origin, OriginKind, Store, StoreError, check_file_name, parts};

pub use link::LinkKind;
pub use lm_studio::find as find_in_lm_studio;
pub use naming::role as role_of;
pub use ollama::find as find_in_ollama;

/// A model of another program, or a file of the user's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub origin: Origin,
    /// In the order of their numbers, where there are several parts.
    pub files: Vec<CandidateFile>,
    /// Why it cannot be taken up, as a sentence.
    pub problem: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CandidateFile {
    pub path: PathBuf,
    /// What its owner says that it is. None where nobody says.
    pub sha256: Option<Sha256>,
}

/// What a user wants different from what is found out.
#[derive(Clone, Debug, Default)]
pub struct Wishes {
    pub name: Option<ModelName>,
    pub role: Option<Role>,
    pub link: LinkKind,
}

/// What became of a candidate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Imported {
    New(Installed),
    /// The same bytes are installed under this name.
    Already(Installed),
}

#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("{0}")]
    Unusable(String),
    #[error("{path}: {reason}")]
    NoModel { path: PathBuf, reason: String },
    #[error("{path} cannot be read: {error}")]
    Unreadable { path: PathBuf, error: std::io::Error },
    #[error(
        "there is another {0} already; give this one a name of its own with --name, or remove that one with `tandem model rm {0}`"
    )]
    Taken(ModelName),
    #[error("no name can be made of `{0}`; give it one with --name")]
    Nameless(String),
    #[error("{0} lies in the store of models and belongs to an installed model; `tandem model list` shows which")]
    Ours(PathBuf),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Candidate {
    /// A file of the user's, with the other parts where it is one of several.
    pub fn of_file(file: &Path) -> Result<Self, ImportError> {
        let unreadable = |error| ImportError::Unreadable { path: file.to_owned(), error };
        let file = std::path::absolute(file).map_err(unreadable)?;
        let mut files = Vec::new();
        for path in parts(&file) {
            // Where links lead: what is linked to is the file, and not a name of it that somebody may change.
            let real = path.canonicalize().map_err(|error| ImportError::Unreadable { path: path.clone(), error })?;
            files.push(CandidateFile { path: real, sha256: None });
        }
        let repository = file.display().to_string();
        let origin = Origin { kind: OriginKind::File, repository, revision: String::new() };
        Ok(Self { origin, files, problem: None })
    }

    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.path.metadata().map_or(0, |data| data.len())).sum()
    }
}

/// Takes a candidate up. `progress` hears bytes read of bytes to read while digests are computed, and says whether to go on.
pub fn import(
    store: &Store,
    candidate: &Candidate,
    wishes: &Wishes,
    mut progress: impl FnMut(u64, u64) -> bool,
) -> Result<Imported, ImportError> {
    if let Some(problem) = &candidate.problem {
        return Err(ImportError::Unusable(problem.clone()));
    }
    let own = places_in_store(store, candidate)?;
    let mut joined = gguf::Joined::new(candidate.files.len());
    let mut sizes = Vec::new();
    for file in &candidate.files {
        let no_model =
            |error: anyhow::Error| ImportError::NoModel { path: file.path.clone(), reason: format!("{error:#}") };
        let header = gguf::read(&file.path).map_err(no_model)?;
        sizes.push(header.bytes);
        joined.add(header).map_err(no_model)?;
    }
    let Some(first) = candidate.files.first() else { return Err(ImportError::Unusable("it has no file".to_owned())) };
    let header = joined
        .whole()
        .map_err(|error| ImportError::NoModel { path: first.path.clone(), reason: format!("{error:#}") })?;
    // A file in its place has the name that it had.
    let named = own.as_ref().and_then(|places| places.first()).and_then(|place| name_of_place(place));
    let wishes = Wishes { name: wishes.name.clone().or(named), ..wishes.clone() };
    let (name, role) = naming::describe(candidate, &header, &wishes)?;

    let total: u64 = sizes.iter().sum();
    let mut digests = Vec::new();
    let mut before = 0;
    for (file, bytes) in candidate.files.iter().zip(&sizes) {
        digests.push(match file.sha256 {
            Some(digest) => digest,
            None => hash_file(&file.path, |done| progress(before + done, total))
                .map_err(|error| ImportError::Unreadable { path: file.path.clone(), error })?,
        });
        before += bytes;
    }
    // From the check on, so that nobody else takes the name meanwhile.
    let guard = store.lock()?;
    // What is installed and broken is taken up anew.
    let is_whole = |installed: &Installed| store.check(installed).is_ok();
    if let Some(there) = store.list()?.into_iter().find(|there| is_same(there, &digests) && is_whole(there)) {
        return Ok(Imported::Already(there));
    }
    if store.find(&name)?.iter().any(is_whole) {
        return Err(ImportError::Taken(name));
    }

    let (holding, paths) = match own {
        Some(places) => (Holding::Own, places),
        None => link::link(store, &name, candidate, &file_names(candidate, &name)?, wishes.link)?,
    };
    let files = paths.into_iter().zip(candidate.files.iter().zip(sizes.iter().zip(&digests)));
    let files = files.map(|(path, (file, (bytes, sha256)))| InstalledFile {
        path,
        source: file.path.display().to_string(),
        bytes: *bytes,
        sha256: *sha256,
    });
    let installed = Installed {
        name,
        role,
        origin: candidate.origin.clone(),
        holding,
        when: Timestamp::now(),
        files: files.collect(),
    };
    store.add_under(&guard, installed.clone())?;
    Ok(Imported::New(installed))
}

/// Where the files are below the store, if they lie there. Those that nothing names are taken up as the store's own: that is how
/// a store whose `models.lock` is lost comes back.
fn places_in_store(store: &Store, candidate: &Candidate) -> Result<Option<Vec<PathBuf>>, ImportError> {
    let inside = store.directory().canonicalize().unwrap_or_else(|_| store.directory().to_owned());
    let below: Vec<Option<PathBuf>> =
        candidate.files.iter().map(|file| file.path.strip_prefix(&inside).ok().map(Path::to_owned)).collect();
    if below.iter().all(Option::is_none) {
        return Ok(None);
    }
    let strays: Vec<PathBuf> = store.strays()?.into_iter().map(|(path, _)| path).collect();
    let mut places = Vec::new();
    for (file, place) in candidate.files.iter().zip(below) {
        let stray = place.filter(|place| strays.contains(&store.directory().join(place)));
        places.push(stray.ok_or_else(|| ImportError::Ours(file.path.clone()))?);
    }
    Ok(Some(places))
}

/// `NAME/QUANTISATION/FILE`.
fn name_of_place(place: &Path) -> Option<ModelName> {
    let mut parts = place.iter().map(|part| part.to_str());
    let (name, quantisation) = (parts.next()??, parts.next()??);
    ModelName::new(name, Some(quantisation.parse().ok()?)).ok()
}

fn is_same(installed: &Installed, digests: &[Sha256]) -> bool {
    installed.files.iter().map(|file| file.sha256).eq(digests.iter().copied())
}

/// What the links are called: the files' own names where they are GGUF files' names, else made of the model's.
fn file_names(candidate: &Candidate, name: &ModelName) -> Result<Vec<String>, ImportError> {
    let own = candidate.files.iter().map(|file| {
        let own = file.path.file_name().and_then(|own| own.to_str())?;
        let is_usable = own.to_ascii_lowercase().ends_with(".gguf") && check_file_name(own).is_ok();
        is_usable.then(|| own.to_owned())
    });
    if let Some(names) = own.collect::<Option<Vec<_>>>() {
        return Ok(names);
    }
    let stem = name.to_string().replace(':', "-");
    let count = candidate.files.len();
    Ok(match count {
        1 => vec![format!("{stem}.gguf")],
        _ => (1..=count).map(|part| format!("{stem}-{part:05}-of-{count:05}.gguf")).collect(),
    })
}

/// Whether removing the model leaves other programs' files alone, as a sentence.
pub fn what_removal_does(holding: Holding) -> &'static str {
    match holding {
        Holding::Own => "its files are deleted",
        Holding::HardLink => "this name of the file is removed; the other program's stays",
        Holding::SymbolicLink => "the link is removed; the file stays where it is",
        Holding::Path => "it is forgotten; the file stays where it is",
    }
}

/// What happens to the model here when its owner removes the file.
pub fn what_loss_means(holding: Holding) -> &'static str {
    match holding {
        Holding::Own => "the file is Tandem's own",
        Holding::HardLink => "it stays usable here when the other program removes it; the space is free once both have",
        Holding::SymbolicLink | Holding::Path => {
            "it is gone here, too, when the other program removes or moves it; `tandem model list` says so then"
        }
    }
}
