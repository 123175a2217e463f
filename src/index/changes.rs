//! Brings single files and directories of the index in line with the disk.

use std::fs::Metadata;
use std::path::PathBuf;

use rustc_hash::FxHashSet;

use super::scan::Scan;
use super::state::File;
use super::walk::Wanted;
use super::{Shared, provenance, refresh, scan, walk};

/// From so many paths on, the workers share the work.
const MANY: usize = 32;

/// Files and directories that may have changed, come or gone. What `scan` read of them before does not count any more.
pub fn changed(shared: &Shared, paths: &[PathBuf], scan: Option<&Scan<'_>>) {
    let looked_at: Vec<(&PathBuf, Option<Metadata>)> =
        paths.iter().map(|path| (path, std::fs::symlink_metadata(path).ok())).collect();
    // A directory that comes or goes may bring or take ignore files, which the rules remember.
    let is_directory = |(path, data): &(&PathBuf, Option<Metadata>)| match data {
        Some(data) => data.is_dir(),
        None => walk::relative(&shared.root, path).is_some_and(|path| shared.read().find(&path).is_none()),
    };
    let renews = looked_at.iter().any(is_directory);
    let rules = if renews { shared.renew_rules() } else { shared.rules() };
    let wanted = Wanted::new(&shared.root, &rules);
    let mut files: Vec<String> = Vec::new();
    let mut all: Vec<(PathBuf, Option<Metadata>)> = Vec::new();
    for (path, data) in looked_at {
        let is_link = data.as_ref().is_some_and(|data| data.file_type().is_symlink());
        // What is written through a link is written to where that leads.
        if (is_link || path.parent().is_some_and(|parent| !wanted.is_reached_directly(parent)))
            && let Ok(real) = std::fs::canonicalize(path)
        {
            let data = std::fs::symlink_metadata(&real).ok();
            all.push((real, data));
        }
        all.push((path.clone(), data));
    }
    // Before the index is asked for any of them, so that nothing older comes in behind the answer.
    let told: Vec<String> = all.iter().filter_map(|(path, _)| walk::relative(&shared.root, path)).collect();
    if let Some(scan) = scan {
        scan.overtake(told.iter().map(String::as_str));
    }
    // Paths that may have been directories: what the index has below them is looked at, too.
    let mut places: FxHashSet<String> = FxHashSet::default();
    for (path, data) in all {
        let Some(relative) = walk::relative(&shared.root, &path) else { continue };
        let is_known = shared.read().find(&relative).is_some();
        let is_directory = data.is_some_and(|data| data.is_dir());
        if is_directory {
            if !rules.denies(&path, true) || path == shared.root {
                let options = &shared.options;
                let listing =
                    walk::walk(&shared.root, &path, &rules, options.threads, options.most_files, &shared.stop);
                shared.watch_directories(&listing.directories, false);
                files.extend(listing.files.iter().map(|file| file.path.to_string()));
            }
            places.insert(relative.clone());
        } else if !is_known {
            places.insert(relative.clone());
        }
        if is_known || (!is_directory && wanted.wants(&path)) {
            files.push(relative);
        }
    }
    files.extend(known_below(shared, &places));
    files.sort_unstable();
    files.dedup();
    tracing::debug!(files = files.len(), "changes");
    shared.board.update(|progress| progress.pending = files.len());
    if let Some(scan) = scan {
        scan.overtake(files.iter().map(String::as_str));
    }
    if files.len() >= MANY {
        scan::refresh_all(shared, &files, &wanted);
    } else {
        files.iter().for_each(|file| refresh_one(shared, file, &wanted));
    }
    if renews {
        shared.insert_missing_documents();
    }
    shared.board.update(|progress| progress.pending = 0);
    let head = provenance::head(&shared.root);
    shared.board.update(|progress| (progress.commit, progress.branch) = head);
}

/// Files of the index below these places, which are no files of it.
fn known_below(shared: &Shared, places: &FxHashSet<String>) -> Vec<String> {
    if places.is_empty() {
        return Vec::new();
    }
    let is_below = |path: &str| {
        let ends = path.match_indices('/').map(|(at, _)| at);
        places.contains("") || ends.into_iter().any(|end| places.contains(&path[..end]))
    };
    let state = shared.read();
    state.files().filter(|(_, file)| is_below(&file.path)).map(|(_, file)| file.path.to_string()).collect()
}

/// One file, as it is on disk now.
pub fn refresh_one(shared: &Shared, path: &str, wanted: &Wanted<'_>) {
    let before = {
        let open = shared.open();
        if open.contains_key(path) {
            // Its text is the editor's; whether it counts, the rules say.
            if !shared.wants(path) {
                shared.write().remove(path);
            }
            return;
        }
        shared.read().file_at(path).and_then(File::stamp_on_disk)
    };
    let wanted = wanted.wants(&shared.root.join(path));
    match refresh::read(&shared.root, path, before.as_ref(), shared.options.file) {
        refresh::Reading::Changed(stamp, extracted) if wanted => shared.insert(path.into(), stamp, *extracted, false),
        refresh::Reading::Same(stamp) if wanted => shared.restamp(path, stamp),
        _ => shared.forget(path),
    }
}
