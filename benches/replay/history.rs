//! What a repository's commits changed, as places and texts.

use std::path::Path;
use std::process::Command;

/// Longer additions were not typed: they were moved, generated or copied, so they are pasted.
const TYPED_BYTES: usize = 1_500;

/// One changed place of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// Byte offset in the file as it is when all hunks before this one are done.
    pub at: usize,
    /// Bytes that go.
    pub erase: usize,
    pub text: String,
}

impl Hunk {
    pub fn is_pasted(&self) -> bool {
        self.text.len() > TYPED_BYTES
    }
}

/// One file of a commit.
#[derive(Clone, Debug)]
pub struct Change {
    pub path: String,
    pub before: String,
    pub after: String,
    pub hunks: Vec<Hunk>,
}

/// One commit.
#[derive(Clone, Debug)]
pub struct Commit {
    pub id: String,
    /// Files whose text is typed.
    pub changes: Vec<Change>,
    /// All other files that it wrote, whole; None for those that it removed.
    pub others: Vec<(String, Option<Vec<u8>>)>,
}

fn git(repository: &Path, arguments: &[&str]) -> Result<Vec<u8>, String> {
    let output = Command::new("git").arg("-C").arg(repository).args(arguments).output();
    let output = output.map_err(|error| format!("git cannot be run: {error}"))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    let error = String::from_utf8_lossy(&output.stderr);
    Err(format!("git {} in {}: {}", arguments.join(" "), repository.display(), error.trim()))
}

/// The commits that lead to `tip`, newest first, without merges.
pub fn ids(repository: &Path, tip: &str, most: usize) -> Result<Vec<String>, String> {
    let most = format!("--max-count={most}");
    let listed = git(repository, &["rev-list", "--no-merges", "--first-parent", "--min-parents=1", &most, tip])?;
    Ok(String::from_utf8_lossy(&listed).lines().map(str::to_owned).collect())
}

/// Writes the files of a commit into `directory`.
pub fn check_out(repository: &Path, commit: &str, directory: &Path) -> Result<(), String> {
    let archive = git(repository, &["archive", "--format=tar", commit])?;
    let mut tar = Command::new("tar").args(["-x", "-C"]).arg(directory).stdin(std::process::Stdio::piped()).spawn();
    let tar = tar.as_mut().map_err(|error| format!("tar cannot be run: {error}"))?;
    let mut input = tar.stdin.take().expect("a pipe");
    std::io::Write::write_all(&mut input, &archive).map_err(|error| format!("tar: {error}"))?;
    drop(input);
    match tar.wait() {
        Ok(status) if status.success() => Ok(()),
        other => Err(format!("tar: {other:?}")),
    }
}

/// What `id` changed. `is_code` tells which files are typed.
pub fn commit(repository: &Path, id: &str, is_code: impl Fn(&str) -> bool) -> Result<Commit, String> {
    let parent = format!("{id}^");
    let listed = git(repository, &["diff-tree", "-r", "-z", "--no-renames", "--name-status", &parent, id])?;
    let listed = String::from_utf8_lossy(&listed).into_owned();
    let mut fields = listed.split('\0').filter(|field| !field.is_empty());
    let mut commit = Commit { id: id.to_owned(), changes: Vec::new(), others: Vec::new() };
    while let (Some(status), Some(path)) = (fields.next(), fields.next()) {
        let content = |revision: &str| git(repository, &["cat-file", "blob", &format!("{revision}:{path}")]);
        match status {
            "D" => commit.others.push((path.to_owned(), None)),
            "A" | "M" => {
                let after = content(id)?;
                let before = if status == "M" { content(&parent)? } else { Vec::new() };
                match (String::from_utf8(before), String::from_utf8(after.clone())) {
                    (Ok(before), Ok(after)) if is_code(path) => {
                        let hunks = hunks(repository, &parent, id, path, &before, &after)?;
                        commit.changes.push(Change { path: path.to_owned(), before, after, hunks });
                    }
                    _ => commit.others.push((path.to_owned(), Some(after))),
                }
            }
            // Modules and links are no text.
            _ => {}
        }
    }
    Ok(commit)
}

