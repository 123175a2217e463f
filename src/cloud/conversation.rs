//! One question to one endpoint: attempts, each with a reservation, a record and a permit of its own, until one is answered,
//! nothing is left to try, or something of an answer was shown.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::breaker::{Breakers, Circuit};
use super::client::Client;
use super::failure;
use super::send::{Answer, Update, send};
use crate::gate::{ClearedPrompt, Consent, Door, Ending, MAX_ATTEMPTS, Permit, Withheld};
use crate::providers::{ErrorClass, ProviderError, Reason, Retry};

/// What is needed to ask. One for a process and its settings.
#[derive(Debug)]
pub struct Cloud {
    pub client: Client,
    /// Outlives changes of settings; `Breakers::reset` is for them.
    pub breakers: Arc<Breakers>,
    pub backoff: Backoff,
}

/// Looks, right before each attempt, whether what the gate cleared may still be sent. May wait for disks.
pub type LastLook = Arc<dyn Fn(&ClearedPrompt) -> Result<(), Withheld> + Send + Sync>;

/// How a question ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finish {
    /// `Reason::Truncated`, too: what came was handed on.
    Answered(Reason),
    Failed(ProviderError),
    Cancelled,
    /// The gate let nothing out, or not once more; in that case with the error that made it necessary.
    Withheld(Withheld, Option<ProviderError>),
}

#[derive(Debug)]
pub struct Exchange {
    pub finish: Finish,
    /// All that was sent, the last one at the end; each is settled.
    pub answers: Vec<Answer>,
}

impl Cloud {
    /// Whether this endpoint is worth asking now.
    pub fn circuit(&self, prompt: &ClearedPrompt) -> Circuit {
        self.breakers.circuit(prompt.endpoint())
    }

    /// Asks, and asks again where that may help. Events go to `updates`; after the first piece of an answer there is no further
    /// attempt, so no answer is ever put together from two.
    pub async fn ask(
        &self,
        door: &Arc<Door>,
        prompt: &Arc<ClearedPrompt>,
        consent: &Arc<Consent>,
        last_look: &LastLook,
        updates: &mpsc::Sender<Update>,
        cancel: &CancellationToken,
    ) -> Exchange {
        let mut answers: Vec<Answer> = Vec::new();
        let mut has_new_key = false;
        let finish = loop {
            if let Some(error) = self.left_alone(prompt) {
                break Finish::Failed(error);
            }
            let attempt = u32::try_from(answers.len() + 1).unwrap_or(u32::MAX);
            let spent =
                answers.iter().filter_map(|answer| answer.settled.settlement).map(|settled| settled.money).sum();
            let door = &Arc::new(door.after_spending(spent));
            let sent = match permit(door, prompt, consent, last_look, attempt).await {
                Ok(permit) => send(&self.client, permit, updates, cancel).await,
                Err(withheld) => Err(withheld),
            };
            let answer = match sent {
                Ok(answer) => answer,
                Err(withheld) => break Finish::Withheld(withheld, answers.last().and_then(error_of).cloned()),
            };
            // A key that was renewed is no attempt at the same thing.
            let may_renew = !has_new_key && attempt < MAX_ATTEMPTS;
            let verdict = self.judge(prompt, &answer, attempt, may_renew);
            answers.push(answer);
            let (wait, error) = match verdict {
                Verdict::Over(finish) => break finish,
                Verdict::Again { wait, error, with_new_key } => {
                    has_new_key |= with_new_key;
                    (wait, error)
                }
            };
            tracing::info!(attempt, class = ?error.class, status = error.status, wait_ms = wait.as_millis(), "asked again");
            if updates.send(Update::Again { wait, why: error.message }).await.is_err() {
                break Finish::Cancelled;
            }
            tokio::select! {
                biased;
                () = cancel.cancelled() => break Finish::Cancelled,
                () = updates.closed() => break Finish::Cancelled,
                () = (self.backoff.sleep)(wait) => {}
            }
        };
        Exchange { finish, answers }
    }

    fn left_alone(&self, prompt: &ClearedPrompt) -> Option<ProviderError> {
        let (why, class) = match self.circuit(prompt) {
            Circuit::Closed => return None,
            Circuit::Paused { left, why } => {
                (format!("{why}; asked again in {} s at the earliest", left.as_secs().max(1)), ErrorClass::Overloaded)
            }
            Circuit::Open { why } => (
                format!("{why}; not asked again within ten minutes of that, unless its settings change"),
                ErrorClass::Auth,
            ),
        };
        Some(failure::plain(class, why, Retry::Never))
    }

    fn judge(&self, prompt: &ClearedPrompt, answer: &Answer, attempt: u32, may_renew_key: bool) -> Verdict {
        let endpoint = prompt.endpoint();
        let error = match &answer.ending {
            Ending::Cancelled => return Verdict::Over(Finish::Cancelled),
            // Without a single word it is a failure like any other.
            Ending::Ended { reason: Reason::Truncated, .. } if !answer.has_output => failure::within_answer(endpoint),
            Ending::Ended { reason, .. } => {
                self.breakers.succeeded(endpoint);
                return Verdict::Over(Finish::Answered(reason.clone()));
            }
            Ending::Unsent(error) | Ending::Rejected(error) | Ending::Failed(error) => error.clone(),
        };
        if error.class == ErrorClass::Cancelled {
            return Verdict::Over(Finish::Cancelled);
        }
        let is_rejected_key = error.class == ErrorClass::Auth && matches!(answer.ending, Ending::Rejected(_));
        if is_rejected_key && may_renew_key && self.client.keys.forget(endpoint) {
            return Verdict::Again { wait: Duration::ZERO, error, with_new_key: true };
        }
        // No key at all says nothing about the endpoint, and is found out anew without asking it.
        if !(error.class == ErrorClass::Auth && matches!(answer.ending, Ending::Unsent(_))) {
            self.breakers.failed(endpoint, &error);
        }
        match self.backoff.wait(attempt, &error).filter(|_| !answer.has_output) {
            Some(wait) if self.circuit(prompt) == Circuit::Closed => {
                Verdict::Again { wait, error, with_new_key: false }
            }
            _ => Verdict::Over(Finish::Failed(error)),
        }
    }
}

enum Verdict {
    Over(Finish),
    Again { wait: Duration, error: ProviderError, with_new_key: bool },
}

fn error_of(answer: &Answer) -> Option<&ProviderError> {
    match &answer.ending {
        Ending::Unsent(error) | Ending::Rejected(error) | Ending::Failed(error) => Some(error),
        Ending::Ended { .. } | Ending::Cancelled => None,
    }
}

/// Looked at once more, money set aside and a record written, on a thread that may wait for disks.
async fn permit(
    door: &Arc<Door>,
    prompt: &Arc<ClearedPrompt>,
    consent: &Arc<Consent>,
    last_look: &LastLook,
    attempt: u32,
) -> Result<Permit, Withheld> {
    let (door, prompt, consent, last_look) = (door.clone(), prompt.clone(), consent.clone(), last_look.clone());
    let permitted = tokio::task::spawn_blocking(move || {
        last_look(&prompt)?;
        Ok(door.reserve(prompt, &consent, attempt)?.record()?.permit())
    });
    permitted.await.unwrap_or_else(|_| Err(Withheld::Request("the request could not be reserved".to_owned())))
}
