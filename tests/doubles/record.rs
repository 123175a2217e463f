//! What a double saw and did, for tests to look at.

use super::bill::Charge;
use super::http::Request;
use super::prompt::{Prompt, Refusal};

/// A request, and what the double thought of it.
#[derive(Clone, Debug)]
pub struct Seen {
    pub request: Request,
    /// What it means, if it is one that the provider accepts.
    pub prompt: Result<Prompt, Refusal>,
}

/// A connection that the client ended while it was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Number of the request, from 0.
    pub request: usize,
    /// Events that were sent by then.
    pub events: usize,
}

#[derive(Clone, Debug, Default)]
pub struct Record {
    pub connections: usize,
    /// Handshakes of TLS that came to nothing.
    pub failed_handshakes: usize,
    /// Every byte of every connection, below TLS's protection if there is one.
    pub bytes: Vec<u8>,
    /// Bytes of streams that were handed to the system.
    pub sent: usize,
    pub requests: Vec<Seen>,
    pub charges: Vec<Charge>,
    pub closed: Vec<Closed>,
}

impl Record {
    /// Pico-dollars, all together.
    pub fn money(&self) -> u64 {
        self.charges.iter().map(|charge| charge.money).sum()
    }

    pub fn contains(&self, needle: &str) -> bool {
        self.bytes.windows(needle.len()).any(|window| window == needle.as_bytes())
    }
}
