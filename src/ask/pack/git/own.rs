//! Whether the data that git would read belong to the files at hand. A folder from elsewhere can have a `.git` that leads into
//! any other repository on this machine: all of whose content would then be the difference.

use std::path::{Path, PathBuf};

/// Entries that are looked at in one repository; one with more is left alone.
const MOST_ENTRIES: usize = 20_000;

/// Directories of a repository's data whose entries say what its commits and files are, deepest links first.
const MEANINGFUL: [&str; 5] = ["objects", "objects/info", "objects/pack", "refs", "reftable"];

/// `top`: where the files are; `data`: where git finds the index and HEAD; `common`: where it finds the commits;
/// `worktree`: what the data say of where the files are. All canonical but the last.
pub fn is_own(top: &Path, data: &Path, common: &Path, worktree: Option<&str>) -> bool {
    let own = top.join(".git");
    let names = |path: PathBuf, expected: &Path| std::fs::canonicalize(path).is_ok_and(|path| path == expected);
    let is_here = std::fs::symlink_metadata(&own).is_ok_and(|at| at.is_dir()) && data == own;
    // A submodule's data name its folder.
    let is_submodule = || worktree.is_some_and(|worktree| names(data.join(worktree), top));
    let is_whole = common == data && (is_here || is_submodule());
    // A worktree's data lie in the repository that they are of, and name its `.git`.
    let is_worktree = || {
        data.parent() == Some(&common.join("worktrees"))
            && crate::config::read_small(&data.join("gitdir"), 1 << 16)
                .is_ok_and(|back| names(data.join(back.trim_end_matches('\n')), &own))
    };
    (is_whole || is_worktree()) && !borrows(data) && !borrows(common)
}

/// Whether some of it is another repository's: by links, or by a list of other places for objects.
fn borrows(data: &Path) -> bool {
    if ["alternates", "http-alternates"].iter().any(|name| data.join("objects/info").join(name).exists()) {
        return true;
    }
    let mut seen = 0;
    let has_link = |directory: &Path, seen: &mut usize| {
        let Ok(entries) = std::fs::read_dir(directory) else { return false };
        entries.flatten().any(|entry| {
            *seen += 1;
            *seen > MOST_ENTRIES || entry.file_type().is_ok_and(|kind| kind.is_symlink())
        })
    };
    if has_link(data, &mut seen) || MEANINGFUL.iter().any(|name| has_link(&data.join(name), &mut seen)) {
        return true;
    }
    // Branches lie in folders of any depth.
    let references = ignore::WalkBuilder::new(data.join("refs")).standard_filters(false).build();
    references.flatten().any(|entry| {
        seen += 1;
        seen > MOST_ENTRIES || entry.path_is_symlink()
    })
}
