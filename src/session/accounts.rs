//! The accounts of the last requests, for "why this?" and "why nothing?".

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::complete::{Decision, Reason, Why};

/// Requests remembered. Each holds its prompt, some 10 KB.
const REQUESTS: usize = 64;

/// An account, and when and where it was asked for. Holds source text like the account itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Asked {
    /// Seconds since 1970, UTC.
    pub unix: i64,
    /// From 1; the column in characters.
    pub line: u32,
    pub column: u32,
    pub why: Why,
}

#[derive(Default)]
pub struct Accounts {
    newest_first: Mutex<VecDeque<Asked>>,
}

impl Accounts {
    pub fn keep(&self, asked: Asked) {
        let mut accounts = self.lock();
        accounts.push_front(asked);
        accounts.truncate(REQUESTS);
    }

    /// Of all documents.
    pub fn newest(&self) -> Option<Asked> {
        self.lock().front().cloned()
    }

    /// What the newest at this offset of the document came to was not shown in the end.
    pub fn withhold(&self, document: &str, offset: usize, reason: Reason) {
        let mut accounts = self.lock();
        let is_it = |asked: &&mut Asked| &*asked.why.document == document && asked.why.offset == offset;
        if let Some(asked) = accounts.iter_mut().find(is_it) {
            asked.why.decision = Decision::Hidden { sentence: reason.to_string(), reason };
        }
    }

    /// Microseconds from receipt to answer of the newest at this offset of the document, and the tokens that its engine
    /// generated for it.
    pub fn cost(&self, document: &str, offset: usize) -> Option<(u64, Option<u32>)> {
        let accounts = self.lock();
        let mut all = accounts.iter().map(|asked| &asked.why);
        let why = all.find(|why| &*why.document == document && why.offset == offset)?;
        let total = why.stages.last().map_or(0, |stage| stage.us);
        Some((total, why.engine.as_ref().map(|report| report.generated)))
    }

    /// The newest at this offset of the document, else the document's newest.
    pub fn find(&self, document: &str, offset: usize) -> Option<Why> {
        let accounts = self.lock();
        let all = accounts.iter().map(|asked| &asked.why);
        let mut of_document = all.filter(|why| &*why.document == document).peekable();
        let newest = of_document.peek().copied();
        of_document.find(|why| why.offset == offset).or(newest).cloned()
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<Asked>> {
        self.newest_first.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the account of a request when it ends, however it ends: a client that cancels drops it.
pub struct Pending {
    accounts: Arc<Accounts>,
    asked: Option<Asked>,
}

impl Pending {
    /// `asked` is what is kept where no answer comes.
    pub fn new(accounts: &Arc<Accounts>, asked: Asked) -> Self {
        Self { accounts: accounts.clone(), asked: Some(asked) }
    }

    pub fn answered(mut self, why: Why) {
        if let Some(asked) = &mut self.asked {
            asked.why = why;
        }
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(asked) = self.asked.take() {
            self.accounts.keep(asked);
        }
    }
}
