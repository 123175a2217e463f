//! Keeps the permit on a thread of its own: ledger and audit log write to disks or wait for databases, and an answer does not.
//!
//! A request whose future is dropped is settled all the same: the clerk sees that nobody will tell it the end.

use std::sync::mpsc;

use tokio::sync::oneshot;

use crate::gate::{Ending, Permit, Settled, Withheld};
use crate::providers::Usage;

enum Note {
    Open(oneshot::Sender<Result<Vec<u8>, Withheld>>),
    Accepted(Option<String>),
    Usage(Usage),
    Text(String),
    Settle(Ending, oneshot::Sender<Settled>),
}

/// What a request that is under way tells, in order.
pub struct Clerk(mpsc::Sender<Note>);

impl Clerk {
    pub fn new(permit: Permit) -> Self {
        let (sender, receiver) = mpsc::channel();
        tokio::task::spawn_blocking(move || keep(permit, &receiver));
        Self(sender)
    }

    /// The exact bytes to send. From here on they count as sent.
    pub async fn open(&self) -> Result<Vec<u8>, Withheld> {
        let (sender, receiver) = oneshot::channel();
        self.note(Note::Open(sender));
        receiver.await.unwrap_or_else(|_| Err(Withheld::Request("the request could not be opened".to_owned())))
    }

    pub fn accepted(&self, request_id: Option<&str>, usage: Option<&Usage>) {
        self.note(Note::Accepted(request_id.map(str::to_owned)));
        if let Some(usage) = usage {
            self.usage(usage);
        }
    }

    pub fn usage(&self, usage: &Usage) {
        self.note(Note::Usage(*usage));
    }

    pub fn text(&self, text: &str) {
        self.note(Note::Text(text.to_owned()));
    }

    pub async fn settle(self, ending: Ending) -> Settled {
        let (sender, receiver) = oneshot::channel();
        self.note(Note::Settle(ending, sender));
        receiver.await.unwrap_or_else(|_| Settled {
            settlement: None,
            usage: Usage::default(),
            problem: Some("what was reserved could not be settled, and counts as spent".to_owned()),
        })
    }

    /// A clerk that is gone is noticed where something is awaited from it.
    fn note(&self, note: Note) {
        drop(self.0.send(note));
    }
}

fn keep(mut permit: Permit, notes: &mpsc::Receiver<Note>) {
    let mut is_open = false;
    while let Ok(note) = notes.recv() {
        match note {
            Note::Open(reply) => {
                is_open = true;
                drop(reply.send(permit.open().map(<[u8]>::to_vec)));
            }
            Note::Accepted(request_id) => permit.accepted(request_id.as_deref()),
            Note::Usage(usage) => permit.usage(&usage),
            Note::Text(text) => permit.text(&text),
            Note::Settle(ending, reply) => {
                drop(reply.send(permit.settle(ending)));
                return;
            }
        }
    }
    if is_open {
        drop(permit.settle(Ending::Cancelled));
    }
}
