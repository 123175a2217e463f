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
mod next_edits;
mod pause;
pub mod questions;
mod repositories;
mod requests;
mod rhythm;
mod stale;
mod status;
pub mod witness;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::watch;
use tracing::Instrument;

use crate::acceptance::Ledger;
use crate::complete::{self, Calibration, Flights, Outcome, Patience, Reason, Suggestion, Trigger, Why};
use crate::config::Settings;
use crate::engine::Engine;
use crate::index::{Index, Meaning};
use crate::privacy::PathPatterns;
use crate::text::{Change, Document, Position, PositionEncoding};

use acceptance::Acceptance;
pub use acceptance::{Clock, system_clock};
pub use accounts::Asked;
use accounts::{Accounts, Pending};
use analyst::Analyst;
use documents::Documents;
pub use documents::{file_path, file_uri};
use idle::Idle;
pub use indexes::IndexPlan;
use indexes::Indexes;
pub use next_edits::StalePlaces;
use next_edits::{Event, NextEdits};
use pause::PauseSwitch;
pub use pause::{LONGEST_PAUSE_MINUTES, Pause};
use questions::Questions;
use rhythm::{Rhythm, model_ms};
use status::{Busy, StatusBoard};
pub use status::{CloudStatus, LastAnswer, QuestionStatus, SpentStatus, Status};

pub struct Session {
    state: Mutex<State>,
    analyst: Analyst,
    indexes: Arc<Indexes>,
    next_edits: Arc<NextEdits>,
    flights: Arc<Flights>,
    accounts: Arc<Accounts>,
    acceptance: Arc<Acceptance>,
    board: Arc<StatusBoard>,
    idle: Idle,
    clock: Clock,
    pause: PauseSwitch,
    /// Ends a pause in time for the status.
    pause_timer: Mutex<Option<tokio::task::AbortHandle>>,
    rhythm: Rhythm,
    questions: Questions,
}

struct State {
    encoding: PositionEncoding,
    /// The client's name for itself.
    client: Option<String>,
    folders: Vec<PathBuf>,
    settings: Arc<Settings>,
    /// The user's alone: what opens the cloud must stand in these.
    user: Arc<Settings>,
    /// The editor does not trust the folders.
    is_restricted: bool,
    disabled_paths: Arc<PathPatterns>,
    model: Option<Arc<dyn Engine>>,
    with_lookup: bool,
    calibration: Arc<Calibration>,
    documents: Documents,
}

impl Session {
    /// `model` is absent when no model is wanted (lookup alone). Must be called inside a tokio runtime.
    pub fn new(settings: Settings, model: Option<Arc<dyn Engine>>) -> Arc<Self> {
        Self::with_clock(settings, model, system_clock())
    }

