//! The files of a commit in a directory of their own. The repository itself stays as it is: only its objects are read.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, SystemTime};

use anyhow::{Context, bail};

use crate::config::{Environment, create_private_dir};

/// A checkout that nobody removed in this time belongs to a process that was killed.
const LIVES: Duration = Duration::from_secs(24 * 60 * 60);

/// Files of a commit; gone when this is dropped.
#[derive(Debug)]
pub struct Checkout {
    directory: PathBuf,
    /// The folder that was asked about, as it was in the commit.
    pub root: PathBuf,
    /// The commit's full name.
    pub commit: String,
    /// Files that git knows are different in the working tree: they are not what is evaluated.
    pub is_dirty: bool,
}

/// The git program, told to run nothing of others and to fetch nothing.
struct Git {
    program: PathBuf,
    directory: PathBuf,
}

impl Checkout {
    /// Writes the files of `revision` of the repository around `folder` below `cache`.
    pub fn new(folder: &Path, revision: &str, environment: &Environment, cache: &Path) -> anyhow::Result<Self> {
        let Some(program) = environment.find_executable("git") else {
            bail!(
                "--commit needs git, and there is none on the PATH; without --commit the files are taken as they are"
            );
        };
        let git = Git { program, directory: folder.to_owned() };
        let top = git.ask(&["rev-parse", "--show-toplevel"]).with_context(|| {
            format!("{} is in no git repository; without --commit its files are taken as they are", folder.display())
        })?;
        let asked = format!("{revision}^{{commit}}");
        let commit = git
            .ask(&["rev-parse", "--verify", "--quiet", "--end-of-options", &asked])
            .with_context(|| format!("`{revision}` names no commit of {top}"))?;
        let prefix = git.ask(&["rev-parse", "--show-prefix"])?;
        let changes = git.ask(&["status", "--porcelain", "--untracked-files=no"])?;

        let all = cache.join("eval");
        create_private_dir(&all)?;
        remove_old(&all);
        let name = Path::new(&top).file_name().map_or_else(|| "repository".into(), |name| name.to_owned());
        let directory = all.join(format!("{}-{}", &commit[..commit.len().min(12)], std::process::id()));
        let tree = directory.join("tree").join(name);
        let root = tree.join(&prefix);
        // From here on dropping it removes what was written.
        let checkout = Self { directory, root, commit, is_dirty: !changes.is_empty() };
        create_private_dir(&tree)?;
        let git = Git { directory: PathBuf::from(top), ..git };
        let index = checkout.directory.join("index");
        git.run(&["read-tree", &checkout.commit], Some(&index))?;
        let into = format!("--prefix={}/", tree.display());
        git.run(&["checkout-index", "--all", "--quiet", &into], Some(&index))?;
        if !checkout.root.is_dir() {
            bail!("{} is not in {revision}", folder.display());
        }
        Ok(checkout)
    }
}

impl Drop for Checkout {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

fn remove_old(all: &Path) {
    let is_old = |entry: &std::fs::DirEntry| {
        let modified = entry.metadata().and_then(|data| data.modified()).ok();
        modified.and_then(|time| SystemTime::now().duration_since(time).ok()).is_some_and(|age| age > LIVES)
    };
    for entry in std::fs::read_dir(all).into_iter().flatten().flatten().filter(is_old) {
        let _ = std::fs::remove_dir_all(entry.path());
    }
}

impl Git {
    /// What it prints, without the line break at its end.
    fn ask(&self, arguments: &[&str]) -> anyhow::Result<String> {
        self.run(arguments, None)
    }

    fn run(&self, arguments: &[&str], index: Option<&Path>) -> anyhow::Result<String> {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.directory).stdin(std::process::Stdio::null());
        command.args(["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"]);
        command.args(arguments);
        // Nothing that is missing here may be fetched: neither objects of a partial clone nor large files.
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_LFS_SKIP_SMUDGE", "1");
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_OPTIONAL_LOCKS", "0");
        if let Some(index) = index {
            command.env("GIT_INDEX_FILE", index);
        }
        let output = command.output().with_context(|| format!("cannot run {}", self.program.display()))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            let first = said.lines().next().unwrap_or("it says nothing");
            bail!("git {}: {first}", arguments.first().unwrap_or(&""));
        }
        let text = String::from_utf8(output.stdout).context("git printed something that is no UTF-8")?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}
