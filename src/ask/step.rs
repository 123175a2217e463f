//! What happens while a question is answered, in the order in which it happens.

use std::sync::Arc;

use tokio::sync::oneshot;

use super::cite::Passage;
use super::diff::Diff;
use crate::budget::{Outcome, Picodollars};
use crate::gate::{Preview, SentFile};
use crate::providers::Usage;

/// What the user says to a preview.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConsentReply {
    Once,
    /// This and the next ones of this workspace.
    Workspace,
    Refused,
}

/// The answer waits until this is answered; dropping it is a no.
#[derive(Debug)]
pub struct ConsentRequest {
    pub preview: Preview,
    /// The very texts that a yes sends, in their order.
    pub texts: Vec<Arc<str>>,
    /// Why it is asked although the user allowed this workspace: it grew, or internal files are in it.
    pub why: Option<String>,
    /// Whether `ConsentReply::Workspace` is on offer.
    pub may_remember: bool,
    /// A guard stopped it: many equal questions, or much money in a short time. A yes that was given beforehand is not meant
    /// for this one.
    pub is_guard: bool,
    pub reply: oneshot::Sender<ConsentReply>,
}

/// What stands below an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Footer {
    /// `the index`, or provider and model.
    pub answered_by: String,
    /// Whether a cloud model wrote it.
    pub is_cloud: bool,
    /// Whether anything left this machine for it, also to a server of the user's, and also where no answer came of it.
    pub has_left: bool,
    pub route_reason: String,
    pub usage: Usage,
    pub cost: Picodollars,
    pub cost_is: Option<Outcome>,
    /// What left, if anything did.
    pub files: Vec<SentFile>,
    pub redactions: usize,
    /// Citations that were found in the index, and those that were not.
    pub cited: usize,
    pub unverified: usize,
    /// From the question to the end of the answer, in ms.
    pub elapsed_ms: u64,
    /// The answer is not whole: cancelled, cut off, at its limit.
    pub incomplete: Option<String>,
    /// Why the answer could not be as long as it might have been: a sentence without its end.
    pub lowered: Option<String>,
    /// Where the next question goes on.
    pub thread: Option<String>,
    /// The change that the answer proposes, to look at. Nobody applies it but the user.
    pub diff: Option<Diff>,
}

#[derive(Debug)]
pub enum Step {
    /// Where it is answered and why.
    Routed {
        is_cloud: bool,
        reason: String,
    },
    /// A line about what goes on, for a progress display.
    Progress(String),
    Consent(Box<ConsentRequest>),
    /// Something that the user should read in the answer, such as why it is not the cloud that answers.
    Notice(String),
    /// More of the answer: inert Markdown, checked citations.
    Text(Passage),
    /// The end of an answer.
    Done(Box<Footer>),
    /// The end without one: a sentence with a way out.
    Failed(String),
}
