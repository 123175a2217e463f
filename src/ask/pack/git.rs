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
const MOST_COMMITS: usize = 20;
/// Commits among which those are that may be told.
const MOST_READ_COMMITS: &str = "100";
/// What is told of a commit, between NULs and behind a mark.
const COMMIT_FORMAT: &str = "--format=%x00%x01%h %ad %s%x00";
const COMMIT_MARK: char = '\u{1}';
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
    ("diff.relative", "false"),
    ("diff.submodule", "short"),
    ("diff.ignoreSubmodules", "all"),
    ("submodule.recurse", "false"),
    ("log.follow", "false"),
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
    /// Where the folder is from the top, with a slash behind it; empty at the top.
    prefix: String,
    /// What overrules the repository's filters.
    filters: Vec<(String, &'static str)>,
}

impl Repository {
    /// None where there is none, where its files lie elsewhere, or where it is too strange.
    pub fn open(program: &Path, folder: &Path) -> Option<Self> {
        let (program, given) = (program.to_owned(), folder.to_owned());
        let mut repository = Self { program, folder: given, prefix: String::new(), filters: Vec::new() };
        let top = repository.run(&["rev-parse", "--show-toplevel"])?;
        // A repository can say that its files are somebody else's directory.
        let top = std::fs::canonicalize(top.trim_end_matches('\n')).ok()?;
        let folder = std::fs::canonicalize(folder).ok()?;
        if !folder.starts_with(&top) || !repository.is_of(&top) {
            return None;
        }
        for part in folder.strip_prefix(&top).ok()? {
            repository.prefix.push_str(part.to_str()?);
            repository.prefix.push('/');
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

    /// The last commits, of a file where one is given: short hash, date, subject. A subject tells of all files of its commit, and
    /// has no path that the gate could judge: it is left out unless each of these lies in the folder and `may_tell`, by its
    /// path from there. Merges, and commits of no file, are left out, too.
    pub fn log(&self, path: Option<&str>, may_tell: &dyn Fn(&str) -> bool) -> Option<String> {
        let literal = path.map_or_else(|| ".".to_owned(), |path| format!(":(literal){path}"));
        let output = self.run(&[
            "log",
            "-z",
            "--name-only",
            // Other files of the same commit, the old name of one that moved, and a submodule are told of, too.
            "--full-diff",
            "--no-renames",
            "--ignore-submodules=none",
            "--no-merges",
            "--no-show-signature",
            "--no-color",
            "--no-ext-diff",
            "--no-textconv",
            "--encoding=UTF-8",
            "--max-count",
            MOST_READ_COMMITS,
            "--date=short",
            COMMIT_FORMAT,
            "--",
            &literal,
        ])?;
        let mut commits = commits(&output);
        if output.len() as u64 >= MOST_OUTPUT {
            // Its files are not all known.
            commits.pop();
        }
        let may_tell = |name: &&str| {
            // What is not UTF-8 was read as another name.
            let name = name.strip_prefix(&*self.prefix).filter(|name| !name.contains(char::REPLACEMENT_CHARACTER));
            name.is_some_and(may_tell)
        };
        let told = commits.iter().filter(|(_, names)| !names.is_empty() && names.iter().all(may_tell));
        Some(told.take(MOST_COMMITS).map(|(line, _)| format!("{line}\n")).collect())
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

/// What is told of each commit, and its files from the top. Neither has a NUL in it, names are not empty, and an empty text stands
/// around what is told.
fn commits(output: &str) -> Vec<(&str, Vec<&str>)> {
    let mut commits: Vec<(&str, Vec<&str>)> = Vec::new();
    let mut is_behind_empty = false;
    for text in output.split('\0') {
        if is_behind_empty && let Some(line) = text.strip_prefix(COMMIT_MARK) {
            commits.push((line, Vec::new()));
        } else if !text.is_empty()
            && let Some((_, names)) = commits.last_mut()
        {
            // The first of a commit's names stands on a line of its own.
            names.push(if is_behind_empty { text.strip_prefix('\n').unwrap_or(text) } else { text });
        }
        is_behind_empty = text.is_empty();
    }
    commits
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
pub(super) mod tests;
