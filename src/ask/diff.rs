//! A change that an answer proposes: found in its text, and compared with the files as they are now. Nothing in here writes.

use super::inert::{Part, PartKind};

/// A diff that is longer is not looked at.
const LONGEST: usize = 1 << 20;
/// Files that one answer may change.
const MOST_FILES: usize = 100;
/// Parts of one answer's diff: each is looked for in its whole file.
const MOST_HUNKS: usize = 1000;

/// A proposed change of files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Diff {
    /// The unified diff as the answer has it, without its fence.
    pub text: String,
    /// From the folder's root, with `/`, with the text that each would have. None where it does not apply.
    pub files: Vec<(String, Option<String>)>,
    /// Why it cannot be applied as it stands; None where it can.
    pub problem: Option<String>,
}

/// Collects the diffs among an answer's blocks.
#[derive(Debug, Default)]
pub struct Collector {
    block: String,
    found: String,
}

impl Collector {
    pub fn push(&mut self, parts: &[Part]) {
        for part in parts {
            if part.kind == PartKind::Block && self.block.len() <= LONGEST {
                self.block.push_str(&part.text);
            }
            if part.kind != PartKind::Block {
                self.end();
            }
        }
    }

    /// None where there was none.
    pub fn finish(mut self) -> Option<String> {
        self.end();
        (!self.found.is_empty()).then_some(self.found)
    }

    /// Blocks that follow each other directly come as one text: fences at the margin part them.
    fn end(&mut self) {
        let block = std::mem::take(&mut self.block);
        let mut open: Option<&str> = None;
        let mut is_diff = false;
        for line in block.split_inclusive('\n') {
            let bare = line.trim_end();
            match open {
                None => {
                    let language = bare.trim_start_matches(['`', '~']);
                    open = Some(&bare[..bare.len() - language.len()]);
                    is_diff = matches!(language, "diff" | "patch" | "udiff");
                }
                Some(mark) if bare == mark => open = None,
                Some(_) if is_diff && self.found.len() + line.len() <= LONGEST => self.found.push_str(line),
                Some(_) => {}
            }
        }
    }
}

/// Some lines of a file in its old and in its new form.
#[derive(Debug, Default)]
struct Hunk {
    /// Row of the old text, from 0, as the diff says.
    row: usize,
    old: Vec<String>,
    new: Vec<String>,
}

#[derive(Debug, Default)]
struct FileChange {
    old: Option<String>,
    new: Option<String>,
    hunks: Vec<Hunk>,
}

/// What the files would be. `text`: a file as it is now; `may_create`: whether a new file may stand there.
pub fn check(diff: &str, text: &dyn Fn(&str) -> Option<String>, may_create: &dyn Fn(&str) -> bool) -> Diff {
    let mut checked = Diff { text: diff.to_owned(), ..Diff::default() };
    let changes = match parse(diff) {
        Ok(changes) => changes,
        Err(problem) => {
            checked.problem = Some(problem);
            return checked;
        }
    };
    for change in changes {
        let Some(path) = change.new.clone().or(change.old.clone()) else { continue };
        let outcome = match (&change.old, &change.new) {
            (_, None) => Err(format!("{path}: it deletes the file, which you would do yourself")),
            (None, Some(_)) if text(&path).is_some() || !may_create(&path) => {
                Err(format!("{path}: a new file cannot stand there"))
            }
            (None, Some(_)) => Ok(change.hunks.iter().flat_map(|hunk| hunk.new.iter().cloned()).collect::<String>()),
            (Some(old), Some(new)) if old != new => Err(format!("{path}: it renames {old}")),
            (Some(_), Some(_)) => match checked.files.iter().find(|(known, _)| *known == path) {
                Some(_) => Err(format!("{path}: it is changed twice")),
                None => text(&path)
                    .ok_or_else(|| format!("{path} is not in this workspace"))
                    .and_then(|text| apply(&text, &change.hunks).map_err(|problem| format!("{path}: {problem}"))),
            },
        };
        match outcome {
            Ok(text) => checked.files.push((path, Some(text))),
            Err(problem) => {
                checked.problem.get_or_insert(problem);
                checked.files.push((path, None));
            }
        }
    }
    checked
}

