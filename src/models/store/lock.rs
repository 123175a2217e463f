//! `models.lock`: read as a whole, replaced as a whole, changed by one process at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::{Holding, Installed, Store, StoreError, sync_directory};
use crate::config::{create_private_dir, read_small};
use crate::models::ModelName;

const FILE: &str = "models.lock";
const HEADING: &str = "# What is installed here, with the digests that the files had when they came: computed, but those of Ollama's files,\n\
     # which are what Ollama says. Written by `tandem model`.\n\n";

/// Of the file's format. Fields may be added without a new one: older versions leave them out.
const VERSION: u64 = 1;

/// Longest file that is read, in bytes: many thousands of models.
const MAX_BYTES: u64 = 8 << 20;

/// How long another process is waited for. Changes take milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(20);

#[derive(Serialize, Deserialize)]
struct Contents {
    version: u64,
    #[serde(rename = "model", default)]
    models: Vec<Installed>,
}

#[derive(Deserialize)]
struct Head {
    version: Option<u64>,
}

/// What is installed, by name.
pub fn read(directory: &Path) -> Result<Vec<Installed>, StoreError> {
    let path = directory.join(FILE);
    let text = match read_small(&path, MAX_BYTES) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) if error.kind() == io::ErrorKind::InvalidData => {
            return Err(StoreError::Damaged { path, line: 1, message: error.to_string() });
        }
        Err(error) => return Err(StoreError::io(&path, error)),
    };
    let damaged = |error: toml::de::Error| {
        let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
        let line = 1 + before.matches('\n').count();
        StoreError::Damaged { path: path.clone(), line, message: error.message().to_owned() }
    };
    let head: Head = toml::from_str(&text).map_err(damaged)?;
    match head.version {
        Some(VERSION) => {}
        Some(found) if found > VERSION => return Err(StoreError::Newer { path, found, known: VERSION }),
        _ => return Err(StoreError::Damaged { path, line: 1, message: "it has no version".to_owned() }),
    }
    let contents: Contents = toml::from_str(&text).map_err(damaged)?;
    for model in &contents.models {
        check(model).map_err(|message| StoreError::Damaged { path: path.clone(), line: 1, message })?;
    }
    let mut models = contents.models;
    models.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(models)
}

/// Nothing in the file may lead to another one than it says: removing a model removes what it names.
fn check(model: &Installed) -> Result<(), String> {
    let name = &model.name;
    if name.quantisation().is_none() {
        return Err(format!("{name} has no quantisation"));
    }
    if model.files.is_empty() {
        return Err(format!("{name} has no file"));
    }
    for file in &model.files {
        let is_below = file.path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let is_right = match model.holding {
            Holding::Path => file.path.is_absolute(),
            _ => is_below && file.path.components().count() > 1,
        };
        if !is_right {
            return Err(format!("{name} names the file {}, which cannot be its own", file.path.display()));
        }
    }
    Ok(())
}

/// The right to change the store. Other processes wait until it is dropped.
#[derive(Debug)]
pub struct StoreGuard {
    directory: PathBuf,
    _file: File,
}

impl StoreGuard {
    pub(super) fn take(directory: &Path) -> Result<Self, StoreError> {
        let unusable = |error: io::Error| StoreError::io(directory, error);
        create_private_dir(directory).map_err(unusable)?;
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(directory.join(".lock")).map_err(unusable)?;
        let until = Instant::now() + PATIENCE;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { directory: directory.to_owned(), _file: file }),
                Err(std::fs::TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(PAUSE),
                Err(std::fs::TryLockError::WouldBlock) => return Err(StoreError::Busy(directory.to_owned())),
                Err(std::fs::TryLockError::Error(error)) => return Err(unusable(error)),
            }
        }
    }

    /// In the place of one with the same name and quantisation.
    pub(super) fn put(&self, store: &Store, installed: Installed) -> Result<(), StoreError> {
        check(&installed).map_err(StoreError::FileName)?;
        let mut models = read(&self.directory)?;
        let before = models.iter().position(|model| model.name == installed.name).map(|at| models.remove(at));
        models.push(installed.clone());
        self.write(models)?;
        if let Some(before) = before {
            let is_kept = |path: &Path| installed.files.iter().any(|file| file.path == path);
            self.remove_files(store, &before, is_kept)?;
        }
        Ok(())
    }

    pub(super) fn remove(&self, store: &Store, name: &ModelName) -> Result<Installed, StoreError> {
        let mut models = read(&self.directory)?;
        let at = models.iter().position(|model| model.name == *name);
        let model = at.map(|at| models.remove(at)).ok_or_else(|| StoreError::NotInstalled(name.clone()))?;
        let shared: Vec<PathBuf> = models.iter().flat_map(|model| &model.files).map(|file| file.path.clone()).collect();
        self.write(models)?;
        self.remove_files(store, &model, |path| shared.iter().any(|other| other == path))?;
        Ok(model)
    }

    /// Files and links in the store; never what they lead to, and never other programs' files. Folders go when they are empty.
    fn remove_files(
        &self,
        store: &Store,
        model: &Installed,
        is_kept: impl Fn(&Path) -> bool,
    ) -> Result<(), StoreError> {
        if model.holding == Holding::Path {
            return Ok(());
        }
        for file in model.files.iter().filter(|file| !is_kept(&file.path)) {
            let path = store.path(file);
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io(&path, error)),
            }
            for folder in path.ancestors().skip(1).take_while(|folder| *folder != self.directory) {
                // Not empty: something else is in it.
                if std::fs::remove_dir(folder).is_err() {
                    break;
                }
            }
        }
        Ok(())
    }

    fn write(&self, mut models: Vec<Installed>) -> Result<(), StoreError> {
        let path = self.directory.join(FILE);
        models.sort_by(|one, other| one.name.cmp(&other.name));
        let invalid = |error: toml::ser::Error| {
            StoreError::io(&path, io::Error::new(io::ErrorKind::InvalidData, error.to_string()))
        };
        let text = toml::to_string_pretty(&Contents { version: VERSION, models }).map_err(invalid)?;
        let fresh = self.directory.join(format!("{FILE}.new"));
        let written = write_to(&fresh, &format!("{HEADING}{text}"))
            .and_then(|()| std::fs::rename(&fresh, &path))
            .and_then(|()| sync_directory(&self.directory));
        written.map_err(|error| {
            // What was half written is of no use to anybody; the first error is the one to tell.
            let _ = std::fs::remove_file(&fresh);
            StoreError::io(&path, error)
        })
    }
}

fn write_to(path: &Path, text: &str) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}
