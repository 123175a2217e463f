//! Conversations that wait for the worker, in the order in which they came: somebody reads the answer that is written, so
//! the next one waits for its end.

use std::collections::VecDeque;
use std::time::Instant;

use crate::engine::chat::{ChatFinish, ChatJob, ChatSender};

/// Most that wait, of all clients: each takes seconds.
const MOST_WAITING: usize = 16;

/// A conversation in the inbox.
pub(in crate::engine::llama) struct ChatTicket {
    pub job: ChatJob,
    pub sender: ChatSender,
    pub received: Instant,
}

#[derive(Default)]
pub(super) struct Chats {
    waiting: VecDeque<ChatTicket>,
}

impl Chats {
    /// Returns it where there is no room.
    pub fn add(&mut self, ticket: ChatTicket) -> Option<ChatTicket> {
        self.sweep();
        if self.waiting.len() >= MOST_WAITING {
            return Some(ticket);
        }
        self.waiting.push_back(ticket);
        None
    }

    /// Ends those that were cancelled. They are few, so this is cheap enough for every step of an answer.
    pub fn sweep(&mut self) {
        self.waiting.retain(|ticket| {
            let is_cancelled = ticket.sender.is_cancelled();
            if is_cancelled {
                ticket.sender.finish(ChatFinish::Cancelled);
            }
            !is_cancelled
        });
    }

    pub fn take(&mut self) -> Option<ChatTicket> {
        self.waiting.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Ends all of them.
    pub fn end(&mut self, reason: &str) {
        for ticket in self.waiting.drain(..) {
            ticket.sender.finish(ChatFinish::Failed(reason.to_owned()));
        }
    }
}
