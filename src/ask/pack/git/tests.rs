//! Repositories, hostile ones too.

use std::process::Command;

use tempfile::TempDir;

use super::*;
use crate::config::Environment;

pub fn program() -> PathBuf {
    Environment::of_process().find_executable("git").expect("git is needed for this test")
}

pub fn git(folder: &Path, arguments: &[&str]) {
    let identity = ["-c", "user.name=A", "-c", "user.email=a@example.com", "-c", "commit.gpgSign=false"];
    let run = Command::new(program()).current_dir(folder).args(identity).args(arguments).output().unwrap();
    assert!(run.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&run.stderr));
}

/// One commit, one change.
fn repository() -> TempDir {
    let place = tempfile::tempdir().unwrap();
    std::fs::create_dir(place.path().join("src")).unwrap();
    std::fs::write(place.path().join("src/a.rs"), "fn a() {}\n").unwrap();
    git(place.path(), &["init", "-q"]);
    git(place.path(), &["add", "."]);
    git(place.path(), &["commit", "-q", "-m", "Begin"]);
    std::fs::write(place.path().join("src/a.rs"), "fn a() {}\nfn b() {}\n").unwrap();
    place
}

fn all(_: &str) -> bool {
    true
}

/// Writes these files and commits them.
pub fn commit(folder: &Path, subject: &str, files: &[&str]) {
    for file in files {
        let path = folder.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("{subject}\n")).unwrap();
    }
    git(folder, &["add", "-A"]);
    git(folder, &["commit", "-q", "--allow-empty", "-m", subject]);
}

/// Subjects, the newest first.
fn subjects(folder: &Path, path: Option<&str>, may_tell: &dyn Fn(&str) -> bool) -> Vec<String> {
    let log = Repository::open(&program(), folder).unwrap().log(path, may_tell).unwrap();
    log.lines().map(|line| line.splitn(3, ' ').nth(2).unwrap().to_owned()).collect()
}

#[test]
fn a_subject_is_told_only_if_all_files_of_its_commit_may_be() {
    let place = repository();
    let folder = place.path();
    let is_public = |path: &str| !path.contains("secret");
    commit(folder, "Public", &["src/b.rs", "notes/ä ö\t.md"]);
    commit(folder, "Of the secret file", &["secret.md"]);
    commit(folder, "Mixed with the secret one", &["src/b.rs", "secret.md"]);
    commit(folder, "Of no file", &[]);
    std::fs::rename(folder.join("secret.md"), folder.join("src/c.rs")).unwrap();
    commit(folder, "Move the secret one out", &[]);
    git(folder, &["config", "diff.renames", "copies"]);
    git(folder, &["config", "diff.relative", "true"]);
    git(folder, &["config", "log.follow", "true"]);
    assert_eq!(subjects(folder, None, &is_public), ["Public", "Begin"]);
    assert_eq!(subjects(folder, Some("src/b.rs"), &is_public), ["Public"]);
    assert_eq!(subjects(folder, Some("src/c.rs"), &is_public), [""; 0], "its old name is told of, too");
    assert_eq!(subjects(folder, None, &all).len(), 5, "nothing else left them out");
    git(folder, &["checkout", "-q", "-b", "secret-plan", "HEAD~2"]);
    commit(folder, "On the side", &["src/d.rs"]);
    git(folder, &["checkout", "-q", "-"]);
    git(folder, &["merge", "-q", "-m", "Merge the secret plan", "secret-plan"]);
    assert_eq!(subjects(folder, None, &is_public), ["On the side", "Public", "Begin"]);
}

#[test]
fn of_a_folder_within_nothing_outside_is_told() {
    let place = repository();
    let folder = place.path();
    commit(folder, "Inside", &["src/b.rs"]);
    commit(folder, "Outside", &["other/b.rs"]);
    commit(folder, "Both", &["src/b.rs", "other/b.rs"]);
    // A name that only begins like the folder's.
    commit(folder, "Beside", &["src/b.rs", "src.rs"]);
    let asked = std::cell::RefCell::new(Vec::new());
    let may_tell = |path: &str| {
        asked.borrow_mut().push(path.to_owned());
        true
    };
    assert_eq!(subjects(&folder.join("src"), None, &may_tell), ["Inside", "Begin"]);
    assert!(asked.borrow().iter().all(|path| ["a.rs", "b.rs"].contains(&path.as_str())), "{asked:?}");
    assert_eq!(subjects(folder, None, &all).len(), 5);
}

