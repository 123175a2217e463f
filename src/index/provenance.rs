//! Where an answer comes from: which commit was indexed, and what is still to do.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::config::read_small;

/// Longest file that names one thing, and longest list of references, in bytes.
const MOST: u64 = 1 << 16;
const MOST_PACKED: u64 = 1 << 26;

/// Goes with every answer, so that nobody takes half an index for the whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Provenance {
    /// What HEAD pointed at when the files were last compared with the index.
    pub commit: Option<String>,
    pub branch: Option<String>,
    /// Files in the index.
    pub files: usize,
    /// Files that are known to be older in the index than on disk, or not there yet.
    pub pending: usize,
    /// Open documents whose unsaved text counts.
    pub open_documents: usize,
    /// The whole workspace was compared at least once, and nothing is pending.
    pub caught_up: bool,
}

impl Provenance {
    /// One line for people.
    pub fn describe(&self) -> String {
        let commit = self.commit.as_deref().map_or("no commit".to_owned(), |commit| {
            let short = &commit[..commit.len().min(10)];
            self.branch.as_ref().map_or(short.to_owned(), |branch| format!("{short} ({branch})"))
        });
        let state = match (self.caught_up, self.pending) {
            (true, _) => "caught up".to_owned(),
            (false, 0) => "still being compared with the disk".to_owned(),
            (false, pending) => format!("{pending} files pending"),
        };
        format!("{} files at {commit}, {state}", self.files)
    }
}

/// HEAD of the repository that `root` is in, read from its files: commit and branch. No git program is run.
pub fn head(root: &Path) -> (Option<String>, Option<String>) {
    let Some((git, common)) = git_directories(root) else { return (None, None) };
    let Ok(head) = read_small(&git.join("HEAD"), MOST) else { return (None, None) };
    let head = head.trim();
    let Some(reference) = head.strip_prefix("ref: ") else {
        return (Some(head.to_owned()).filter(|commit| is_commit(commit)), None);
    };
    let branch = reference.strip_prefix("refs/heads/").map(str::to_owned);
    // A reference is a path below the repository and nothing else.
    let is_safe = !reference.split('/').any(|part| part.is_empty() || part == "..");
    let loose = || read_small(&common.join(reference), MOST).ok().map(|text| text.trim().to_owned());
    let packed = || {
        let text = read_small(&common.join("packed-refs"), MOST_PACKED).ok()?;
        let line = text.lines().find(|line| line.split_once(' ').is_some_and(|(_, name)| name == reference))?;
        line.split_once(' ').map(|(commit, _)| commit.to_owned())
    };
    let commit = if is_safe { loose().or_else(packed).filter(|commit| is_commit(commit)) } else { None };
    (commit, branch)
}

/// The file whose change tells of a checkout.
pub fn head_file(root: &Path) -> Option<PathBuf> {
    Some(git_directories(root)?.0.join("HEAD"))
}

/// The worktree's own directory and the one that holds the references.
fn git_directories(root: &Path) -> Option<(PathBuf, PathBuf)> {
    let entry = root.ancestors().map(|directory| directory.join(".git")).find(|git| git.exists())?;
    if entry.is_dir() {
        return Some((entry.clone(), entry));
    }
    // A worktree or a submodule: a file that says where.
    let text = read_small(&entry, MOST).ok()?;
    let git = entry.parent()?.join(text.trim().strip_prefix("gitdir: ")?);
    let common = match read_small(&git.join("commondir"), MOST) {
        Ok(common) => git.join(common.trim()),
        Err(_) => git.clone(),
    };
    Some((git, common))
}

fn is_commit(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn write(directory: &Path, path: &str, text: &str) {
        let path = directory.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    #[test]
    fn head_is_read_from_loose_packed_and_detached_references() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        assert_eq!(head(root), (None, None));
        write(root, ".git/HEAD", "ref: refs/heads/main\n");
        assert_eq!(head(root), (None, Some("main".into())), "no commit yet");
        write(root, ".git/packed-refs", &format!("# pack-refs\n{COMMIT} refs/heads/main\n"));
        assert_eq!(head(&root.join("a/b")), (Some(COMMIT.into()), Some("main".into())));
        write(root, ".git/refs/heads/main", &COMMIT.replace('0', "f"));
        assert_eq!(head(root).0, Some(COMMIT.replace('0', "f")));
        write(root, ".git/HEAD", COMMIT);
        assert_eq!(head(root), (Some(COMMIT.into()), None));
    }

    #[test]
    fn a_worktree_finds_its_repository_and_a_hostile_head_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        write(root, "main/.git/worktrees/w/HEAD", "ref: refs/heads/topic");
        write(root, "main/.git/worktrees/w/commondir", "../..");
        write(root, "main/.git/refs/heads/topic", COMMIT);
        write(root, "w/.git", "gitdir: ../main/.git/worktrees/w");
        assert_eq!(head(&root.join("w")), (Some(COMMIT.into()), Some("topic".into())));
        write(root, "secret", COMMIT);
        write(root, "evil/.git/HEAD", "ref: refs/../../../secret");
        assert_eq!(head(&root.join("evil")).0, None);
    }
}
