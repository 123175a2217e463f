//! The sole owner of mutable state; hands out cheap snapshots.
//!
//! Every method is synchronous and takes microseconds. `complete` takes its snapshot before it returns its future, so
//! an answer belongs to the text that stood when the request arrived. Locks are `std::sync::Mutex`, never held across an
//! await.

mod acceptance;
mod accounts;
mod analyst;
mod documents;
mod idle;
mod indexes;
mod repositories;
mod status;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use tracing::Instrument;

use crate::acceptance::Ledger;
use crate::complete::{
    self, Calibration, Flights, Outcome, Patience, Purpose, Reason, Request, Suggestion, Ticket, Trigger, Why,
};
use crate::config::Settings;
use crate::context::Hunk;
use crate::engine::Engine;
use crate::engine::lookup::MAX_DOCUMENTS;
use crate::index::Index;
use crate::text::{Change, Document, DocumentId, Position, PositionEncoding};

use acceptance::Acceptance;
pub use acceptance::{Clock, system_clock};
use accounts::Accounts;
use analyst::Analyst;
pub use documents::file_uri;
use documents::{Documents, OpenDocument};
use idle::Idle;
pub use indexes::IndexPlan;
use indexes::Indexes;
pub use status::Status;
use status::{Busy, StatusBoard};

pub struct Session {
    state: Mutex<State>,
    analyst: Analyst,
    indexes: Arc<Indexes>,
    flights: Arc<Flights>,
    accounts: Accounts,
    acceptance: Arc<Acceptance>,
    board: Arc<StatusBoard>,
    idle: Idle,
}

struct State {
    encoding: PositionEncoding,
    folders: Vec<PathBuf>,
    settings: Arc<Settings>,
    model: Option<Arc<dyn Engine>>,
    calibration: Arc<Calibration>,
    documents: Documents,
}

impl Session {
    /// `model` is absent when no model is wanted (lookup alone). Must be called inside a tokio runtime.
    pub fn new(settings: Settings, model: Option<Arc<dyn Engine>>) -> Arc<Self> {
        let board = StatusBoard::new(model.as_ref().map(|engine| engine.status()));
        let indexes = Indexes::start();
        let analyst = Analyst::start(indexes.clone());
        let mut documents = Documents::default();
        documents.limit_size(settings.completion.max_document_bytes, &analyst);
        let (encoding, settings) = (PositionEncoding::default(), Arc::new(settings));
        let calibration = Arc::default();
        let state = State { encoding, folders: Vec::new(), settings, model, calibration, documents };
        let session = Arc::new(Self {
            state: Mutex::new(state),
            analyst,
            indexes,
            flights: Arc::default(),
            accounts: Accounts::default(),
            acceptance: Arc::default(),
            board,
            idle: Idle::new(),
        });
        Idle::follow(&session);
        session
    }

    /// Once, before the first document: the negotiated encoding and the workspace folders.
    pub fn initialize(&self, encoding: PositionEncoding, folders: Vec<PathBuf>) {
        let mut state = self.state();
        state.encoding = encoding;
        state.folders = folders;
    }

    /// Takes effect with the next request. Engine settings need a new session: see `set_model`.
    pub fn configure(&self, settings: Settings) {
        let mut state = self.state();
        if *state.settings == settings {
            return;
        }
        state.documents.limit_size(settings.completion.max_document_bytes, &self.analyst);
        self.acceptance.configure(&settings.stats);
        state.settings = Arc::new(settings);
        state.documents.forget_suggestions();
    }

    /// Replaces the engine; requests under way end with the old one.
    pub fn set_model(&self, model: Option<Arc<dyn Engine>>) {
        let mut state = self.state();
        self.board.follow(model.as_ref().map(|engine| engine.status()));
        state.model = model;
        state.documents.forget_suggestions();
    }

    /// What the confidences of the engine are worth. Comes with the engine, see `set_model`.
    pub fn set_calibration(&self, calibration: Calibration) {
        let mut state = self.state();
        state.calibration = Arc::new(calibration);
        state.documents.forget_suggestions();
    }

