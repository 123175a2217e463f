//! The open documents and what hangs on each.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::analyst::{Analyst, Backlog};
use crate::complete::Lane;
use crate::context::{RecentEdits, RecentViews};
use crate::engine::lookup::DocumentTokens;
use crate::text::{Change, Document, DocumentId, Edit, PositionEncoding};

/// Other documents that the lookup engine copies from. Copilot reads at most 20 open tabs.
const OTHER_DOCUMENTS: usize = 20;

#[derive(Debug)]
pub struct OpenDocument {
    pub document: Document,
    pub lane: Arc<Lane>,
    /// The analysis that will belong to `document` has this revision.
    pub revision: u64,
    pub analysis: Arc<Backlog>,
    /// Too large to be analysed; requests are refused anyway.
    oversized: bool,
    /// When it was last opened, changed or asked for, as a count.
    pub used: u64,
}

impl OpenDocument {
    /// Analyses the text from the beginning: its edits were not recorded.
    fn start_over(&mut self, analyst: &Analyst) {
        (self.analysis, self.revision) = Backlog::new(self.document.clone());
        analyst.wake(&self.analysis);
    }
}

#[derive(Debug, Default)]
pub struct Documents {
    open: HashMap<DocumentId, OpenDocument>,
    clock: u64,
    most_bytes: usize,
    /// Where the user was last.
    visited: Option<DocumentId>,
    pub recent: RecentEdits,
    pub views: RecentViews,
}

impl Documents {
    /// Returns what was open under this name before, for the caller to drop where it holds nobody up.
    pub fn open(&mut self, document: Document, analyst: &Analyst) -> Option<OpenDocument> {
        self.clock += 1;
        let (analysis, revision) = Backlog::new(document.clone());
        let oversized = document.len_bytes() > self.most_bytes;
        if !oversized {
            analyst.wake(&analysis);
        }
        let id = document.id().clone();
        self.views.record(&id, 0);
        let lane = Arc::default();
        let open = OpenDocument { document, lane, revision, analysis, oversized, used: self.clock };
        let before = self.open.insert(id, open);
        if let Some(before) = &before {
            before.lane.touch();
            before.analysis.close();
        }
        before
    }

    /// Documents above this size in bytes are not analysed; requests for them are refused anyway.
    pub fn limit_size(&mut self, most_bytes: usize, analyst: &Analyst) {
        self.most_bytes = most_bytes;
        for open in self.open.values_mut() {
            let was_oversized = std::mem::replace(&mut open.oversized, open.document.len_bytes() > most_bytes);
            if was_oversized && !open.oversized {
                open.start_over(analyst);
            }
        }
    }

    /// What was changed, one edit a change. None when the document is not open.
    pub fn change(
        &mut self,
        id: &str,
        version: i32,
        changes: &[Change],
        encoding: PositionEncoding,
        analyst: &Analyst,
    ) -> Option<Vec<Edit>> {
        self.clock += 1;
        self.visit(id);
        let most_bytes = self.most_bytes;
        let open = self.open.get_mut(id)?;
        open.used = self.clock;
        let before = open.document.rope().clone();
        let edits = open.document.apply(version, changes, encoding);
        self.recent.record(open.document.id(), &before, open.document.rope(), &edits);
        self.views.edited(open.document.id(), &edits);
        open.lane.changed(open.document.rope(), &edits);
        let was_oversized = std::mem::replace(&mut open.oversized, open.document.len_bytes() > most_bytes);
        if open.oversized {
            return Some(edits);
        }
        if was_oversized {
            open.start_over(analyst);
        } else {
            open.revision = open.analysis.add(open.document.clone(), edits.clone());
            analyst.wake(&open.analysis);
        }
        Some(edits)
    }

    /// Returns it for the caller to drop where it holds nobody up.
    pub fn close(&mut self, id: &str) -> Option<OpenDocument> {
        let open = self.open.remove(id)?;
        open.lane.touch();
        open.analysis.close();
        Some(open)
    }

    /// Analyses every document once more, for who follows the analyses from now on. The newest analysis cannot be handed
    /// out instead: the document may have moved on since.
    pub fn analyse_again(&mut self, analyst: &Analyst) {
        for open in self.open.values_mut().filter(|open| !open.oversized) {
            open.revision = open.analysis.add(open.document.clone(), Vec::new());
            analyst.wake(&open.analysis);
        }
    }

    pub fn all(&self) -> impl Iterator<Item = &OpenDocument> {
        self.open.values()
    }

    /// The user edits or asks in this document: what another one showed is no longer on the screen.
    pub fn visit(&mut self, id: &str) {
        if self.visited.as_deref() == Some(id) {
            return;
        }
        if let Some(left) = self.visited.take().and_then(|left| self.open.get(&left)) {
            left.lane.leave();
        }
        self.visited = self.open.get(id).map(|open| open.document.id().clone());
    }

    pub fn get(&self, id: &str) -> Option<&OpenDocument> {
        self.open.get(id)
    }

    /// The same, and remembers that it is in use.
    pub fn touch(&mut self, id: &str) -> Option<&OpenDocument> {
        self.clock += 1;
        let open = self.open.get_mut(id)?;
        open.used = self.clock;
        Some(open)
    }

