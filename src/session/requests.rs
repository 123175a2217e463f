//! The snapshot that a completion request works on.

use std::sync::Arc;
use std::time::Duration;

use super::documents::{self, OpenDocument};
use super::{Asked, Session};
use crate::complete::{Patience, Purpose, Reason, Request, Ticket, Trigger, Why};
use crate::context::{Hunk, View};
use crate::engine::Origin;
use crate::engine::lookup::MAX_DOCUMENTS;
use crate::index::Viewed;
use crate::text::{DocumentId, Position, PositionEncoding};

impl Session {
    /// What is to be told of a request that is not answered.
    pub(super) fn asked(
        &self,
        document: &str,
        position: Position,
        trigger: Trigger,
        request: Option<&Request>,
    ) -> Asked {
        let (why, place) = match request {
            Some(request) => {
                let place = request.document.position_at(request.offset, PositionEncoding::Utf32);
                (Why::unanswered(request), place)
            }
            None => (Why::silent(document.into(), trigger, Reason::UnknownDocument), position),
        };
        let (line, column) = (place.line.saturating_add(1), place.character.saturating_add(1));
        Asked { unix: (self.clock)().unix, line, column, why }
    }

    pub(super) fn request(
        &self,
        document: &str,
        position: Position,
        trigger: Trigger,
        patience: Patience,
    ) -> Option<Request> {
        self.state().documents.visit(document);
        let request = self.snapshot(document, trigger, patience, |open, encoding| {
            Some((open.document.byte_at(position, encoding), open.lane.ticket()))
        })?;
        self.idle.note(request.document.id(), request.offset);
        Some(request)
    }

    /// All that a request needs at the offset, and with the ticket, that `place` chooses.
    pub(super) fn snapshot(
        &self,
        document: &str,
        trigger: Trigger,
        patience: Patience,
        place: impl FnOnce(&OpenDocument, PositionEncoding) -> Option<(usize, Ticket)>,
    ) -> Option<Request> {
        let now = (self.clock)();
        let paused = self.paused().map(|pause| pause.at(now));
        let mut state = self.state();
        let encoding = state.encoding;
        let open = state.documents.touch(document)?;
        let (offset, ticket) = place(open, encoding)?;
        let request = Request {
            offset,
            document: open.document.clone(),
            trigger,
            purpose: Purpose::Answer,
            patience,
            debounce: Duration::ZERO,
            settings: Arc::default(),
            disabled_paths: Arc::default(),
            paused,
            path: String::new(),
            repository: None,
            origin: Arc::default(),
            ticket,
            lane: open.lane.clone(),
            analysis: open.analysis.subscribe(),
            revision: open.revision,
            others: Vec::new(),
            edits: Vec::new(),
            viewed: Vec::new(),
            index: None,
            vantage: None,
            model: None,
            with_lookup: state.with_lookup,
            calibration: Arc::default(),
            flights: self.flights.clone(),
        };
        let (path, repository) = documents::workspace_path(document, &state.folders);
        let folder = documents::folder_of(document, &state.folders);
        let others = state.folders.iter().filter(|other| Some(*other) != folder).cloned().collect();
        let origin = Arc::new(Origin { folder: folder.cloned(), others });
        let (ids, others): (Vec<DocumentId>, _) = state.documents.other_tokens(document).into_iter().unzip();
        let request = Request {
            debounce: self.rhythm.wait(state.settings.completion.debounce_ms, document, now.ms),
            settings: state.settings.clone(),
            disabled_paths: state.disabled_paths.clone(),
            path,
            repository,
            origin,
            others,
            model: state.model.clone(),
            calibration: state.calibration.clone(),
            ..request
        };
        let hunks: Vec<Hunk> = state.documents.recent.hunks().cloned().collect();
        state.documents.viewed(document, request.offset);
        let views: Vec<View> = state.documents.views.places().skip(1).cloned().collect();
        drop(state);
        // Ignore rules may have to be read, so without the lock. What is ignored enters no prompt but its own.
        let named = |hunk: Hunk| Some((self.indexes.of_document(&hunk.document)?.1, hunk));
        let edits = hunks.into_iter().filter_map(named).collect();
        let index = self.indexes.of_document(document);
        let in_same = |view: View| {
            let (other, path) = self.indexes.of_document(&view.document)?;
            let is_same = index.as_ref().is_some_and(|(index, _)| Arc::ptr_eq(index, &other));
            is_same.then_some(Viewed { path, row: u32::try_from(view.row).ok()? })
        };
        let viewed = views.into_iter().filter_map(in_same).collect();
        // Documents that lookup does not read themselves count as the index has them.
        let read = ids.iter().take(MAX_DOCUMENTS).map(|id| &**id);
        Some(Request { edits, viewed, index, vantage: self.indexes.vantage(document, read), ..request })
    }
}
