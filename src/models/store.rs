//! The directory of models: which are installed, where their files are, and the digests that they had when they came.
//!
//! ```text
//! models.lock                     what is installed (TOML, replaced as a whole)
//! .lock                           held while that changes
//! partial/                        downloads that are not done
//! NAME/QUANTISATION/FILE.gguf     the files, by the names that they had at the hub
//! ```
//!
//! A file is in its place before `models.lock` names it, and no longer named before it goes, so a crash leaves a file too many
//! and never one too few. Nothing in here belongs to anybody but its user.

mod disk;
mod lock;
mod split;

use std::fmt;
use std::io;
use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::catalogue::{Catalogue, Role};
use super::digest::Sha256;
use super::name::{ModelName, NameError, Quantisation};
use crate::config::{ModelsSettings, Paths};

pub use disk::{free_space, sync_directory};
pub use lock::StoreGuard;
pub use split::{parts, split_of};

/// Where a model came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginKind {
    Hub,
    File,
    Ollama,
    LmStudio,
}

/// Where a model came from, and what it is called there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    #[serde(rename = "from")]
    pub kind: OriginKind,
    /// `owner/name` at a hub, `model:tag` in Ollama, else the file that was named.
    pub repository: String,
    /// The hub's commit, Ollama's digest of the manifest; empty for files.
    #[serde(default)]
    pub revision: String,
}

/// Whose the files are, which decides what becomes of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holding {
    /// Ours: removing the model removes them.
    #[default]
    Own,
    /// A second name of another program's file. It stays when the other program removes its own.
    HardLink,
    /// Leads to another program's file, and leads nowhere once that is gone.
    SymbolicLink,
    /// The other program's file itself. Never touched.
    Path,
}

/// One file of an installed model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InstalledFile {
    /// In the store's directory, or absolute where the file is somebody else's.
    pub path: PathBuf,
    /// What it is called where it came from.
    pub source: String,
    pub bytes: u64,
    pub sha256: Sha256,
}

/// One installed model: a name with a quantisation, and the file or the parts of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Installed {
    /// Always with a quantisation.
    pub name: ModelName,
    pub role: Role,
    #[serde(flatten)]
    pub origin: Origin,
    #[serde(default)]
    pub holding: Holding,
    /// When it was written down.
    #[serde(with = "as_text")]
    pub when: Timestamp,
    #[serde(rename = "file")]
    pub files: Vec<InstalledFile>,
}

/// A whole and verified model in the folder of downloads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// With a quantisation.
    pub name: ModelName,
    pub role: Role,
    pub origin: Origin,
    pub files: Vec<ArrivedFile>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivedFile {
    /// Below `Store::partial_directory`, so that a rename is enough.
    pub partial: PathBuf,
    /// What it will be called: its name at the hub without folders.
    pub file_name: String,
    /// Its name at the hub.
    pub source: String,
    pub bytes: u64,
    pub sha256: Sha256,
}

/// What cannot be done with the directory. Each names the way out.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot use {path}: {error}")]
    Io { path: PathBuf, error: io::Error },
    #[error(
        "{path}, line {line}: {message}; mend it, or move it away and take the files in its folder up again with \
         `tandem model import FILE`"
    )]
    Damaged { path: PathBuf, line: usize, message: String },
    #[error("{path} was written by a newer Tandem (version {found}; this one knows {known})")]
    Newer { path: PathBuf, found: u64, known: u64 },
    #[error("another process is changing {0}; try again when it is done")]
    Busy(PathBuf),
    #[error("{0} has no quantisation: say which one is meant, for example {0}:q8_0")]
    NoQuantisation(ModelName),
    #[error("`{0}` is no name for a file of a model")]
    FileName(String),
    #[error("there is no model {0} in the store; `tandem model list` shows what is installed")]
    NotInstalled(ModelName),
}

impl StoreError {
    pub(super) fn io(path: &Path, error: io::Error) -> Self {
        Self::Io { path: path.to_owned(), error }
    }
}

/// Why a name is not a file. Each is a sentence with what to type.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    #[error(transparent)]
    Name(#[from] NameError),
    #[error("no model is called {name}{hint}")]
    Unknown { name: ModelName, hint: String },
    #[error("{name} has no file {wanted}; it is to be had as {there}")]
    NoSuchQuantisation { name: String, wanted: Quantisation, there: String },
    #[error("{0} is not installed; type `tandem model pull {0}`")]
    NotInstalled(ModelName),
    #[error("{name} is not installed as {wanted}, but as {there}; type `tandem model pull {name}:{wanted}`")]
    OtherInstalled { name: String, wanted: Quantisation, there: String },
    #[error("the file of {name} is gone: {}; {way_out}", path.display())]
    Gone { name: ModelName, path: PathBuf, way_out: String },
    #[error(
        "the file of {name} has {found} bytes in place of {expected}: {}; {way_out}", path.display()
    )]
    Changed { name: ModelName, path: PathBuf, found: u64, expected: u64, way_out: String },
    #[error("`{0}` does not name one model")]
    NotOne(ModelName),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A directory of models. It need not exist.