    /// Indexes these folders from now on; None ends all indexes.
    pub fn set_indexes(&self, plan: Option<IndexPlan>) {
        if self.indexes.open(plan) {
            // What is open already comes first.
            self.state().documents.analyse_again(&self.analyst);
        }
    }

    /// The indexes of the folders, in their order.
    pub fn indexes(&self) -> Vec<Arc<Index>> {
        self.indexes.all()
    }

    /// The index that a document belongs to, with its path in it.
    pub fn index_of(&self, document: &str) -> Option<(Arc<Index>, String)> {
        self.indexes.of_document(document)
    }

    /// Whether lookup copies from the files around this one by now. It learns them after they are indexed.
    pub fn knows_repository_of(&self, document: &str) -> bool {
        self.indexes.vantage(document, std::iter::empty()).is_some()
    }

    /// The client says that these files came, changed or went.
    pub fn files_changed(&self, paths: &[PathBuf]) {
        self.indexes.files_changed(paths);
    }

    pub fn settings(&self) -> Arc<Settings> {
        self.state().settings.clone()
    }

    pub fn encoding(&self) -> PositionEncoding {
        self.state().encoding
    }

    /// Opening an open document replaces it.
    pub fn open(&self, document: &str, language_id: &str, version: i32, text: &str) {
        // Building and dropping a large text takes milliseconds: outside the lock.
        let document = Document::new(document, language_id, version, text);
        let id = document.id().clone();
        let mut state = self.state();
        let before = state.documents.open(document.clone(), &self.analyst);
        if before.is_some() {
            self.acceptance.closed(&id);
        }
        self.acceptance.opened(&document);
        drop(state);
        drop(before);
    }

    /// Changes of an unknown document are ignored with a warning in the log.
    pub fn change(&self, document: &str, version: i32, changes: &[Change]) {
        let mut state = self.state();
        let encoding = state.encoding;
        let Some(edits) = state.documents.change(document, version, changes, encoding, &self.analyst) else {
            tracing::warn!(document, version, "change of a document that is not open");
            return;
        };
        if let Some(open) = state.documents.get(document) {
            self.acceptance.changed(document, open.document.rope(), &edits, changes);
            if let Some(edit) = edits.last() {
                self.idle.note(open.document.id(), edit.new_end_byte);
            }
        }
    }

    pub fn close(&self, document: &str) {
        let closed = self.state().documents.close(document);
        self.acceptance.closed(document);
        self.indexes.document_closed(document);
        drop(closed);
    }

    pub fn document(&self, document: &str) -> Option<Document> {
        self.state().documents.get(document).map(|open| open.document.clone())
    }