#[test]
fn a_commit_whose_files_are_not_all_known_is_not_told_of() {
    let place = repository();
    let folder = place.path();
    // More names than are read; the last one is not among them.
    let names: Vec<String> = (0..2800).map(|number| format!("long/{number:04}{}", "x".repeat(190))).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).chain(["secret.md"]).collect();
    commit(folder, "Huge", &names);
    commit(folder, "Public", &["src/b.rs"]);
    assert_eq!(subjects(folder, None, &|path| !path.contains("secret")), ["Public"]);
}

#[test]
fn commits_and_their_files_are_told_apart() {
    let output = "\0\u{1}a1 Subject\0\0\n\nodd\0\u{1}b2 a name\0\0\u{1}c3 None\0\0\0\u{1}d4 \u{1}\0\0\nx\0";
    let expected: [(&str, &[&str]); 3] =
        [("a1 Subject", &["\nodd", "\u{1}b2 a name"]), ("c3 None", &[]), ("d4 \u{1}", &["x"])];
    assert_eq!(commits(output), expected.map(|(line, names)| (line, names.to_vec())));
}

#[test]
fn changes_and_history_are_read() {
    let place = repository();
    let repository = Repository::open(&program(), place.path()).unwrap();
    let changes = repository.diff();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].0, "src/a.rs");
    assert!(changes[0].1.contains("+fn b() {}"), "{}", changes[0].1);
    assert!(repository.log(None, &all).unwrap().ends_with("Begin\n"));
    assert!(repository.log(Some("src/a.rs"), &all).unwrap().ends_with("Begin\n"));
    assert_eq!(repository.log(Some("src/:(glob)**"), &all).as_deref(), Some(""));
    // From a folder within, paths are that folder's.
    let within = Repository::open(&program(), &place.path().join("src")).unwrap();
    assert_eq!(within.diff()[0].0, "a.rs");
    assert!(Repository::open(&program(), tempfile::tempdir().unwrap().path()).is_none());
}

#[test]
fn a_configuration_that_is_too_long_to_be_read_is_none_to_trust() {
    let place = repository();
    let config = place.path().join(".git/config");
    let mut text = std::fs::read_to_string(&config).unwrap();
    for number in 0..700 {
        text.push_str(&format!("[padding \"{}{number}\"]\n\tkey = 1\n", "x".repeat(800)));
    }
    text.push_str("[filter \"evil\"]\n\tclean = cat\n");
    std::fs::write(&config, text).unwrap();
    assert!(Repository::open(&program(), place.path()).is_none());
}

#[test]
fn another_repository_s_data_are_not_this_folder_s() {
    let secret = repository();
    let folder = tempfile::tempdir().unwrap();
    let data = secret.path().join(".git");
    std::fs::write(folder.path().join(".git"), format!("gitdir: {}\n", data.display())).unwrap();
    assert!(Repository::open(&program(), folder.path()).is_none());
    // A worktree's data lie elsewhere, too, and name it.
    let worktree = tempfile::tempdir().unwrap();
    let place = worktree.path().join("tree");
    git(secret.path(), &["worktree", "add", "-q", place.to_str().unwrap()]);
    std::fs::write(place.join("src/a.rs"), "fn c() {}\n").unwrap();
    assert_eq!(Repository::open(&program(), &place).unwrap().diff().len(), 1);
}

#[test]
fn a_repository_that_borrows_another_s_commits_is_left_alone() {
    let secret = repository();
    let data = secret.path().join(".git");
    let begin = || {
        let place = tempfile::tempdir().unwrap();
        git(place.path(), &["init", "-q"]);
        std::fs::write(place.path().join("README.md"), "Come in.\n").unwrap();
        place
    };
    let is_left_alone = |place: &TempDir, how: &str| {
        assert!(Repository::open(&program(), place.path()).is_none(), "{how}");
    };
    assert!(Repository::open(&program(), begin().path()).is_some());

    let place = begin();
    std::fs::remove_dir_all(place.path().join(".git")).unwrap();
    std::fs::create_dir(place.path().join(".git")).unwrap();
    std::fs::copy(data.join("HEAD"), place.path().join(".git/HEAD")).unwrap();
    std::fs::write(place.path().join(".git/commondir"), format!("{}\n", data.display())).unwrap();
    is_left_alone(&place, "its common directory is another's");

    let place = begin();
    let fake = place.path().join("data/worktrees/x");
    std::fs::create_dir_all(&fake).unwrap();
    std::fs::remove_dir_all(place.path().join(".git")).unwrap();
    std::fs::write(place.path().join(".git"), "gitdir: data/worktrees/x\n").unwrap();
    std::fs::write(fake.join("gitdir"), "../../../.git\n").unwrap();
    std::fs::write(fake.join("commondir"), format!("{}\n", data.display())).unwrap();
    std::fs::copy(data.join("HEAD"), fake.join("HEAD")).unwrap();
    is_left_alone(&place, "it says that it is a worktree of another");

    let place = begin();
    let alternates = place.path().join(".git/objects/info/alternates");
    std::fs::write(alternates, data.join("objects").display().to_string()).unwrap();
    is_left_alone(&place, "its objects are another's");

    #[cfg(unix)]
    for name in ["objects", "refs", "HEAD", "objects/pack", "refs/heads", "index"] {
        let place = begin();
        let own = place.path().join(".git").join(name);
        if own.is_dir() {
            std::fs::remove_dir_all(&own).unwrap()
        } else {
            drop(std::fs::remove_file(&own))
        }
        std::os::unix::fs::symlink(data.join(name), &own).unwrap();
        is_left_alone(&place, name);
    }
}