#[derive(Clone, Debug)]
pub struct Store {
    directory: PathBuf,
}

impl Store {
    /// Looks at nothing yet.
    pub fn open(directory: impl Into<PathBuf>) -> Self {
        Self { directory: directory.into() }
    }

    /// The one that the settings name, else the one in the data directory.
    pub fn of(settings: &ModelsSettings, paths: &Paths) -> Self {
        Self::open(settings.directory.clone().unwrap_or_else(|| paths.models_directory()))
    }

    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where downloads are kept until they are whole. On the same file system as the models.
    pub fn partial_directory(&self) -> PathBuf {
        self.directory.join("partial")
    }

    /// Where a model's files belong.
    pub fn place(&self, name: &ModelName) -> Result<PathBuf, StoreError> {
        Ok(self.directory.join(relative_place(name)?))
    }

    /// The file as a path that can be opened.
    pub fn path(&self, file: &InstalledFile) -> PathBuf {
        self.directory.join(&file.path)
    }

    /// What is installed, by name. Nothing where there is no store yet.
    pub fn list(&self) -> Result<Vec<Installed>, StoreError> {
        lock::read(&self.directory)
    }

    /// All installed files of a name; only the one of a quantisation where the name has one.
    pub fn find(&self, name: &ModelName) -> Result<Vec<Installed>, StoreError> {
        let mut list = self.list()?;
        list.retain(|installed| {
            installed.name.name() == name.name()
                && name.quantisation().is_none_or(|wanted| installed.quantisation() == Some(wanted))
        });
        Ok(list)
    }

    /// The one that a name means: without a quantisation the catalogue's default, else the one that came last.
    pub fn installed(&self, name: &ModelName) -> Result<Option<Installed>, StoreError> {
        let found = self.find(name)?;
        let default = Catalogue::builtin().entry(name.name()).map(|entry| &entry.default);
        let is_default = |installed: &&Installed| installed.quantisation() == default;
        let chosen = found.iter().find(is_default).or_else(|| found.iter().max_by_key(|installed| installed.when));
        Ok(chosen.cloned())
    }

    /// The file of an installed model; the first part where there are several. `auto` and `starter` are not for this room.
    ///
    /// Looks at sizes only: `tandem model verify` reads the files.
    pub fn resolve(&self, name: &ModelName) -> Result<PathBuf, ResolveError> {
        if name.is_auto() || name.is_starter() {
            return Err(ResolveError::NotOne(name.clone()));
        }
        let Some(installed) = self.installed(name)? else { return Err(self.why_not(name)?) };
        self.check(&installed)?;
        let first = installed.files.first().map(|file| self.path(file));
        first.ok_or_else(|| ResolveError::NotInstalled(name.clone()))
    }

    /// Whether all files are there in the right size.
    pub fn check(&self, installed: &Installed) -> Result<(), ResolveError> {
        for file in &installed.files {
            let path = self.path(file);
            let name = installed.name.clone();
            match path.metadata() {
                Ok(data) if data.len() == file.bytes && data.is_file() => {}
                Ok(data) => {
                    let (found, expected) = (data.len(), file.bytes);
                    return Err(ResolveError::Changed { name, path, found, expected, way_out: installed.way_out() });
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    return Err(ResolveError::Gone { name, path, way_out: installed.way_out() });
                }
                Err(error) => return Err(StoreError::io(&path, error).into()),
            }
        }
        Ok(())
    }

    fn why_not(&self, name: &ModelName) -> Result<ResolveError, StoreError> {
        if let Err(error) = name.check() {
            return Ok(error.into());
        }
        let names = |list: &[Quantisation]| list.iter().map(Quantisation::as_str).collect::<Vec<_>>().join(", ");
        let entry = Catalogue::builtin().entry(name.name());
        let Some(wanted) = name.quantisation() else {
            return Ok(match entry {
                Some(_) => ResolveError::NotInstalled(name.clone()),
                None => unknown(name),
            });
        };
        let there: Vec<Quantisation> =
            entry.iter().flat_map(|entry| &entry.files).map(|file| file.quantisation.clone()).collect();
        let plain = ModelName::new(name.name(), None).map_err(|_| StoreError::NotInstalled(name.clone()))?;
        let installed: Vec<Quantisation> =
            self.find(&plain)?.iter().filter_map(|other| other.quantisation().cloned()).collect();
        let (wanted, short) = (wanted.clone(), name.name().to_owned());
        Ok(if there.is_empty() && installed.is_empty() {
            unknown(name)
        } else if !there.contains(&wanted) {
            let there = if there.is_empty() { names(&installed) } else { names(&there) };
            ResolveError::NoSuchQuantisation { name: short, wanted, there }
        } else if installed.is_empty() {
            ResolveError::NotInstalled(name.clone())
        } else {
            ResolveError::OtherInstalled { name: short, wanted, there: names(&installed) }
        })
    }

    /// Waits for other processes, and keeps them out while the result lives. Makes the directory.
    pub fn lock(&self) -> Result<StoreGuard, StoreError> {
        StoreGuard::take(&self.directory)
    }

