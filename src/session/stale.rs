//! Places that an edit left behind, as they are now.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::documents::{file_path, file_uri, workspace_path};
use super::next_edits::Board;
use super::{Session, StalePlaces};
use crate::nextedit::{Page, Standpoint, order};
use crate::text::{Document, Position};

impl Session {
    /// Stale places that are of the documents' current versions, the next one from this cursor first. Takes microseconds;
    /// what is not open has still to be compared with the disk: `is_stale_still`.
    pub fn stale_places(&self, document: &str, position: Position) -> StalePlaces {
        let board = self.next_edits.board().borrow().clone();
        let state = self.state();
        let Some(current) = state.documents.get(document).filter(|_| state.settings.completion.next_edit) else {
            return StalePlaces::default();
        };
        let byte = current.document.byte_at(position, state.encoding);
        let (path, _) = workspace_path(document, &state.folders);
        let by_path: HashMap<PathBuf, &Document> =
            state.documents.all().filter_map(|open| Some((file_path(open.document.id())?, &open.document))).collect();
        let is_current = |page: &Page| match page.is_open {
            true => state.documents.get(page.id()).is_some_and(|open| page.is_of(&open.document)),
            false => !by_path.contains_key(Path::new(&**page.id())),
        };
        let mut places = board.findings.places.clone();
        places.retain(|place| is_current(&place.page));
        let used = |id: &str| state.documents.get(id).map_or(0, |open| open.used);
        order(&mut places, Standpoint { document, path: &path, byte }, &used);
        StalePlaces { places, is_cut: board.findings.is_cut }
    }

    /// Waits until what is stale was sought in the current versions of the documents, at most this long.
    pub async fn stale_places_settled(&self, patience: Duration) {
        let mut boards = self.next_edits.board();
        let settled = boards.wait_for(|board| self.is_up_to_date(board));
        let _ = tokio::time::timeout(patience, settled).await;
    }

    fn is_up_to_date(&self, board: &Board) -> bool {
        let state = self.state();
        let is_seen = |document: &Document| {
            board.seen.get(document.id()).is_none_or(|seen| seen.rope().is_instance(document.rope()))
        };
        let is_off = !state.settings.completion.next_edit;
        is_off || self.next_edits.is_heard(board) && state.documents.all().all(|open| is_seen(&open.document))
    }

    /// The client's name of a page.
    pub fn uri_of(page: &Page) -> String {
        if page.is_open { page.id().to_string() } else { file_uri(Path::new(&**page.id())) }
    }

    /// Whether a page that is not open is still what the disk has, and still not ignored. Reads the file.
    pub fn is_stale_still(&self, page: &Page) -> bool {
        page.is_open || (page.is_on_disk() && self.indexes.of_document(&Self::uri_of(page)).is_some())
    }
}
