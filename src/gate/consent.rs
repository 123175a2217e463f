//! The user's yes to one request.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Preview;

/// Most times that one request is sent: the first and two more, as in the providers' own clients (reference: cloud.md, A0).
pub const MAX_ATTEMPTS: u32 = 3;

/// A yes to one request: to this content at this destination, once. Retries of it go on the same yes, each once; nothing else does.
///
/// It is made from what the user was shown, and from nothing else:
///
/// ```
/// fn once(preview: &tandem::gate::Preview) -> tandem::gate::Consent {
///     tandem::gate::Consent::once(preview)
/// }
/// ```
/// ```compile_fail,E0451
/// fn forge(digest: [u8; 32]) -> tandem::gate::Consent {
///     tandem::gate::Consent { digest, attempts: Default::default() }
/// }
/// ```
/// ```compile_fail,E0599
/// fn again(consent: tandem::gate::Consent) -> [tandem::gate::Consent; 2] {
///     [consent.clone(), consent]
/// }
/// ```
#[derive(Debug)]
pub struct Consent {
    digest: [u8; 32],
    /// So many were made.
    attempts: AtomicU32,
}

impl Consent {
    /// The user saw this and said yes, this time.
    pub fn once(preview: &Preview) -> Self {
        Self { digest: *preview.digest(), attempts: AtomicU32::new(0) }
    }

    /// Nobody need be asked: it goes to this machine or to a server of the user's.
    pub fn own_server(preview: &Preview) -> Option<Self> {
        preview.is_local.then(|| Self::once(preview))
    }

    /// Uses it up for this attempt. Whether it reaches so far.
    pub(super) fn take(&self, digest: &[u8; 32], attempt: u32) -> bool {
        let is_next =
            |made: u32| (1..=MAX_ATTEMPTS).contains(&attempt).then_some(attempt).filter(|_| made + 1 == attempt);
        self.digest == *digest && self.attempts.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_next).is_ok()
    }

    /// Gives an attempt back that came to nothing before anything was sent.
    pub(super) fn give_back(&self, attempt: u32) {
        // Nobody else holds this attempt.
        let _ = self.attempts.compare_exchange(attempt, attempt.saturating_sub(1), Ordering::SeqCst, Ordering::SeqCst);
    }
}
