//! What changed and what happened lately, read by running `git`: in a repository that may be hostile. Its configuration can name
//! programs in many places; each of these is overruled, and output and time are bounded.

mod own;

use std::ffi::OsString;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// Bytes of output.
const MOST_OUTPUT: u64 = 512 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
/// Filters that a repository may configure before it is left alone.
const MOST_FILTERS: usize = 64;
const MOST_COMMITS: &str = "20";
/// Bytes of one hunk.
const LONGEST_HUNK: usize = 64 * 1024;

/// Settings that run programs, or reach a network, whatever the repository's own say.
const OVERRULED: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.pager", "cat"),
    ("core.sshCommand", "false"),
    ("core.attributesFile", "/dev/null"),
    ("core.untrackedCache", "false"),
    ("core.alternateRefsCommand", "false"),
    ("core.quotePath", "false"),
    ("diff.external", ""),
    ("diff.noprefix", "false"),
    ("diff.mnemonicPrefix", "false"),
    ("diff.submodule", "short"),
    ("diff.ignoreSubmodules", "all"),
    ("submodule.recurse", "false"),
    ("log.showSignature", "false"),
    ("protocol.allow", "never"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
];

/// A repository that a folder is in.
#[derive(Debug)]
pub struct Repository {
    program: PathBuf,
    folder: PathBuf,
    /// What overrules the repository's filters.
    filters: Vec<(String, &'static str)>,
}

impl Repository {
    /// None where there is none, where its files lie elsewhere, or where it is too strange.
    pub fn open(program: &Path, folder: &Path) -> Option<Self> {
        let mut repository = Self { program: program.to_owned(), folder: folder.to_owned(), filters: Vec::new() };
        let top = repository.run(&["rev-parse", "--show-toplevel"])?;
        // A repository can say that its files are somebody else's directory.
        let top = std::fs::canonicalize(top.trim_end_matches('\n')).ok()?;
        let folder = std::fs::canonicalize(folder).ok()?;
        if !folder.starts_with(&top) || !repository.is_of(&top) {
            return None;
        }
        let names = repository.run(&["config", "--includes", "--name-only", "-z", "--list"])?;
        // Behind the end of what was read there may be filters.
        if names.len() as u64 >= MOST_OUTPUT {
            return None;
        }
        for name in names.split('\0').filter(|name| name.to_lowercase().starts_with("filter.")) {
            let (driver, key) = name.rsplit_once('.')?;
            let value = match key.to_lowercase().as_str() {
                "clean" | "smudge" | "process" => "",
                "required" => "false",
                _ => continue,
            };
            repository.filters.push((format!("{driver}.{key}"), value));
        }
        repository.filters.sort_unstable();
        repository.filters.dedup();
        (repository.filters.len() <= MOST_FILTERS).then_some(repository)
    }

    /// Whether the data that git uses are those of the files at `top`.
    fn is_of(&self, top: &Path) -> bool {
        let place = |name: &str| {
            let path = self.run(&["rev-parse", name])?;
            std::fs::canonicalize(self.folder.join(path.trim_end_matches('\n'))).ok()
        };
        let (Some(data), Some(common)) = (place("--absolute-git-dir"), place("--git-common-dir")) else { return false };
        let worktree = self.run(&["config", "--local", "--get", "core.worktree"]);
        own::is_own(top, &data, &common, worktree.as_deref().map(|path| path.trim_end_matches('\n')))
    }

    /// Hunks of what is not committed, each with its file's path from the folder.
    pub fn diff(&self) -> Vec<(String, String)> {
        let arguments = [
            "diff",
            "HEAD",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            "--no-renames",
            "--relative",
            "--unified=3",
            "--ignore-submodules=all",
            "--src-prefix=a/",
            "--dst-prefix=b/",
        ];
        self.run(&arguments).map(|diff| hunks(&diff)).unwrap_or_default()
    }

    /// The last commits, of a file where one is given: short hash, date, subject.
    pub fn log(&self, path: Option<&str>) -> Option<String> {
        let mut arguments = vec![
            "log",
            "--no-show-signature",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--max-count",
            MOST_COMMITS,
            "--date=short",
            "--format=%h %ad %s",
            "--",
        ];
        let literal = path.map(|path| format!(":(literal){path}"));
        arguments.extend(literal.as_deref());
        self.run(&arguments)
    }

    /// Standard output of a command that succeeded in time.
    fn run(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new(&self.program);
        command.current_dir(&self.folder).arg("--no-pager").arg("--no-optional-locks").args(arguments);
        // Nothing of ours but this: GIT_DIR and the like would lead elsewhere.
        command.env_clear().envs([
            ("LC_ALL", "C"),
            ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_ATTR_NOSYSTEM", "1"),
            ("GIT_TERMINAL_PROMPT", "0"),
            ("GIT_NO_LAZY_FETCH", "1"),
            ("GIT_NO_REPLACE_OBJECTS", "1"),
            ("GIT_ALLOW_PROTOCOL", "none"),
        ]);
        let filters = self.filters.iter().map(|(name, value)| (name.as_str(), *value));
        let overruled: Vec<(&str, &str)> = OVERRULED.iter().copied().chain(filters).collect();
        command.env("GIT_CONFIG_COUNT", overruled.len().to_string());
        for (at, (key, value)) in overruled.into_iter().enumerate() {
            command.env(OsString::from(format!("GIT_CONFIG_KEY_{at}")), key);
            command.env(OsString::from(format!("GIT_CONFIG_VALUE_{at}")), value);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().ok()?;
        let output = child.stdout.take()?;
        let (done, wait) = mpsc::channel();
        let reader = std::thread::spawn(move || {
            let mut bytes = Vec::new();
            let read = output.take(MOST_OUTPUT).read_to_end(&mut bytes);
            let _ = done.send(read.map(|_| bytes));
        });
        let bytes = wait.recv_timeout(PATIENCE).ok().and_then(Result::ok);
        let is_cut = bytes.as_ref().is_some_and(|bytes| bytes.len() as u64 == MOST_OUTPUT);
        if bytes.is_none() || is_cut {
            let _ = child.kill();
        }
        let status = child.wait().ok();
        // Its pipe is closed by now, unless it handed it on, which nothing that we run does.
        if bytes.is_some() {
            let _ = reader.join();
        }
        let is_good = is_cut || status.is_some_and(|status| status.success());
        bytes.filter(|_| is_good).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Path and text of every hunk. Files that are not text, and paths that git has to quote, are left out.
fn hunks(diff: &str) -> Vec<(String, String)> {
    let mut hunks: Vec<(String, String)> = Vec::new();
    let (mut old, mut path) = (None::<&str>, None::<String>);
    let mut is_head = true;
    for line in diff.split_inclusive('\n') {
        let bare = line.trim_end_matches(['\n', '\r']);
        if line.starts_with("diff --git ") {
            (is_head, old, path) = (true, None, None);
        } else if is_head && let Some(name) = bare.strip_prefix("--- ") {
            old = name.strip_prefix("a/");
        } else if is_head && let Some(name) = bare.strip_prefix("+++ ") {
            path = name.strip_prefix("b/").or(old).map(|path| path.trim_end_matches('\t').to_owned());
        } else if line.starts_with("@@") {
            is_head = false;
            hunks.extend(path.clone().map(|path| (path, line.to_owned())));
        } else if !is_head
            && path.is_some()
            && let Some((_, hunk)) = hunks.last_mut()
            && hunk.len() + line.len() <= LONGEST_HUNK
        {
            hunk.push_str(line);
        }
    }
    hunks
}

#[cfg(test)]
mod tests;
