//! A document that the server writes while the user reads it: an answer, a preview, the budget.
//!
//! Three ways, the best that the client can: a virtual document whose text it fetches (LSP 3.18), a file that grows by edits
//! which the client makes, or a file on disk with a message that says where it is. Whoever writes never waits: one task a
//! sheet brings the client up to date, one request at a time, with all that came meanwhile. A client that refuses, or a user
//! who closes the document, loses nothing: the whole text then goes to the file.

mod file;
mod growing;
mod store;
mod unseen;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tower_lsp::gen_lsp_types as lsp;

use super::asking::trust::Refusals;
use super::capabilities::ClientFeatures;
use super::client::ClientHandle;
use crate::lsp::settings::EditorSettings;
use crate::privacy::Trust;
use crate::session::Session;

pub use store::Sheets;

/// The scheme of virtual documents.
pub const SCHEME: &str = "tandem";

/// Shortest time between two refreshes or edits. Text that grows ten times a second is read as it comes.
const PAUSE: Duration = Duration::from_millis(100);

/// Where and for whom sheets are written.
#[derive(Clone)]
pub struct Desk {
    pub session: Arc<Session>,
    pub client: ClientHandle,
    pub features: ClientFeatures,
    pub sheets: Arc<Sheets>,
    pub trust: Trust,
    pub refusals: Arc<Refusals>,
    pub settings: Arc<EditorSettings>,
    /// For files.
    pub directory: PathBuf,
}

impl Desk {
    /// Settings as they are on disk now. A user who lowers a limit, or a folder that keeps more to itself since the last pull, means
    /// the next question.
    pub async fn renew_settings(&self) {
        let settings = self.settings.clone();
        if let Err(error) = tokio::task::spawn_blocking(move || settings.renew()).await {
            tracing::error!(%error, "the settings could not be read again");
        }
    }
}

/// The writing end. Dropping it without `finish` leaves the document as it is.
pub struct Sheet {
    shared: Arc<Shared>,
    writer: JoinHandle<()>,
}

#[derive(Default)]
struct Shared {
    text: Mutex<Text>,
    changed: Notify,
}

#[derive(Default)]
struct Text {
    whole: String,
    is_finished: bool,
}

impl Sheet {
    /// Begins a document with this title, a line. It is shown as soon as there is text.
    pub fn begin(desk: &Desk, title: &str) -> Self {
        let shared = Arc::new(Shared::default());
        let writer = tokio::spawn(write(desk.clone(), title.to_owned(), shared.clone()));
        Self { shared, writer }
    }

    /// A document that is whole at once. Returns when the client has it.
    pub async fn show(desk: &Desk, title: &str, text: &str) {
        let sheet = Self::begin(desk, title);
        sheet.push(text);
        sheet.finish().await;
    }

    pub fn push(&self, text: &str) {
        self.shared.text().whole.push_str(text);
        self.shared.changed.notify_one();
    }

    /// Returns when the client has all of it, or will not take it.
    pub async fn finish(self) {
        self.shared.text().is_finished = true;
        self.shared.changed.notify_one();
        if let Err(error) = self.writer.await {
            tracing::error!(%error, "a document could not be shown");
        }
    }
}

impl Shared {
    fn text(&self) -> MutexGuard<'_, Text> {
        self.text.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What stands behind the first `written` bytes, as soon as there is something; None at the end.
    async fn more(&self, written: usize) -> Option<String> {
        loop {
            let changed = self.changed.notified();
            {
                let text = self.text();
                if text.whole.len() > written {
                    return text.whole.get(written..).map(str::to_owned);
                }
                if text.is_finished {
                    return None;
                }
            }
            changed.await;
        }
    }

    /// The whole text, when there will be no more.
    async fn whole(&self) -> String {
        let mut written = 0;
        while let Some(more) = self.more(written).await {
            written += more.len();
        }
        self.text().whole.clone()
    }
}

async fn write(desk: Desk, title: String, shared: Arc<Shared>) {
    if desk.features.virtual_documents {
        return store::write(&desk, &title, &shared).await;
    }
    // Edits of a document that the client cannot be asked to show would be seen by nobody.
    if desk.features.applies_edits && desk.features.shows_documents {
        return growing::write(&desk, &title, &shared).await;
    }
    let text = shared.whole().await;
    unseen::leave(&desk, &file::path(&desk.directory, &title), &text);
}

/// Opens a document for the user: at once where it does not take the place of what they look at, else when they want it.
async fn open(desk: &Desk, title: &str, uri: lsp::Uri) {
    if !desk.features.shows_documents {
        return;
    }
    if desk.features.shows_beside() {
        desk.client.open_document(uri).await;
        return;
    }
    // Whoever does not answer must not hold up the text.
    let (client, question) = (desk.client.clone(), format!("“{title}” is being written"));
    tokio::spawn(async move {
        if client.choose(&question, &[SHOW, LATER]).await.as_deref() == Some(SHOW) {
            client.open_document(uri).await;
        }
    });
}

const SHOW: &str = "Show";
const LATER: &str = "Later";