#[test]
fn a_submodule_s_changes_are_read() {
    let inner = repository();
    let outer = repository();
    git(
        outer.path(),
        &["-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.path().to_str().unwrap(), "inner"],
    );
    let place = outer.path().join("inner");
    std::fs::write(place.join("src/a.rs"), "fn z() {}\n").unwrap();
    assert_eq!(Repository::open(&program(), &place).unwrap().diff().len(), 1);
}

#[cfg(unix)]
#[test]
fn a_hostile_repository_runs_nothing() {
    let place = repository();
    let folder = place.path();
    let marker = tempfile::tempdir().unwrap();
    let touch = |name: &str| format!("touch {}; cat", marker.path().join(name).display());
    std::fs::write(folder.join(".gitattributes"), "*.rs filter=evil diff=evil\n*.md filter=spaced.name\n").unwrap();
    std::fs::write(folder.join("b.md"), "b\n").unwrap();
    for (key, name) in [
        ("core.fsmonitor", "fsmonitor"),
        ("core.pager", "pager"),
        ("diff.external", "external"),
        ("diff.evil.command", "command"),
        ("diff.evil.textconv", "textconv"),
        ("filter.evil.clean", "clean"),
        ("filter.evil.smudge", "smudge"),
        ("filter.evil.process", "process"),
        ("filter.spaced.name.clean", "spaced"),
        ("core.sshCommand", "ssh"),
        ("gpg.program", "gpg"),
        ("core.editor", "editor"),
    ] {
        git(folder, &["config", key, &touch(name)]);
    }
    for (key, value) in [("filter.evil.required", "true"), ("log.showSignature", "true"), ("diff.noprefix", "true")] {
        git(folder, &["config", key, value]);
    }
    let hooks = folder.join(".git/hooks");
    std::fs::create_dir_all(&hooks).unwrap();
    for hook in ["post-index-change", "fsmonitor-watchman", "reference-transaction"] {
        use std::os::unix::fs::PermissionsExt;
        std::fs::write(hooks.join(hook), format!("#!/bin/sh\n{}\n", touch(hook))).unwrap();
        std::fs::set_permissions(hooks.join(hook), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    // Setting it up runs some of them.
    for entry in std::fs::read_dir(marker.path()).unwrap() {
        std::fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let repository = Repository::open(&program(), folder).unwrap();
    assert_eq!(repository.diff().iter().filter(|(path, _)| path == "src/a.rs").count(), 1);
    assert!(repository.log(None, &all).is_some());
    let run: Vec<_> = std::fs::read_dir(marker.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(run.is_empty(), "it ran {run:?}");
}

#[test]
fn a_repository_whose_files_lie_elsewhere_is_left_alone() {
    let place = repository();
    let elsewhere = tempfile::tempdir().unwrap();
    std::fs::create_dir(elsewhere.path().join("src")).unwrap();
    std::fs::write(elsewhere.path().join("src/a.rs"), "a secret\n").unwrap();
    git(place.path(), &["config", "core.worktree", &elsewhere.path().to_string_lossy()]);
    assert!(Repository::open(&program(), place.path()).is_none());
}

#[test]
fn hunks_are_told_apart() {
    let diff = "diff --git a/a.rs b/a.rs\n--- a/a.rs\n+++ b/a.rs\n@@ -1 +1 @@\n--- x\n+++ y\n@@ -9 +9 @@\n-c\ndiff --git a/b b/b\n\
                Binary files a/b and b/b differ\ndiff --git a/gone.rs b/gone.rs\n--- a/gone.rs\n+++ /dev/null\n@@ -1 +0,0 @@\n-z\n";
    let expected =
        [("a.rs", "@@ -1 +1 @@\n--- x\n+++ y\n"), ("a.rs", "@@ -9 +9 @@\n-c\n"), ("gone.rs", "@@ -1 +0,0 @@\n-z\n")];
    assert_eq!(hunks(diff), expected.map(|(path, hunk)| (path.to_owned(), hunk.to_owned())));
}