    /// `new` with a clock for what the user does: pauses, and the rhythm of typing.
    pub fn with_clock(settings: Settings, model: Option<Arc<dyn Engine>>, clock: Clock) -> Arc<Self> {
        let board = StatusBoard::new(model.as_ref().map(|engine| engine.status()));
        board.set_eagerness(settings.completion.eagerness);
        let next_edits = NextEdits::start();
        next_edits.enable(settings.completion.next_edit);
        let indexes = Indexes::start(next_edits.clone(), board.clone());
        let analyst = Analyst::start(indexes.clone());
        let mut documents = Documents::default();
        documents.limit_size(settings.completion.max_document_bytes, &analyst);
        let disabled_paths = Arc::new(PathPatterns::new(&settings.completion.disabled_paths));
        let (encoding, settings) = (PositionEncoding::default(), Arc::new(settings));
        let calibration = Arc::default();
        let state = State {
            encoding,
            client: None,
            folders: Vec::new(),
            user: settings.clone(),
            settings,
            is_restricted: false,
            disabled_paths,
            model,
            with_lookup: true,
            calibration,
            documents,
        };
        let session = Arc::new(Self {
            state: Mutex::new(state),
            analyst,
            indexes,
            next_edits,
            flights: Arc::default(),
            accounts: Arc::default(),
            acceptance: Arc::default(),
            board,
            idle: Idle::new(),
            clock,
            pause: PauseSwitch::default(),
            pause_timer: Mutex::default(),
            rhythm: Rhythm::default(),
            questions: Questions::default(),
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

    /// The client says who it is.
    pub fn introduce(&self, client: String) {
        self.state().client = Some(client);
    }

    /// Takes effect with the next request. Engine settings need a new session: see `set_model`.
    pub fn configure(&self, settings: Settings) {
        let mut state = self.state();
        if *state.settings == settings {
            return;
        }
        state.documents.limit_size(settings.completion.max_document_bytes, &self.analyst);
        self.acceptance.configure(&settings.stats);
        self.next_edits.enable(settings.completion.next_edit);
        self.board.set_eagerness(settings.completion.eagerness);
        state.disabled_paths = Arc::new(PathPatterns::new(&settings.completion.disabled_paths));
        state.settings = Arc::new(settings);
        state.documents.forget_suggestions();
    }

    /// What the user alone has set, without the editor's and the folders' settings. For questions.
    pub fn configure_user(&self, user: Settings) {
        self.state().user = Arc::new(user);
    }

    /// The user's own settings, without what may come from a folder.
    pub fn user_settings(&self) -> Arc<Settings> {
        self.state().user.clone()
    }

    /// While the editor does not trust the folders every question is answered on this machine. The settings say the same; what
    /// is under way was asked under others, so it ends.
    pub fn restrict(&self, is_restricted: bool) {
        let before = std::mem::replace(&mut self.state().is_restricted, is_restricted);
        if is_restricted && !before {
            self.cancel_questions(None);
        }
    }

    /// Whether the editor does not trust the folders.
    pub fn is_restricted(&self) -> bool {
        self.state().is_restricted
    }

    /// Replaces the engine; requests under way end with the old one.
    pub fn set_model(&self, model: Option<Arc<dyn Engine>>) {
        let mut state = self.state();
        self.board.follow(model.as_ref().map(|engine| engine.status()));
        let before = std::mem::replace(&mut state.model, model);
        state.documents.forget_suggestions();
        drop(state);
        // Requests under way hold it still.
        if let Some(before) = before {
            before.retire();
        }
    }

    /// The process is about to end: the engine writes down what has to be written, at most `deadline` long.
    pub async fn close_model(&self, deadline: std::time::Duration) {
        let model = self.state().model.clone();
        if let Some(model) = model {
            let closing = tokio::task::spawn_blocking(move || model.close());
            let _ = tokio::time::timeout(deadline, closing).await;
        }
    }

    /// The user saw what a paid service would be told of this folder, and said yes. An error is a sentence.
    pub fn allow_suggestions(&self, folder: PathBuf) -> impl Future<Output = Result<(), String>> + Send + use<> {
        let model = self.state().model.clone();
        async move {
            let model = model.ok_or_else(|| "no paid service writes suggestions here".to_owned())?;
            let allowing = tokio::task::spawn_blocking(move || model.allow(&folder)).await;
            allowing.unwrap_or_else(|_| Err("it could not be written down; the log says more".to_owned()))
        }
    }

    /// Whether lookup has a part in what is suggested. It always has, but where a model is measured alone.
    pub fn set_lookup(&self, with_lookup: bool) {
        let mut state = self.state();
        state.with_lookup = with_lookup;
        state.documents.forget_suggestions();
    }

    /// What the confidences of the engine are worth. Comes with the engine, see `set_model`.
    pub fn set_calibration(&self, calibration: Calibration) {
        let mut state = self.state();
        state.calibration = Arc::new(calibration);
        state.documents.forget_suggestions();
    }

    /// What the folders are searched by meaning with, from now on; None leaves words.
    pub fn understand(&self, meaning: Option<Meaning>) {
        self.indexes.understand(meaning);
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
        // Before anybody can have taken it up.
        if self.indexes.hold(&id) {
            self.next_edits.tell(&id, Event::Opened(document.clone()));
        }
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
            self.rhythm.changed(open.document.id(), &edits, changes, (self.clock)().ms);
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
        let pending = Pending::new(&self.accounts, self.asked(document, position, trigger, request.as_ref()));
        let busy = (Busy::enter(&self.board), self.indexes.urgent());
        let session = self.clone();
        let span = tracing::debug_span!("completion", document, ?trigger);
        let answer = async move {
            let _busy = busy;
            let Some(request) = request else {
                let outcome = Outcome::Nothing(Reason::UnknownDocument);
                session.board.answered(&outcome, started.elapsed(), session.flights.counts());
                return outcome;
            };
            let (outcome, why) = match recalled {
                Some(recalled) => recalled,
                None => complete::suggest(request).await,
            };
            session.board.answered(&outcome, started.elapsed(), session.flights.counts());
            if let Some(ms) = model_ms(&why) {
                session.rhythm.answered(ms);
            }
            pending.answered(why);
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

    /// The newest account of all documents.
    pub fn last_request(&self) -> Option<Asked> {
        self.accounts.newest()
    }

    /// The client cannot show what the newest request at this place of this text came to.
    pub fn withhold(&self, document: &Document, position: Position, reason: Reason) {
        let offset = document.byte_at(position, self.encoding());
        self.board.hidden(&reason);
        self.accounts.withhold(document.id(), offset, reason);
    }

    /// The user looks at this place: something was asked about it.
    pub fn viewed(&self, document: &str, position: Position) {
        let mut state = self.state();
        let encoding = state.encoding;
        let offset = state.documents.get(document).map(|open| open.document.byte_at(position, encoding));
        if let Some(offset) = offset {
            state.documents.viewed(document, offset);
        }
    }

    pub fn status(&self) -> watch::Receiver<Status> {
        self.board.subscribe()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