    /// Writes a model down whose files are where it says. Takes the place of one with the same name and quantisation; files of
    /// that one that are ours and that the new one does not use go.
    pub fn add(&self, installed: Installed) -> Result<(), StoreError> {
        relative_place(&installed.name)?;
        self.lock()?.put(self, installed)
    }

    /// The same for who keeps others out already.
    pub(super) fn add_under(&self, guard: &StoreGuard, installed: Installed) -> Result<(), StoreError> {
        relative_place(&installed.name)?;
        guard.put(self, installed)
    }

    /// Takes over what was downloaded: renames it into its place and writes it down.
    pub fn take_in(&self, arrival: &Arrival) -> Result<Installed, StoreError> {
        let place = relative_place(&arrival.name)?;
        let guard = self.lock()?;
        let directory = self.directory.join(&place);
        create_folders(&self.directory, &directory)?;
        let mut files = Vec::new();
        for file in &arrival.files {
            check_file_name(&file.file_name)?;
            let target = directory.join(&file.file_name);
            std::fs::rename(&file.partial, &target).map_err(|error| StoreError::io(&target, error))?;
            files.push(InstalledFile {
                path: place.join(&file.file_name),
                source: file.source.clone(),
                bytes: file.bytes,
                sha256: file.sha256,
            });
        }
        sync_directory(&directory).map_err(|error| StoreError::io(&directory, error))?;
        let installed = Installed {
            name: arrival.name.clone(),
            role: arrival.role,
            origin: arrival.origin.clone(),
            holding: Holding::Own,
            when: Timestamp::now(),
            files,
        };
        guard.put(self, installed.clone())?;
        Ok(installed)
    }

    /// Forgets a model and removes what of its files is ours. `name` has a quantisation.
    pub fn remove(&self, name: &ModelName) -> Result<Installed, StoreError> {
        self.lock()?.remove(self, name)
    }

    /// Files in the store that nothing installed names, with their sizes: what a crash left behind. Downloads are not among them.
    pub fn strays(&self) -> Result<Vec<(PathBuf, u64)>, StoreError> {
        let known: Vec<PathBuf> =
            self.list()?.iter().flat_map(|model| &model.files).map(|file| self.path(file)).collect();
        Ok(disk::files_of_models(&self.directory).into_iter().filter(|(path, _)| !known.contains(path)).collect())
    }
}

impl Installed {
    pub fn quantisation(&self) -> Option<&Quantisation> {
        self.name.quantisation()
    }

    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.bytes).sum()
    }

    /// What to do where its files are not what they were.
    pub fn way_out(&self) -> String {
        let name = &self.name;
        match self.origin.kind {
            OriginKind::Hub => format!("`tandem model pull {name}` gets it again"),
            OriginKind::Ollama => format!(
                "`ollama pull {}` and then `tandem model import ollama` get it again, `tandem model rm {name}` forgets it",
                self.origin.repository
            ),
            OriginKind::LmStudio => {
                format!("`tandem model import lm-studio` takes it up again, `tandem model rm {name}` forgets it")
            }
            OriginKind::File => {
                format!("`tandem model import FILE` takes it up again, `tandem model rm {name}` forgets it")
            }
        }
    }
}

impl fmt::Display for Holding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Holding::Own => "own file",
            Holding::HardLink => "hard link",
            Holding::SymbolicLink => "symbolic link",
            Holding::Path => "file of another program",
        })
    }
}

/// A moment as RFC 3339 writes it.
mod as_text {
    use jiff::Timestamp;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(when: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(when)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

fn unknown(name: &ModelName) -> ResolveError {
    let hint = match name.hint() {
        hint if hint.is_empty() => "; `tandem model list` shows them".to_owned(),
        hint => hint,
    };
    ResolveError::Unknown { name: name.clone(), hint }
}

fn relative_place(name: &ModelName) -> Result<PathBuf, StoreError> {
    let quantisation = name.quantisation().ok_or_else(|| StoreError::NoQuantisation(name.clone()))?;
    name.check().map_err(|_| StoreError::FileName(name.to_string()))?;
    Ok(Path::new(name.name()).join(quantisation.as_str()))
}

/// A plain name: no folders, nothing hidden.
pub fn check_file_name(name: &str) -> Result<(), StoreError> {
    let mut parts = Path::new(name).components();
    let is_plain = matches!((parts.next(), parts.next()), (Some(Component::Normal(_)), None));
    if !is_plain || name.starts_with('.') || name.contains(['\\', ':']) || name.chars().any(char::is_control) {
        return Err(StoreError::FileName(name.to_owned()));
    }
    Ok(())
}

/// Folders below the store, private as it is.
fn create_folders(store: &Path, directory: &Path) -> Result<(), StoreError> {
    crate::config::create_private_dir(store).map_err(|error| StoreError::io(store, error))?;
    crate::config::create_private_dir(directory).map_err(|error| StoreError::io(directory, error))
}

#[cfg(test)]
mod tests;
