//! Where Tandem keeps its files: XDG directories on Linux, the customary ones on macOS and Windows.
//!
//! Nothing is created here before somebody needs it, and what is created belongs to its user alone.

use std::io;
use std::path::{Path, PathBuf};

use super::Environment;

/// The directories of one user. None of them need exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paths {
    /// `config.toml`.
    pub config: PathBuf,
    /// Models that were downloaded. Lost, they are downloaded again.
    pub data: PathBuf,
    /// Logs, calibrations, and what became of suggestions. Lost, they are missed.
    pub state: PathBuf,
    /// The extracted starter model and the stored indexes. Lost, they are made again.
    pub cache: PathBuf,
    /// Sockets. Gone after a restart.
    pub runtime: PathBuf,
}

impl Paths {
    pub fn of(environment: &Environment) -> Self {
        let scratch = || std::env::temp_dir().join(format!("tandem-{}", user_number()));
        let home = environment.home();
        let below_home = |relative: &str| home.as_ref().map(|home| home.join(relative));
        let (config, data, state, cache, runtime) = if cfg!(target_os = "macos") {
            let support = below_home("Library/Application Support");
            (support.clone(), support.clone(), support, below_home("Library/Caches"), environment.directory("TMPDIR"))
        } else if cfg!(windows) {
            let local = environment.directory("LOCALAPPDATA");
            (environment.directory("APPDATA"), local.clone(), local.clone(), local.clone(), local)
        } else {
            let [config, data, state, cache] = [".config", ".local/share", ".local/state", ".cache"].map(below_home);
            (config, data, state, cache, None)
        };
        let pick = |variable: &str, usual: Option<PathBuf>, leaf: &str| match environment.directory(variable).or(usual)
        {
            Some(parent) => parent.join("tandem"),
            // A service account without a home: everything in one private place.
            None => scratch().join(leaf),
        };
        Self {
            config: pick("XDG_CONFIG_HOME", config, "config"),
            data: pick("XDG_DATA_HOME", data, "data"),
            state: pick("XDG_STATE_HOME", state, "state"),
            cache: pick("XDG_CACHE_HOME", cache, "cache"),
            runtime: pick("XDG_RUNTIME_DIR", runtime, "run"),
        }
    }

    /// `TANDEM_CONFIG`, else `config.toml` in the configuration directory.
    pub fn user_file(&self, environment: &Environment) -> PathBuf {
        match environment.get("TANDEM_CONFIG") {
            Some(file) => environment.expand_home(file),
            None => self.config.join("config.toml"),
        }
    }

    /// Where models are kept, if the settings name no other place.
    pub fn models_directory(&self) -> PathBuf {
        self.data.join("models")
    }

    /// What models cost by the user's word.
    pub fn prices_file(&self) -> PathBuf {
        self.config.join("prices.toml")
    }

    /// How many tokens providers counted, compared with what was estimated.
    pub fn token_counts_file(&self) -> PathBuf {
        self.state.join("token-counts.json")
    }

    /// Where indexes of workspaces are stored.
    pub fn index_directory(&self) -> PathBuf {
        self.cache.join("index")
    }

    /// What became of suggestions.
    pub fn stats_file(&self) -> PathBuf {
        self.state.join("stats.db")
    }

    /// What questions to cloud models did cost. Lost, all budgets would be open again.
    pub fn ledger_file(&self) -> PathBuf {
        self.state.join("ledger.db")
    }

    /// Where it stands what models' confidences are worth.
    pub fn calibration_directory(&self) -> PathBuf {
        self.state.join("calibration")
    }

    /// What left this machine.
    pub fn audit_file(&self) -> PathBuf {
        self.state.join("audit.jsonl")
    }

    /// Which workspaces may send without being asked.
    pub fn consents_file(&self) -> PathBuf {
        self.state.join("consents.json")
    }

    /// Questions and answers that can be gone on with.
    pub fn threads_directory(&self) -> PathBuf {
        self.state.join("threads")
    }

    /// Answers that editors show as files.
    pub fn answers_directory(&self) -> PathBuf {
        self.state.join("answers")
    }

    pub fn log_file(&self) -> PathBuf {
        self.state.join("tandem.log")
    }
}

/// Makes a directory and its parents, new ones with mode 0700, and refuses one that belongs to somebody else or that
/// others may write to: whoever prepared it could swap the files in it.
pub fn create_private_dir(directory: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(directory)?;
    check_private(directory)
}

/// Whether a file is in a folder, by its name or by where links lead. What does not exist is judged by its name.
pub(super) fn lies_in(folder: &Path, file: &Path) -> bool {
    let by_name = |path: &Path| {
        let mut plain = PathBuf::new();
        for part in std::path::absolute(path).unwrap_or_else(|_| path.to_owned()).components() {
            match part {
                std::path::Component::ParentDir => drop(plain.pop()),
                part => plain.push(part),
            }
        }
        plain
    };
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| by_name(path));
    is_below(&by_name(folder), &by_name(file)) || is_below(&real(folder), &real(file))
}