fn parse(diff: &str) -> Result<Vec<FileChange>, String> {
    let mut changes: Vec<FileChange> = Vec::new();
    let mut lines = diff.lines().peekable();
    let mut hunks = 0;
    while let Some(line) = lines.next() {
        if let Some(old) = line.strip_prefix("--- ") {
            let Some(new) = lines.next_if(|line| line.starts_with("+++ ")) else {
                return Err("it names no new file below the old one".to_owned());
            };
            if changes.len() == MOST_FILES {
                return Err(format!("it changes more than {MOST_FILES} files"));
            }
            let (old, new) = (path(old)?, path(new.trim_start_matches("+++ "))?);
            changes.push(FileChange { old, new, hunks: Vec::new() });
        } else if line.starts_with("@@") {
            hunks += 1;
            if hunks > MOST_HUNKS {
                return Err(format!("it has more than {MOST_HUNKS} parts"));
            }
            let Some(change) = changes.last_mut() else { return Err("it names no file".to_owned()) };
            let row = line.split(['-', ',', ' ', '+']).find_map(|word| word.parse::<usize>().ok()).unwrap_or(1);
            change.hunks.push(Hunk { row: row.saturating_sub(1), ..Hunk::default() });
        } else if let Some(hunk) = changes.last_mut().and_then(|change| change.hunks.last_mut()) {
            match line.chars().next() {
                Some('+') => hunk.new.push(format!("{}\n", &line[1..])),
                Some('-') => hunk.old.push(format!("{}\n", &line[1..])),
                Some(' ') => {
                    hunk.old.push(format!("{}\n", &line[1..]));
                    hunk.new.push(format!("{}\n", &line[1..]));
                }
                // Models leave the space of an empty line out.
                None => {
                    hunk.old.push("\n".to_owned());
                    hunk.new.push("\n".to_owned());
                }
                Some('\\') => {}
                Some(_) => {
                    let is_head = ["diff ", "index ", "new file", "similarity ", "rename ", "deleted "];
                    if !is_head.iter().any(|head| line.starts_with(head)) {
                        return Err(format!("this line is of no diff: {}", line.chars().take(60).collect::<String>()));
                    }
                }
            }
        }
    }
    if changes.iter().all(|change| change.hunks.is_empty()) {
        return Err("it changes nothing".to_owned());
    }
    Ok(changes)
}

/// None for `/dev/null`. An error where it leads out of the folder.
fn path(named: &str) -> Result<Option<String>, String> {
    let named = named.split('\t').next().unwrap_or_default().trim().trim_matches('"');
    if named == "/dev/null" {
        return Ok(None);
    }
    let path = named.strip_prefix("a/").or_else(|| named.strip_prefix("b/")).unwrap_or(named);
    let is_inside = path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains(['\\', ':']);
    if is_inside { Ok(Some(path.to_owned())) } else { Err(format!("{named} is no path of this workspace")) }
}

/// Every old line must be there. Where a hunk stands elsewhere than it says, there must be one such place only: models count
/// badly.
fn apply(text: &str, hunks: &[Hunk]) -> Result<String, String> {
    let has_returns = text.contains("\r\n");
    let plain = text.replace("\r\n", "\n");
    let lines: Vec<&str> = plain.split_inclusive('\n').collect();
    let same = |line: &str, old: &str| line.trim_end_matches('\n') == old.trim_end_matches('\n');
    let (mut result, mut done) = (String::new(), 0);
    for (number, hunk) in (1..).zip(hunks) {
        // A diff's last line may be an empty one that is not the file's.
        let mut old = hunk.old.as_slice();
        let mut new = hunk.new.as_slice();
        let fits = |old: &[String], row: usize| {
            let there = lines.get(row..row + old.len());
            there.is_some_and(|there| there.iter().zip(old).all(|(line, old)| same(line, old)))
        };
        let places = |old: &[String]| -> Vec<usize> { (done..=lines.len()).filter(|row| fits(old, *row)).collect() };
        let mut found = places(old);
        if found.is_empty() && old.last().zip(new.last()) == Some((&"\n".to_owned(), &"\n".to_owned())) {
            (old, new) = (&old[..old.len() - 1], &new[..new.len() - 1]);
            found = places(old);
        }
        let row = match found.as_slice() {
            [] => return Err(format!("part {number} does not fit the file as it is now")),
            rows if rows.contains(&hunk.row) => hunk.row,
            [row] => *row,
            _ => return Err(format!("part {number} fits in {} places", found.len())),
        };
        if old.is_empty() && hunk.row > lines.len() {
            return Err(format!("part {number} stands behind the end of the file"));
        }
        let from = done;
        result.extend(lines[from..row].iter().copied());
        if !new.is_empty() && !result.is_empty() && !result.ends_with('\n') {
            result.push('\n');
        }
        let at_end = row + old.len() == lines.len() && !plain.ends_with('\n') && !plain.is_empty();
        let added: String = new.concat();
        result.push_str(if at_end { added.trim_end_matches('\n') } else { &added });
        done = row + old.len();
    }
    result.extend(lines[done..].iter().copied());
    Ok(if has_returns { result.replace('\n', "\r\n") } else { result })
}

#[cfg(test)]
mod tests;
