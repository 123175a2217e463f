//! The workspace that a command is about, and its index.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use super::Options;
use super::terminal::{Style, Terminal};
use crate::config::{Environment, Loader, Settings};
use crate::index::{Index, IndexOptions, Phase, Provenance};

/// What the commands that ask the index have in common.
#[derive(Clone, Debug, clap::Args)]
pub struct WorkspaceArguments {
    /// The workspace; without it the repository around the current directory
    #[arg(long, value_name = "DIRECTORY")]
    folder: Option<PathBuf>,

    /// Answer after this many seconds from what is indexed by then; without it when all files are
    #[arg(long, value_name = "SECONDS")]
    wait: Option<f64>,

    /// One JSON object on stdout; rows and columns (in bytes) are counted from 0
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

/// An index that a command asks.
pub struct Workspace {
    pub index: Arc<Index>,
    pub settings: Settings,
    /// The user's alone.
    pub user: Settings,
    pub json: bool,
}

/// Progress is redrawn this often.
const REDRAW: Duration = Duration::from_millis(100);

impl WorkspaceArguments {
    /// Opens the index and waits as long as the user said.
    pub fn open(&self, loader: &Loader) -> anyhow::Result<Workspace> {
        let workspace = self.start(loader)?;
        wait_for(&workspace.index, self.wait);
        Ok(workspace)
    }

    /// Opens the index; it has only begun to scan then.
    pub fn start(&self, loader: &Loader) -> anyhow::Result<Workspace> {
        self.start_with(loader, |settings| settings)
    }

    /// The same with the settings changed by `own`.
    pub fn start_with(&self, loader: &Loader, own: impl FnOnce(Settings) -> Settings) -> anyhow::Result<Workspace> {
        let folder = root(self.folder.as_deref())?;
        let loaded = loader.load(std::slice::from_ref(&folder), None);
        for problem in &loaded.problems {
            eprintln!("tandem: {problem}");
        }
        let (settings, user) = (own(loaded.settings), loaded.user);
        if !settings.index.enabled {
            bail!("index.enabled is false here; --set index.enabled=true turns the index on for this command");
        }
        let options = IndexOptions::new(&settings.index, Some(loader.paths().index_directory()));
        Ok(Workspace { index: Index::open(&folder, options), settings, user, json: self.json })
    }
}

/// The folder that the user named, else the repository around the current directory.
pub fn root(named: Option<&Path>) -> anyhow::Result<PathBuf> {
    let folder = named.unwrap_or(Path::new("."));
    let is_named = named.is_some();
    let folder = std::fs::canonicalize(folder).with_context(|| format!("cannot open {}", folder.display()))?;
    if !folder.is_dir() {
        bail!("{} is not a directory", folder.display());
    }
    Ok(if is_named { folder } else { repository_around(&folder) })
}

/// Until the index has caught up, or this many seconds are over. Who watches sees how far it is.
pub fn wait_for(index: &Index, seconds: Option<f64>) {
    let until = seconds.map(|seconds| Instant::now() + Duration::from_secs_f64(seconds.clamp(0.0, 1e9)));
    let watched = io::stderr().is_terminal();
    let progress = index.progress();
    let mut drawn = false;
    loop {
        let now = progress.borrow().clone();
        if now.is_caught_up || until.is_some_and(|until| Instant::now() >= until) {
            break;
        }
        if watched && now.phase != Phase::Idle {
            let what = match now.phase {
                Phase::Idle | Phase::Loading => "reading the stored index".to_owned(),
                Phase::Listing => "listing files".to_owned(),
                Phase::Indexing => format!("indexing: {} of {} files", now.done, now.total),
            };
            eprint!("\r\x1b[K{what}");
            let _ = io::stderr().flush();
            drawn = true;
        }
        let left = until.map_or(REDRAW, |until| until.saturating_duration_since(Instant::now()));
        std::thread::sleep(left.min(if watched { REDRAW } else { Duration::from_millis(5) }));
    }
    if drawn {
        eprint!("\r\x1b[K");
    }
}

impl Workspace {
    /// A path that the user named, from the workspace's root with `/`. An error where it is of another place.
    pub fn relative(&self, path: &Path) -> anyhow::Result<String> {
        let absolute = std::path::absolute(path)?;
        // A file that is gone has no canonical path; its directory has.
        let absolute = std::fs::canonicalize(&absolute).unwrap_or(absolute);
        let inside = absolute.strip_prefix(self.index.root()).or_else(|_| path.strip_prefix(self.index.root()));
        let Ok(inside) = inside else {
            bail!("{} is not in {}; name its workspace with --folder", path.display(), self.index.root().display());
        };
        Ok(inside.to_string_lossy().replace('\\', "/"))
    }

    /// Prints `answer` with where it comes from as JSON, when that was asked for. False when text is wanted.
    pub fn print_json(
        &self,
        terminal: &mut Terminal,
        key: &str,
        answer: &impl serde::Serialize,
    ) -> anyhow::Result<bool> {
        if self.json {
            let report = serde_json::json!({"provenance": self.index.provenance(), key: answer});
            terminal.line(serde_json::to_string_pretty(&report)?)?;
        }
        Ok(self.json)
    }

    /// Says so where the answer may not be the whole one.
    pub fn print_provenance(&self, terminal: &mut Terminal) -> io::Result<()> {
        let provenance: Provenance = self.index.provenance();
        if provenance.caught_up {
            return Ok(());
        }
        terminal.styled(&[(Style::Dim, &format!("not the whole workspace yet: {}", provenance.describe()))])
    }
}

/// The nearest directory above with a `.git`, else the directory itself.
fn repository_around(folder: &Path) -> PathBuf {
    folder.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(folder).to_owned()
}

/// For commands that print without a workspace's settings.
pub fn terminal(loader: &Loader) -> Terminal {
    let environment: &Environment = loader.environment();
    Terminal::stdout(environment)
}
