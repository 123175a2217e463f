//! What a request did cost, from what was seen of it.

use std::time::Duration;

use super::{Estimate, Picodollars, Settlement, TextSize};
use crate::config::ProviderKind;
use crate::providers::{Event, Usage};

/// What is known of a request, from the moment in which it was to be sent. Feed it every event; settle it at the end, however
/// that comes.
#[derive(Clone, Debug, Default)]
pub struct Progress {
    /// Bytes of the request may have left.
    is_written: bool,
    /// A 200, and so an answer that is paid for.
    is_accepted: bool,
    /// The answer was a status from 300 on: nothing was begun.
    is_refused: bool,
    /// The newest count.
    usage: Option<Usage>,
    /// The end came, with whatever count.
    is_complete: bool,
    /// Text and reasoning that were streamed.
    output: TextSize,
    /// Since it was written.
    elapsed: Option<Duration>,
}

/// How a reservation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    Settle(Settlement),
    /// Nothing was sent, or it was turned away before it began.
    Release,
}

impl Progress {
    /// To be called before the first byte is written: from here on it may have been.
    pub fn written(&mut self) {
        self.is_written = true;
    }

    /// An HTTP status came.
    pub fn status(&mut self, status: u16) {
        let _ = status;
    }

    pub fn note(&mut self, event: &Event) {
        let _ = event;
    }

    /// How long it has been since it was written; makes what a silent model may have thought a bound instead of everything.
    pub fn elapsed(&mut self, elapsed: Duration) {
        self.elapsed = Some(elapsed);
    }

    /// The least that is known to be spent by now.
    pub fn floor(&self, estimate: &Estimate) -> Picodollars {
        let _ = estimate;
        Picodollars::ZERO
    }
}

/// How a request's reservation ends.
pub fn settlement(progress: &Progress, estimate: &Estimate, kind: ProviderKind) -> Ending {
    let _ = (progress, estimate, kind);
    Ending::Release
}
