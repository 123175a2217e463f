//! Which workspaces the user trusts, and with which content of the files that steer Tandem and the editor in them.
//!
//! A repository that was trusted once may change with the next pull, so trust ends with the content it was given for. It closes
//! nothing but the cloud: everything local works in a workspace of strangers.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::IGNORE_FILES;
use super::private_file;

/// Files of a folder that steer Tandem, or an editor so that it may steer Tandem. Those of the folder's root; what deeper
/// ignore files deny is denied whatever was trusted.
const STEERING: &[&str] = &[
    ".tandem.toml",
    ".git/info/exclude",
    ".vscode/settings.json",
    ".vscode/tasks.json",
    ".helix/config.toml",
    ".helix/languages.toml",
    ".zed/settings.json",
    ".nvim.lua",
    ".nvimrc",
    ".exrc",
    ".lvimrc",
    ".neoconf.json",
    ".dir-locals.el",
    ".dir-locals-2.el",
];

/// Settings of VS Code, and of Sublime Text, for a folder; the name before it is anything.
const STEERING_ENDINGS: &[&str] = &[".code-workspace", ".sublime-project"];

/// Nobody reads more of such a file than this, in bytes; beyond it, its length counts.
const MOST_READ: u64 = 1 << 20;

/// What the files that steer Tandem and the editor held when they were looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint {
    /// By the path from the folder's root, with `/`: a hash, or why there is none.
    files: BTreeMap<String, String>,
}

impl Fingerprint {
    /// Reads the files now. Links are followed, as whoever reads the settings does.
    pub fn of(root: &Path) -> Self {
        let known = STEERING.iter().chain(IGNORE_FILES).map(ToString::to_string);
        let listed = std::fs::read_dir(root).into_iter().flatten().flatten().filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            STEERING_ENDINGS.iter().any(|ending| name.ends_with(ending)).then_some(name)
        });
        let files = known.chain(listed).filter_map(|name| Some((digest(&root.join(&name))?, name)));
        Self { files: files.map(|(digest, name)| (name, digest)).collect() }
    }

    /// The files that are there, from the folder's root, with `/`.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.files.keys().map(String::as_str)
    }

    /// Files that are new, gone, or hold something else.
    fn changed(&self, before: &Self) -> Vec<String> {
        let mut names: Vec<&String> = self.files.keys().chain(before.files.keys()).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| self.files.get(*name) != before.files.get(*name));
        names.into_iter().cloned().collect()
    }
}

