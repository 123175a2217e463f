//! The right to send one request, once.

use std::sync::Arc;

use super::ticket::{Ending, Settled, Ticket};
use super::{ClearedPrompt, Withheld};
use crate::providers::{Encoded, Endpoint, Request, Usage};

/// The right to send one request, once. Whoever holds it calls, in this order: `open` before the connection is made, `accepted`,
/// `usage` and `text` while the answer comes, and `settle`. Dropped before `open`, nothing is spent; dropped after it without
/// `settle`, all that was reserved is. Calls wait for ledger and audit log: not for the protocol task.
///
/// ```
/// fn spend(permit: tandem::gate::Permit, ending: tandem::gate::Ending) -> tandem::gate::Settled {
///     permit.settle(ending)
/// }
/// ```
/// It is not made, copied or used twice:
/// ```compile_fail,E0423
/// fn forge(ticket: ()) -> tandem::gate::Permit {
///     tandem::gate::Permit(ticket)
/// }
/// ```
/// ```compile_fail,E0599
/// fn copy(permit: tandem::gate::Permit) -> [tandem::gate::Permit; 2] {
///     [permit.clone(), permit]
/// }
/// ```
/// ```compile_fail,E0382
/// fn twice(permit: tandem::gate::Permit, ending: tandem::gate::Ending) {
///     permit.settle(ending.clone());
///     permit.settle(ending);
/// }
/// ```
/// ```compile_fail,E0308
/// fn uncleared(draft: tandem::gate::Draft, door: &tandem::gate::Door, consent: &tandem::gate::Consent) {
///     let _ = door.reserve(std::sync::Arc::new(draft), consent, 1);
/// }
/// ```
/// ```
/// fn cleared(prompt: tandem::gate::ClearedPrompt, door: &tandem::gate::Door, consent: &tandem::gate::Consent) {
///     let _ = door.reserve(std::sync::Arc::new(prompt), consent, 1);
/// }
/// ```
#[derive(Debug)]
pub struct Permit(Ticket);

impl Permit {
    pub(super) fn new(ticket: Ticket) -> Self {
        Self(ticket)
    }

    pub fn endpoint(&self) -> &Arc<Endpoint> {
        self.0.prompt().endpoint()
    }

    pub fn request(&self) -> &Request {
        self.0.prompt().request()
    }

    pub fn prompt(&self) -> &Arc<ClearedPrompt> {
        self.0.prompt()
    }

    /// From 1.
    pub fn attempt(&self) -> u32 {
        self.0.attempt()
    }

    /// Path and headers, to prepare with; the body that goes out is what `open` returns.
    pub fn encoded(&self) -> &Encoded {
        self.0.prompt().encoded()
    }

    /// Notes that it is on its way and hands out the exact bytes of the body: from here on it counts as sent. Once.
    pub fn open(&mut self) -> Result<&[u8], Withheld> {
        self.0.open()?;
        Ok(&self.0.prompt().encoded().body)
    }

    /// The provider accepted it.
    pub fn accepted(&mut self, request_id: Option<&str>) {
        self.0.accepted(request_id);
    }

    /// A count of the provider's that replaces the ones before it.
    pub fn usage(&mut self, usage: &Usage) {
        self.0.usage(usage);
    }

    /// A piece of the answer, reasoning included.
    pub fn text(&mut self, text: &str) {
        self.0.text(text);
    }

    /// Writes down what it came to, in the ledger and in the audit log.
    pub fn settle(self, ending: Ending) -> Settled {
        self.0.settle(&ending)
    }
}
