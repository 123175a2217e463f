//! The accounts of the last requests, for "why this?" and "why nothing?".

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use crate::complete::Why;

/// Requests remembered. Each holds its prompt, some 10 KB.
const REQUESTS: usize = 64;

#[derive(Default)]
pub struct Accounts {
    newest_first: Mutex<VecDeque<Why>>,
}

impl Accounts {
    pub fn keep(&self, why: Why) {
        let mut accounts = self.newest_first.lock().unwrap_or_else(PoisonError::into_inner);
        accounts.push_front(why);
        accounts.truncate(REQUESTS);
    }

    /// Microseconds from receipt to answer of the newest at this offset of the document, and the tokens that its engine
    /// generated for it.
    pub fn cost(&self, document: &str, offset: usize) -> Option<(u64, Option<u32>)> {
        let accounts = self.newest_first.lock().unwrap_or_else(PoisonError::into_inner);
        let why = accounts.iter().find(|why| &*why.document == document && why.offset == offset)?;
        let total = why.stages.last().map_or(0, |stage| stage.us);
        Some((total, why.engine.as_ref().map(|report| report.generated)))
    }

    /// The newest at this offset of the document, else the document's newest.
    pub fn find(&self, document: &str, offset: usize) -> Option<Why> {
        let accounts = self.newest_first.lock().unwrap_or_else(PoisonError::into_inner);
        let mut of_document = accounts.iter().filter(|why| &*why.document == document).peekable();
        let newest = of_document.peek().copied();
        of_document.find(|why| why.offset == offset).or(newest).cloned()
    }
}