/// None where nothing is.
fn digest(file: &Path) -> Option<String> {
    let data = match std::fs::metadata(file) {
        Ok(data) => data,
        // A link to nowhere may lead somewhere tomorrow.
        Err(_) if file.is_symlink() => return Some("a link to nowhere".to_owned()),
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => return None,
        Err(error) => return Some(error.kind().to_string()),
    };
    if !data.is_file() {
        return Some("not a regular file".to_owned());
    }
    let mut hasher = blake3::Hasher::new();
    hasher.update(&data.len().to_le_bytes());
    let read = std::fs::File::open(file).and_then(|file| hasher.update_reader(file.take(MOST_READ)).map(drop));
    Some(read.map_or_else(|error| error.kind().to_string(), |()| hasher.finalize().to_hex().to_string()))
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TrustState {
    Trusted,
    /// The user never said so.
    Never,
    /// The user did, but these files are not what they were, from the folder's root, with `/`.
    Changed {
        files: Vec<String>,
    },
}

/// What is written down for a workspace.
#[derive(Serialize, Deserialize)]
struct Record {
    /// For people; the file's name decides.
    root: String,
    seen: Fingerprint,
}

/// The user's word, kept outside of every workspace: a file for each one, by its real path.
#[derive(Clone, Debug)]
pub struct Trust {
    directory: PathBuf,
}

impl Trust {
    /// `state` is the user's state directory.
    pub fn new(state: &Path) -> Self {
        Self { directory: state.join("trust") }
    }

    /// Of the content that is there now: ask right before it matters. What cannot be read was never said.
    pub fn state(&self, root: &Path) -> TrustState {
        let Ok(file) = self.file(root) else { return TrustState::Never };
        let Some(record) = std::fs::read(file).ok().and_then(|bytes| serde_json::from_slice::<Record>(&bytes).ok())
        else {
            return TrustState::Never;
        };
        let files = Fingerprint::of(root).changed(&record.seen);
        if files.is_empty() { TrustState::Trusted } else { TrustState::Changed { files } }
    }

    /// Trusts the workspace with the content that the user was shown. What changed since then is not trusted by it.
    pub fn grant(&self, root: &Path, seen: &Fingerprint) -> io::Result<()> {
        let file = self.file(root)?;
        let record = Record { root: root.to_string_lossy().into_owned(), seen: seen.clone() };
        private_file::replace(&file, &serde_json::to_vec_pretty(&record)?)
    }

    /// Revoking what was never granted is no fault.
    pub fn revoke(&self, root: &Path) -> io::Result<()> {
        match std::fs::remove_file(self.file(root)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn file(&self, root: &Path) -> io::Result<PathBuf> {
        let root = root.canonicalize()?;
        // The nearest directory that exists tells where the store is, or will be.
        let mut existing = self.directory.ancestors().filter_map(|directory| directory.canonicalize().ok());
        if existing.next().is_none_or(|store| store.starts_with(&root)) {
            let message = format!("{} lies in the workspace, which could then trust itself", self.directory.display());
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        let name = blake3::hash(root.as_os_str().as_encoded_bytes()).to_hex();
        Ok(self.directory.join(format!("{}.json", &name[..32])))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        directory: tempfile::TempDir,
    }

    impl Place {
        fn new(files: &[(&str, &str)]) -> Self {
            let place = Self { directory: tempfile::tempdir().unwrap() };
            std::fs::create_dir(place.root()).unwrap();
            for (name, text) in files {
                place.write(name, text);
            }
            place
        }

        fn root(&self) -> PathBuf {
            self.directory.path().join("repo")
        }

        fn trust(&self) -> Trust {
            Trust::new(&self.directory.path().join("state"))
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.root().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }

        fn grant(&self) {
            self.trust().grant(&self.root(), &Fingerprint::of(&self.root())).unwrap();
        }

        fn changed(&self) -> Vec<String> {
            match self.trust().state(&self.root()) {
                TrustState::Changed { files } => files,
                state => panic!("{state:?}"),
            }
        }
    }

    #[test]
    fn a_workspace_is_not_trusted_until_the_user_says_so_and_not_after_they_take_it_back() {
        let place = Place::new(&[("main.rs", "fn main() {}")]);
        let state = || place.trust().state(&place.root());
        assert_eq!(state(), TrustState::Never);
        place.grant();
        assert_eq!(state(), TrustState::Trusted);
        place.write("main.rs", "code does not steer anything");
        assert_eq!(state(), TrustState::Trusted);
        place.trust().revoke(&place.root()).unwrap();
        assert_eq!(state(), TrustState::Never);
        place.trust().revoke(&place.root()).unwrap();
    }

    #[test]
    fn every_file_that_steers_ends_trust_when_it_comes_changes_and_goes() {
        for name in STEERING.iter().chain(IGNORE_FILES).chain(&["x.code-workspace"]) {
            let place = Place::new(&[]);
            place.grant();
            place.write(name, "a");
            assert_eq!(place.changed(), [*name], "it came");
            place.grant();
            place.write(name, "b");
            assert_eq!(place.changed(), [*name], "it changed");
            place.grant();
            assert_eq!(place.trust().state(&place.root()), TrustState::Trusted);
            std::fs::remove_file(place.root().join(name)).unwrap();
            assert_eq!(place.changed(), [*name], "it went");
        }
    }

    #[test]
    fn what_changes_while_the_user_reads_is_not_trusted() {
        let place = Place::new(&[(".tandem.toml", "[completion]\nenabled = false\n")]);
        let seen = Fingerprint::of(&place.root());
        assert_eq!(seen.files().collect::<Vec<_>>(), [".tandem.toml"]);
        place.write(".tandem.toml", "[cloud]\n");
        place.trust().grant(&place.root(), &seen).unwrap();
        assert_eq!(place.changed(), [".tandem.toml"]);
    }

    #[test]
    fn trust_belongs_to_one_real_path() {
        let place = Place::new(&[]);
        place.grant();
        let other = place.directory.path().join("other");
        std::fs::create_dir(&other).unwrap();
        assert_eq!(place.trust().state(&other), TrustState::Never);
        assert_eq!(place.trust().state(&place.directory.path().join("nowhere")), TrustState::Never);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_the_folder_that_it_leads_to() {
        let place = Place::new(&[]);
        place.grant();
        let link = place.directory.path().join("link");
        std::os::unix::fs::symlink(place.root(), &link).unwrap();
        assert_eq!(place.trust().state(&link), TrustState::Trusted);
    }

    #[cfg(unix)]
    #[test]
    fn endless_files_and_links_to_nowhere_are_something_that_can_change() {
        let place = Place::new(&[]);
        place.grant();
        std::os::unix::fs::symlink("/dev/zero", place.root().join(".aiignore")).unwrap();
        std::os::unix::fs::symlink("nowhere", place.root().join(".nvim.lua")).unwrap();
        assert_eq!(place.changed(), [".aiignore", ".nvim.lua"]);
        place.grant();
        place.write("nowhere", "print('hello')");
        assert_eq!(place.changed(), [".nvim.lua"]);
    }

    #[test]
    fn a_store_in_the_workspace_is_refused() {
        let place = Place::new(&[]);
        let inside = Trust::new(&place.root().join("state"));
        let error = inside.grant(&place.root(), &Fingerprint::default()).unwrap_err().to_string();
        assert!(error.contains("lies in the workspace"), "{error}");
        assert_eq!(inside.state(&place.root()), TrustState::Never);
    }

    #[test]
    fn a_store_that_cannot_be_read_trusts_nobody() {
        let place = Place::new(&[]);
        place.grant();
        let directory = place.directory.path().join("state/trust");
        let file = std::fs::read_dir(&directory).unwrap().next().unwrap().unwrap().path();
        std::fs::write(file, "{\"root\": 1").unwrap();
        assert_eq!(place.trust().state(&place.root()), TrustState::Never);
    }

    #[cfg(unix)]
    #[test]
    fn the_store_is_the_users_alone() {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::new(&[]);
        place.grant();
        let directory = place.directory.path().join("state/trust");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&directory), 0o700);
        let files: Vec<_> = std::fs::read_dir(&directory).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!((files.len(), mode(&files[0])), (1, 0o600));
    }
}
