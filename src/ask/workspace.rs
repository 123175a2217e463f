//! What a question may look at: one folder's index, and the documents as they are in the editor.

use std::path::PathBuf;
use std::sync::Arc;

use ropey::Rope;

use super::cite::Files;
use crate::config::Settings;
use crate::index::Index;

/// A document that is open in an editor, saved or not. Cloning it is cheap.
#[derive(Clone, Debug)]
pub struct OpenText {
    /// From the folder's root, with `/`.
    pub path: String,
    pub text: Rope,
}

/// The folder that a question is about, as it is at the moment of asking. Cheap to make: nothing in it is copied.
///
/// Of several folders it is the one of the focus, else the first: paths, policy and consent are a folder's.
#[derive(Clone, Debug)]
pub struct Workspace {
    pub index: Arc<Index>,
    /// Of this folder, the one that was looked at last first.
    pub documents: Vec<OpenText>,
    /// As they hold for this folder.
    pub settings: Arc<Settings>,
    /// The user's alone (`config::Loaded::user`): what opens the cloud must stand in these.
    pub user: Arc<Settings>,
    /// To find `git` with; None leaves changes and history out.
    pub git: Option<PathBuf>,
}

impl Workspace {
    /// A file's text as the editor or the disk has it now; `path` from the root. None where it is neither open nor indexed.
    pub fn text(&self, path: &str) -> Option<String> {
        match self.documents.iter().find(|document| document.path == path) {
            Some(document) => Some(document.text.to_string()),
            None => self.index.text(path),
        }
    }

    /// The folder's name, for people.
    pub fn name(&self) -> String {
        self.index.root().file_name().map_or_else(|| "workspace".to_owned(), |name| name.to_string_lossy().into_owned())
    }

    /// The file that somebody means by a path: the file itself, or the only one whose path ends so.
    pub fn find(&self, named: &str) -> Option<String> {
        let named = named.trim_start_matches("./");
        if named.is_empty() {
            return None;
        }
        let state = self.index.read();
        if state.find(named).is_some() || self.documents.iter().any(|document| document.path == named) {
            return Some(named.to_owned());
        }
        let is_end = |path: &str| path.strip_suffix(named).is_some_and(|before| before.ends_with('/'));
        let mut ends = state.files().map(|(_, file)| &*file.path).filter(|path| is_end(path));
        let first = ends.next()?.to_owned();
        ends.next().is_none().then_some(first)
    }
}

impl Files for Workspace {
    fn find(&self, path: &str) -> Option<String> {
        Self::find(self, path)
    }

    fn text(&self, path: &str) -> Option<Arc<str>> {
        Self::text(self, path).map(Arc::from)
    }
}
