//! The right to send one request, once.

use std::sync::Arc;

use super::{ClearedPrompt, Withheld};
use crate::budget::Settlement;
use crate::providers::{Endpoint, ProviderError, Reason, Request, Usage};

/// The right to send one request, once. Whoever holds it calls, in this order: `open` when the connection may be made, `usage` and
/// `text` while the answer comes, and `settle`. Dropped before `open`, nothing is spent; dropped after it without `settle`, all that
/// was reserved is.
#[derive(Debug)]
pub struct Permit {}

/// How a request ended, as whoever sent it saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Certainly not a byte of it reached the provider: no address, no connection, no TLS.
    Unsent(ProviderError),
    /// Another status than 200 came instead of an answer.
    Rejected(ProviderError),
    /// The stream came to its own end. Usage is None where the provider never told.
    Ended { reason: Reason, usage: Option<Usage> },
    /// It broke, stalled, or an error came, after it was sent.
    Failed(ProviderError),
    /// The user did not want it any more, after it was sent.
    Cancelled,
}

/// What a request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    /// None: nothing was spent.
    pub settlement: Option<Settlement>,
    pub usage: Usage,
    /// What could not be written down, if anything: then the reservation stands.
    pub problem: Option<String>,
}

impl Permit {
    pub fn endpoint(&self) -> &Arc<Endpoint> {
        unimplemented!()
    }

    pub fn request(&self) -> &Request {
        unimplemented!()
    }

    pub fn prompt(&self) -> &Arc<ClearedPrompt> {
        unimplemented!()
    }

    /// From 1.
    pub fn attempt(&self) -> u32 {
        unimplemented!()
    }

    /// Notes that it is on its way and hands out the exact bytes: from here on it counts as sent.
    pub fn open(&mut self) -> Result<&[u8], Withheld> {
        unimplemented!()
    }

    /// The provider accepted it.
    pub fn accepted(&mut self, _request_id: Option<&str>) {
        unimplemented!()
    }

    /// A count of the provider's that replaces the ones before it.
    pub fn usage(&mut self, _usage: &Usage) {
        unimplemented!()
    }

    /// A piece of the answer, reasoning included.
    pub fn text(&mut self, _text: &str) {
        unimplemented!()
    }

    /// Writes down what it came to, in the ledger and in the audit log. Blocks as long as these do.
    pub fn settle(self, _ending: Ending) -> Settled {
        unimplemented!()
    }
}
