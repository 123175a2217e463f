//! The way from a cleared prompt to a permit.

use std::sync::Arc;
use std::time::SystemTime;

use super::audit::AuditLog;
use super::{ClearedPrompt, Consent, ConsentStore, Permit, Preview, Withheld};
use crate::budget::{Ledger, Limit};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What a request passes on its way out. One for a workspace and its settings; cheap to make anew.
pub struct Door {
    pub ledger: Arc<dyn Ledger>,
    pub audit: Arc<AuditLog>,
    pub consents: Arc<ConsentStore>,
    pub limits: Vec<Limit>,
    /// One run of a server or a command.
    pub session: String,
    /// A fingerprint of the folder's path.
    pub workspace: String,
    pub clock: Clock,
}

impl Door {
    /// What it holds, where it goes, what it may cost. Reads the ledger's windows: not for the protocol task.
    pub fn preview(&self, _prompt: &ClearedPrompt) -> Result<Preview, Withheld> {
        unimplemented!()
    }

    /// Puts the most that it can cost on disk. `attempt`: from 1; each is a request of its own.
    pub fn reserve(
        &self,
        _prompt: Arc<ClearedPrompt>,
        _consent: &Consent,
        _attempt: u32,
    ) -> Result<Reservation, Withheld> {
        unimplemented!()
    }
}

/// Money set aside for one request. Dropped, it is given back.
#[derive(Debug)]
pub struct Reservation {}

impl Reservation {
    /// Puts what is about to leave on record, on disk.
    pub fn record(self) -> Result<AuditRecord, Withheld> {
        unimplemented!()
    }
}

/// A request that is paid for and on record. Dropped, the reservation is given back and the record says that nothing was sent.
#[derive(Debug)]
pub struct AuditRecord {}

impl AuditRecord {
    pub fn permit(self) -> Permit {
        unimplemented!()
    }
}