    /// Ghost text: `complete_within` with the patience for it.
    pub fn complete(
        self: &Arc<Self>,
        document: &str,
        position: Position,
        trigger: Trigger,
    ) -> impl Future<Output = Outcome> + Send + 'static {
        self.complete_within(document, position, trigger, Patience::GHOST_TEXT)
    }

    /// The snapshot is taken before this returns; the future may be dropped at any await, which cancels the work.
    /// It makes every older request of the document stale, and is made stale by an edit or a newer request.
    pub fn complete_within(
        self: &Arc<Self>,
        document: &str,
        position: Position,
        trigger: Trigger,
        patience: Patience,
    ) -> impl Future<Output = Outcome> + Send + 'static {
        let started = Instant::now();
        let request = self.request(document, position, trigger, patience);
        let recalled = request.as_ref().and_then(complete::recall);
        let busy = Busy::enter(&self.board);
        let session = self.clone();
        let span = tracing::debug_span!("completion", document, ?trigger);
        let answer = async move {
            let _busy = busy;
            let Some(request) = request else { return Outcome::Nothing(Reason::UnknownDocument) };
            let (outcome, why) = match recalled {
                Some(recalled) => recalled,
                None => complete::suggest(request).await,
            };
            session.board.answered(&outcome, started.elapsed(), session.flights.counts());
            session.accounts.keep(why);
            outcome
        };
        answer.instrument(span)
    }

    /// Counts from now on what becomes of suggestions, as long as the settings want it. Once, before the first document.
    pub fn keep_figures(&self, ledger: Arc<dyn Ledger>, clock: Clock) {
        self.acceptance.keep(ledger, clock, &self.settings().stats);
    }

    /// Whether clients are worth asking to tell what they accept.
    pub fn keeps_figures(&self) -> bool {
        self.acceptance.is_kept()
    }

    /// The client is about to show these for a request about this text: best first, or nothing. What follows the acceptance
    /// of the first is prepared from now on. Returns the number by which the client may tell that it accepted one; none
    /// where nobody counts, or the text has changed since.
    pub fn shown(
        &self,
        document: &Document,
        position: Position,
        trigger: Trigger,
        suggestions: &[Suggestion],
    ) -> Option<u64> {
        let offset = document.byte_at(position, self.encoding());
        self.look_ahead(document, offset, suggestions);
        if !self.acceptance.is_kept() {
            return None;
        }
        let state = self.state();
        let current = state.documents.get(document.id())?;
        if !current.document.rope().is_instance(document.rope()) {
            return None;
        }
        let engine = state.model.as_deref().map(acceptance::engine_name);
        let cost = self.accounts.cost(document.id(), offset).unwrap_or_default();
        let choices = acceptance::choices(document, offset, trigger, suggestions, engine.as_deref(), cost);
        self.acceptance.answered(document, offset, trigger, &choices)
    }

    /// The client says that it accepted a suggestion: the number that `shown` gave, and which one of them.
    pub fn accepted(&self, number: u64, choice: usize) {
        self.acceptance.accepted(number, choice);
    }

    /// Decides what is undecided and waits until it is stored, at most `deadline`. At the end, when no client is left.
    pub fn close_figures(&self, deadline: std::time::Duration) {
        self.acceptance.end(deadline);
    }

    /// The account of the newest request at this position (or, without one, of the document's newest).
    pub fn why(&self, document: &str, position: Position) -> Option<Why> {
        let offset = {
            let state = self.state();
            let open = state.documents.get(document)?;
            open.document.byte_at(position, state.encoding)
        };
        self.accounts.find(document, offset)
    }

    pub fn status(&self) -> watch::Receiver<Status> {
        self.board.subscribe()
    }

    fn request(&self, document: &str, position: Position, trigger: Trigger, patience: Patience) -> Option<Request> {
        self.state().documents.visit(document);
        let request = self.snapshot(document, trigger, patience, |open, encoding| {
            Some((open.document.byte_at(position, encoding), open.lane.ticket()))
        })?;
        self.idle.note(request.document.id(), request.offset);
        Some(request)
    }

    /// All that a request needs at the offset, and with the ticket, that `place` chooses.
    fn snapshot(
        &self,
        document: &str,
        trigger: Trigger,
        patience: Patience,
        place: impl FnOnce(&OpenDocument, PositionEncoding) -> Option<(usize, Ticket)>,
    ) -> Option<Request> {
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
            settings: Arc::default(),
            path: String::new(),
            repository: None,
            ticket,
            lane: open.lane.clone(),
            analysis: open.analysis.subscribe(),
            revision: open.revision,
            others: Vec::new(),
            edits: Vec::new(),
            index: None,
            vantage: None,
            model: None,
            calibration: Arc::default(),
            flights: self.flights.clone(),
        };
        let (path, repository) = documents::workspace_path(document, &state.folders);
        let (ids, others): (Vec<DocumentId>, _) = state.documents.other_tokens(document).into_iter().unzip();
        let request = Request {
            settings: state.settings.clone(),
            path,
            repository,
            others,
            model: state.model.clone(),
            calibration: state.calibration.clone(),
            ..request
        };
        let hunks: Vec<Hunk> = state.documents.recent.hunks().cloned().collect();
        drop(state);
        // Ignore rules may have to be read, so without the lock. What is ignored enters no prompt but its own.
        let named = |hunk: Hunk| Some((self.indexes.of_document(&hunk.document)?.1, hunk));
        let edits = hunks.into_iter().filter_map(named).collect();
        let index = self.indexes.of_document(document);
        // Documents that lookup does not read themselves count as the index has them.
        let read = ids.iter().take(MAX_DOCUMENTS).map(|id| &**id);
        Some(Request { edits, index, vantage: self.indexes.vantage(document, read), ..request })
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