fn is_below(folder: &Path, file: &Path) -> bool {
    // Where names differ in case by accident, so may these.
    let plain = |path: &Path| match cfg!(any(target_os = "macos", windows)) {
        true => PathBuf::from(path.to_string_lossy().to_lowercase()),
        false => path.to_owned(),
    };
    plain(file).starts_with(plain(folder))
}

#[cfg(unix)]
fn check_private(directory: &Path) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let data = std::fs::metadata(directory)?;
    let refuse = |what: &str| {
        let message = format!("{} {what}; remove it or make it yours alone (chmod 700)", directory.display());
        Err(io::Error::new(io::ErrorKind::PermissionDenied, message))
    };
    if data.uid() != user_number() {
        return refuse("belongs to another user");
    }
    if data.mode() & 0o022 != 0 {
        return refuse("can be written to by other users");
    }
    // In a shared scratch directory the parent counts too: its owner could put another directory in this one's place.
    let parent = directory.parent().and_then(|parent| parent.metadata().ok());
    if parent.is_some_and(|parent| parent.uid() != 0 && parent.uid() != user_number()) {
        return refuse("lies in a directory of another user");
    }
    Ok(())
}

#[cfg(not(unix))]
fn check_private(_directory: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
fn user_number() -> u32 {
    // SAFETY: geteuid takes nothing, changes nothing and cannot fail.
    unsafe { libc::geteuid() }
}

#[cfg(not(unix))]
fn user_number() -> u32 {
    0
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn directories_follow_the_xdg_specification() {
        let environment =
            Environment::of(&[("HOME", "/people/ann"), ("XDG_STATE_HOME", "/s"), ("XDG_RUNTIME_DIR", "/run/1")]);
        let paths = Paths::of(&environment);
        assert_eq!(paths.config, Path::new("/people/ann/.config/tandem"));
        assert_eq!(paths.models_directory(), Path::new("/people/ann/.local/share/tandem/models"));
        assert_eq!(paths.state, Path::new("/s/tandem"));
        assert_eq!(paths.cache, Path::new("/people/ann/.cache/tandem"));
        assert_eq!(paths.runtime, Path::new("/run/1/tandem"));
        assert_eq!(paths.user_file(&environment), Path::new("/people/ann/.config/tandem/config.toml"));
    }

    #[test]
    fn without_a_home_everything_lies_in_one_scratch_directory_of_the_user() {
        let paths = Paths::of(&Environment::of(&[]));
        let parent = paths.config.parent().unwrap();
        assert!(parent.file_name().unwrap().to_string_lossy().starts_with("tandem-"), "{parent:?}");
        for directory in [&paths.data, &paths.state, &paths.cache, &paths.runtime] {
            assert_eq!(directory.parent(), Some(parent));
        }
    }

    #[test]
    fn a_file_is_in_a_folder_by_its_name_or_by_where_links_lead() {
        let place = tempfile::tempdir().unwrap();
        let path = |relative: &str| place.path().join(relative);
        std::fs::create_dir_all(path("repo/models")).unwrap();
        std::fs::write(path("repo/models/a.gguf"), "").unwrap();
        std::fs::write(path("own.gguf"), "").unwrap();
        std::os::unix::fs::symlink(path("repo/models"), path("link")).unwrap();
        std::os::unix::fs::symlink(path("own.gguf"), path("repo/out.gguf")).unwrap();
        std::os::unix::fs::symlink(path("repo"), path("other-name")).unwrap();
        for (folder, file, is_in) in [
            ("repo", "repo/models/a.gguf", true),
            ("repo", "repo/none.gguf", true),
            ("repo", "x/../repo/none.gguf", true),
            ("repo", "link/a.gguf", true),
            ("repo", "repo/out.gguf", true),
            ("other-name", "repo/models/a.gguf", true),
            ("repo", "own.gguf", false),
            ("repo", "repo/../own.gguf", false),
            ("repo", "repository/a.gguf", false),
        ] {
            assert_eq!(lies_in(&path(folder), &path(file)), is_in, "{file}");
        }
    }

    #[test]
    fn new_directories_are_private_and_open_ones_are_refused() {
        let place = tempfile::tempdir().unwrap();
        let directory = place.path().join("a/b");
        create_private_dir(&directory).unwrap();
        assert_eq!(directory.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        create_private_dir(&directory).unwrap();
        std::fs::set_permissions(&directory, std::fs::Permissions::from_mode(0o777)).unwrap();
        let error = create_private_dir(&directory).unwrap_err().to_string();
        assert!(error.contains("can be written to by other users"), "{error}");
    }
}