/// Lines as git counts them, each with its line break.
fn lines(text: &str) -> Vec<&str> {
    text.split_inclusive('\n').collect()
}

/// `3,2` of `@@ -3,2 +3,4 @@`: the first line, from 0, and how many.
fn span(field: &str) -> Option<(usize, usize)> {
    let (line, count) = field.split_once(',').unwrap_or((field, "1"));
    let (line, count) = (line.parse::<usize>().ok()?, count.parse().ok()?);
    // Where nothing stands git names the line before.
    Some((if count == 0 { line } else { line.checked_sub(1)? }, count))
}

fn hunks(
    repository: &Path,
    parent: &str,
    id: &str,
    path: &str,
    before: &str,
    after: &str,
) -> Result<Vec<Hunk>, String> {
    if before.is_empty() {
        return Ok(vec![Hunk { at: 0, erase: 0, text: after.to_owned() }]);
    }
    let diff =
        git(repository, &["diff", "-U0", "--no-color", "--no-ext-diff", "--no-renames", parent, id, "--", path])?;
    let (old, new) = (lines(before), lines(after));
    let diff = String::from_utf8_lossy(&diff);
    let mut hunks = Vec::new();
    for header in diff.lines().filter_map(|line| line.strip_prefix("@@ -")) {
        let mut fields = header.split([' ', '+']).filter(|field| !field.is_empty());
        let spans = fields.next().and_then(span).zip(fields.next().and_then(span));
        let Some(((old_line, old_count), (new_line, new_count))) = spans else {
            return Err(format!("a hunk of {path} in {id} cannot be read: {header}"));
        };
        let gone: String = old[old_line..old_line + old_count].concat();
        let come: String = new[new_line..new_line + new_count].concat();
        let start: usize = new[..new_line].iter().map(|line| line.len()).sum();
        // What stands before the place is new text already.
        hunks.push(by_hand(after, start, &gone, &come));
    }
    Ok(hunks)
}

/// How a person does it. New lines are begun at the end of the line above; a changed line is changed where it differs; more
/// lines are written anew in the place of the old ones.
fn by_hand(text: &str, start: usize, gone: &str, come: &str) -> Hunk {
    let is_line = |lines: &str| lines.lines().count() == 1;
    if gone.is_empty() && text[..start].ends_with('\n') && come.ends_with('\n') {
        let line_break = if text[..start].ends_with("\r\n") && come.ends_with("\r\n") { "\r\n" } else { "\n" };
        let lines = &come[..come.len() - line_break.len()];
        return Hunk { at: start - line_break.len(), erase: 0, text: format!("{line_break}{lines}") };
    }
    if is_line(gone) && is_line(come) {
        return narrow(start, gone, come);
    }
    let line_break = ["\r\n", "\n"].into_iter().find(|end| gone.ends_with(end) && come.ends_with(end)).unwrap_or("");
    let text = come[..come.len() - line_break.len()].to_owned();
    Hunk { at: start, erase: gone.len() - line_break.len(), text }
}

/// Leaves what both texts begin and end with in place: nobody types it again.
fn narrow(start: usize, gone: &str, come: &str) -> Hunk {
    let same = |pair: &(char, char)| pair.0 == pair.1;
    let head: usize = gone.chars().zip(come.chars()).take_while(same).map(|(left, _)| left.len_utf8()).sum();
    let (gone, come) = (&gone[head..], &come[head..]);
    let tail: usize =
        gone.chars().rev().zip(come.chars().rev()).take_while(same).map(|(left, _)| left.len_utf8()).sum();
    Hunk { at: start + head, erase: gone.len() - tail, text: come[..come.len() - tail].to_owned() }
}