    /// The user is at this byte of a document.
    pub fn viewed(&mut self, id: &str, offset: usize) {
        if let Some(open) = self.open.get(id) {
            self.views.record(open.document.id(), open.document.point_at(offset).row);
        }
    }

    /// Token streams of the other documents, most recently used first.
    pub fn other_tokens(&self, id: &str) -> Vec<(DocumentId, Arc<DocumentTokens>)> {
        let mut others: Vec<&OpenDocument> =
            self.open.values().filter(|open| &**open.document.id() != id && !open.oversized).collect();
        others.sort_by_key(|open| std::cmp::Reverse(open.used));
        let tokens = |open: &OpenDocument| Some((open.document.id().clone(), open.analysis.latest().tokens?));
        others.into_iter().take(OTHER_DOCUMENTS).filter_map(tokens).collect()
    }

    /// Every request under way is stale.
    pub fn overtake_requests(&self) {
        self.open.values().for_each(|open| open.lane.touch());
    }

    pub fn forget_suggestions(&mut self) {
        for open in self.open.values() {
            open.lane.touch();
            open.lane.forget();
        }
    }
}

/// The innermost of these folders that holds the document.
pub fn folder_of<'a>(id: &str, folders: &'a [PathBuf]) -> Option<&'a PathBuf> {
    let path = file_path(id)?;
    let inside = folders.iter().filter(|folder| path.starts_with(folder));
    inside.max_by_key(|folder| folder.as_os_str().len())
}

/// The path to name in a prompt: relative to the workspace folder that holds the document, with the folder's name; the
/// last part of the URI when no folder does. Never an absolute path: the model need not know the user's home.
pub fn workspace_path(id: &str, folders: &[PathBuf]) -> (String, Option<String>) {
    let path = file_path(id);
    let inside = folder_of(id, folders).and_then(|folder| Some((folder, path.as_deref()?.strip_prefix(folder).ok()?)));
    match inside {
        Some((folder, rest)) => {
            let name = folder.file_name().map(|name| name.to_string_lossy().into_owned());
            (rest.to_string_lossy().replace('\\', "/"), name)
        }
        None => {
            let name = path.as_ref().and_then(|path| path.file_name()).map(|name| name.to_string_lossy().into_owned());
            (name.unwrap_or_else(|| id.rsplit(['/', ':']).next().unwrap_or_default().to_owned()), None)
        }
    }
}

/// The path of a `file:` URI, percent-decoded. None for other schemes.
pub fn file_path(id: &str) -> Option<PathBuf> {
    let rest = id.strip_prefix("file://")?;
    let rest = &rest[rest.find('/')?..];
    let mut bytes = Vec::with_capacity(rest.len());
    let mut input = rest.bytes();
    while let Some(byte) = input.next() {
        let decoded = if byte == b'%' { decode(&mut input) } else { None };
        bytes.push(decoded.unwrap_or(byte));
    }
    let path = String::from_utf8_lossy(&bytes).into_owned();
    // `/C:/x` is how a Windows drive stands in a URI.
    let drive = cfg!(windows) && path.as_bytes().get(2) == Some(&b':');
    Some(PathBuf::from(if drive { &path[1..] } else { &path }))
}

fn decode(input: &mut std::str::Bytes<'_>) -> Option<u8> {
    let mut ahead = input.clone();
    let high = char::from(ahead.next()?).to_digit(16)?;
    let low = char::from(ahead.next()?).to_digit(16)?;
    *input = ahead;
    u8::try_from(high * 16 + low).ok()
}

/// The `file:` URI of an absolute path, as editors write it: the other way round.
pub fn file_uri(file: &Path) -> String {
    let path = file.to_string_lossy().replace('\\', "/");
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "file:///" });
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b':' => {
                uri.push(char::from(byte));
            }
            _ => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(id: &str, expected: (&str, Option<&str>)) {
        let folders = [PathBuf::from("/proj"), PathBuf::from("/proj/inner")];
        let (path, repository) = workspace_path(id, &folders);
        assert_eq!((path.as_str(), repository.as_deref()), expected);
    }

    #[test]
    fn paths_are_relative_to_the_innermost_folder() {
        check("file:///proj/src/a.rs", ("src/a.rs", Some("proj")));
        check("file:///proj/inner/src/a.rs", ("src/a.rs", Some("inner")));
    }

    #[test]
    fn outside_the_workspace_only_the_name_is_told() {
        check("file:///etc/secret/a.rs", ("a.rs", None));
        check("untitled:Untitled-1", ("Untitled-1", None));
        check("vscode-notebook-cell:/x/a.ipynb#C1", ("a.ipynb#C1", None));
    }

    #[test]
    fn uris_are_what_editors_send() {
        assert_eq!(file_uri(Path::new("/a b/ü#.rs")), "file:///a%20b/%C3%BC%23.rs");
        assert_eq!(file_uri(Path::new("C:/x.rs")), "file:///C:/x.rs");
        assert_eq!(file_path(&file_uri(Path::new("/a b/ü%20.rs"))), Some("/a b/ü%20.rs".into()));
    }

    #[test]
    fn percent_encoding_is_decoded_and_nonsense_kept() {
        check("file:///proj/a%20b/%C3%A9.rs", ("a b/é.rs", Some("proj")));
        check("file:///proj/100%/%zz.rs", ("100%/%zz.rs", Some("proj")));
        check("file://", ("", None));
    }
}
