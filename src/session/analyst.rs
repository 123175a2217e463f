//! Parses and tokenises documents off the protocol task, one thread for all of them.
//!
//! Edits that come faster than they are worked off are taken together: only the newest version is published.

use std::panic::AssertUnwindSafe;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use tokio::sync::watch;

use super::indexes::Indexes;
use crate::context::Analysis;
use crate::engine::lookup::DocumentTokens;
use crate::syntax::{Language, SyntaxTree};
use crate::text::{Document, Edit};

/// What has happened to a document since its last analysis, and where the next one goes.
#[derive(Debug)]
pub struct Backlog {
    work: Mutex<Work>,
    published: watch::Sender<Analysis>,
}

#[derive(Debug)]
struct Work {
    document: Document,
    revision: u64,
    /// Since the last analysis. None when there were so many that starting over is cheaper.
    edits: Option<Vec<Edit>>,
    queued: bool,
    /// Closed or opened anew: an analysis that is still under way is nobody's.
    is_closed: bool,
}

/// After a parse that took too long, the text is left alone for this many edits.
const EDITS_BETWEEN_TRIES: u64 = 200;

/// Edits kept for one reparse. A client that sends more before its turn comes rewrites the document.
const MOST_EDITS: usize = 1_000;

impl Backlog {
    pub fn new(document: Document) -> (Arc<Self>, u64) {
        // Revision 0 is the empty analysis that is there from the start.
        let revision = 1;
        let work = Work { document, revision, edits: Some(Vec::new()), queued: false, is_closed: false };
        (Arc::new(Self { work: Mutex::new(work), published: watch::Sender::new(Analysis::default()) }), revision)
    }

    pub fn subscribe(&self) -> watch::Receiver<Analysis> {
        self.published.subscribe()
    }

    /// The newest analysis there is, of whatever version.
    pub fn latest(&self) -> Analysis {
        self.published.borrow().clone()
    }

    /// Returns the revision that the analysis of this version will have.
    pub fn add(&self, document: Document, edits: Vec<Edit>) -> u64 {
        let mut work = self.work();
        work.document = document;
        work.edits = work.edits.take().filter(|before| before.len() + edits.len() <= MOST_EDITS).map(|mut before| {
            before.extend(edits);
            before
        });
        work.revision += 1;
        work.revision
    }

    /// From now on nothing of this document reaches the indexes.
    pub fn close(&self) {
        self.work().is_closed = true;
    }

    /// Brings the analysis up to the newest version. Whatever happens, that version is published: a request that waits
    /// for it goes on, without syntax if need be.
    fn work_off(&self, indexes: &Indexes) {
        let (document, revision, edits) = {
            let mut work = self.work();
            work.queued = false;
            (work.document.clone(), work.revision, work.edits.replace(Vec::new()))
        };
        let before = self.latest();
        if before.revision == revision {
            return;
        }
        let analysis = std::panic::catch_unwind(AssertUnwindSafe(|| analyse(&document, revision, before, edits)));
        let analysis = analysis.unwrap_or_else(|_| {
            tracing::error!(revision, "the analysis of a document panicked; it goes on without syntax");
            Analysis { revision, ..Analysis::default() }
        });
        // Under the lock, so that it cannot come after the word that the document was closed.
        let work = self.work();
        if !work.is_closed {
            indexes.document_changed(&document, &analysis);
        }
        drop(work);
        self.published.send_replace(analysis);
    }

    fn work(&self) -> MutexGuard<'_, Work> {
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// From the analysis of an older version and the edits since; from nothing without the edits.
fn analyse(document: &Document, revision: u64, before: Analysis, edits: Option<Vec<Edit>>) -> Analysis {
    let before = if edits.is_some() { before } else { Analysis::default() };
    let edits = edits.unwrap_or_default();
    let tokens = match before.tokens {
        Some(mut tokens) => {
            // The older version is still published, so this copies: 16 bytes a token, memory speed.
            Arc::make_mut(&mut tokens).apply(document.rope(), &edits);
            tokens
        }
        None => Arc::new(DocumentTokens::new(document.rope())),
    };
    let language = language(document).filter(|_| revision >= before.next_parse);
    let tree = language.and_then(|language| {
        let before = before.tree.as_deref().map(|tree| (tree, edits.as_slice()));
        SyntaxTree::parse(language, document.rope(), before).map(Arc::new)
    });
    let took_too_long = language.is_some() && tree.is_none();
    let next_parse = if took_too_long { revision + EDITS_BETWEEN_TRIES } else { before.next_parse };
    Analysis { revision, tree, tokens: Some(tokens), next_parse }
}

fn language(document: &Document) -> Option<&'static Language> {
    let first_line = document.line_range(0);
    let first_line = document.slice(first_line.start..first_line.end.min(256));
    Language::detect(document.language_id(), document.id(), &first_line)
}

/// The thread and the way to it. Dropping it ends the thread after the work in hand.
#[derive(Debug)]
pub struct Analyst {
    mailbox: mpsc::Sender<Weak<Backlog>>,
}

impl Analyst {
    /// What was analysed goes on to `indexes`.
    pub fn start(indexes: Arc<Indexes>) -> Self {
        let (mailbox, jobs) = mpsc::channel::<Weak<Backlog>>();
        let thread = std::thread::Builder::new().name("tandem-analyst".to_owned()).spawn(move || {
            while let Ok(backlog) = jobs.recv() {
                if let Some(backlog) = backlog.upgrade() {
                    backlog.work_off(&indexes);
                }
            }
        });
        if let Err(error) = thread {
            tracing::error!(%error, "no thread for parsing: completions go on without syntax");
        }
        Self { mailbox }
    }

    /// Queues a document once, however often it changes before its turn.
    pub fn wake(&self, backlog: &Arc<Backlog>) {
        let mut work = backlog.work();
        if !std::mem::replace(&mut work.queued, true) {
            // Without the thread there is no analysis, and requests go on without.
            let _ = self.mailbox.send(Arc::downgrade(backlog));
        }
    }
}
