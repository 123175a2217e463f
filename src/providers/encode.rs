//! From a request to the bytes of one: the body, the path after the endpoint's base URL, and every header but the key's.
//!
//! The same request is the same bytes, always. What stands for the prompt comes in one order, so that a question that goes on
//! from another one begins with the same prompt, and providers' caches hit.

use super::{Endpoint, Request};

/// How an answer's bytes are divided into messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Framing {
    /// `text/event-stream`.
    ServerSentEvents,
    /// `application/vnd.amazon.eventstream`.
    EventStream,
    /// One JSON document.
    Json,
}

/// A POST, ready but for the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Comes right after the endpoint's `base_url`; begins with a slash and may hold a query.
    pub path: String,
    /// Lower-case names.
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
    /// Of the answer to it.
    pub framing: Framing,
}

/// The request that is answered by a stream.
pub fn encode(_endpoint: &Endpoint, _request: &Request) -> Encoded {
    Encoded { path: String::new(), headers: Vec::new(), body: Vec::new(), framing: Framing::ServerSentEvents }
}

/// The request that counts the tokens of this one's prompt, free of charge; None where the provider has none. It holds all that
/// the request itself holds.
pub fn encode_count(_endpoint: &Endpoint, _request: &Request) -> Option<Encoded> {
    None
}

/// Reads the answer to a count: tokens of the prompt.
pub fn read_count(_endpoint: &Endpoint, _body: &[u8]) -> Option<u64> {
    None
}
