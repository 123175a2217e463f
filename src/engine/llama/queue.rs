//! The worker's inbox: the newest job of a lane replaces older ones, the newest of a client runs first, clients take
//! turns. Never blocks a caller for longer than a push.
//!
//! Background jobs stand apart: one runs only while nobody waits for anything, and ends when somebody does.

mod chats;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::engine::chat::{ChatFinish, ChatJob, ChatSender};
use crate::engine::{CancelFlag, Finish, GenerationSender, Job, Urgency};

pub(super) use chats::ChatTicket;

/// A job in the inbox.
pub(super) struct Ticket {
    pub client: u64,
    pub job: Job,
    pub sender: GenerationSender,
    pub received: Instant,
}

/// Most waiting jobs of one client; each lane has at most one, so this is a bound on lanes.
const MOST_WAITING: usize = 256;
/// Most waiting background jobs of all clients: guesses that grow old.
const MOST_BACKGROUND: usize = 16;

impl Ticket {
    fn is_of(&self, client: u64, lane: u64) -> bool {
        (self.client, self.job.lane) == (client, lane)
    }
}

/// The job in the worker's hands.
struct Running {
    client: u64,
    lane: u64,
    urgency: Urgency,
    cancel: CancelFlag,
}

/// What the worker is to do next.
pub(super) enum Call {
    Work(Ticket),
    /// A conversation begins.
    Chat(ChatTicket),
    /// Nothing comes before the answer that is being written.
    Step,
    /// Nothing waits, and the time came.
    Look,
    Closed,
}

#[derive(Default)]
struct State {
    /// One queue a client, in the order of their turns.
    clients: VecDeque<(u64, VecDeque<Ticket>)>,
    /// Of all clients, the newest last.
    background: VecDeque<Ticket>,
    running: Option<Running>,
    chats: chats::Chats,
    /// Set once: no more jobs are taken, and why.
    closed: Option<String>,
}

impl State {
    /// Returns the jobs that end because of it.
    fn add(&mut self, ticket: Ticket) -> Vec<Ticket> {
        let (client, lane) = (ticket.client, ticket.job.lane);
        if let Some(running) = &self.running
            && (running.urgency == Urgency::Background || (running.client, running.lane) == (client, lane))
        {
            running.cancel.cancel();
        }
        let mut replaced: Vec<Ticket> = self.take_background(client, lane).into_iter().collect();
        let index = self.clients.iter().position(|(owner, _)| *owner == client).unwrap_or_else(|| {
            self.clients.push_back((client, VecDeque::new()));
            self.clients.len() - 1
        });
        let queue = &mut self.clients[index].1;
        let same_lane = queue.iter().position(|waiting| waiting.job.lane == lane);
        replaced.extend(match same_lane {
            Some(index) => queue.remove(index),
            None if queue.len() >= MOST_WAITING => queue.pop_front(),
            None => None,
        });
        queue.push_back(ticket);
        replaced
    }

    /// The same for a background job; it ends itself where somebody waits for a job of its lane.
    fn add_background(&mut self, ticket: Ticket) -> Vec<Ticket> {
        let (client, lane) = (ticket.client, ticket.job.lane);
        let is_awaited = self.clients.iter().flat_map(|(_, queue)| queue).any(|waiting| waiting.is_of(client, lane));
        let own = self.running.as_ref().filter(|running| (running.client, running.lane) == (client, lane));
        match own {
            _ if is_awaited => return vec![ticket],
            Some(running) if running.urgency == Urgency::Awaited && !running.cancel.is_cancelled() => {
                return vec![ticket];
            }
            Some(running) => running.cancel.cancel(),
            None => {}
        }
        let mut replaced: Vec<Ticket> = self.take_background(client, lane).into_iter().collect();
        if self.background.len() >= MOST_BACKGROUND {
            replaced.extend(self.background.pop_front());
        }
        self.background.push_back(ticket);
        replaced
    }

    fn take_background(&mut self, client: u64, lane: u64) -> Option<Ticket> {
        let index = self.background.iter().position(|waiting| waiting.is_of(client, lane))?;
        self.background.remove(index)
    }
}

#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
    waiting: AtomicUsize,
}

impl Inbox {
    /// Adds a job. An older one of the same lane ends at once, whether it waits or runs; but a background job never ends an
    /// awaited one.
    pub fn push(&self, client: u64, job: Job, sender: GenerationSender) {
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return sender.finish(Finish::Failed(reason.clone()));
        }
        let ticket = Ticket { client, job, sender, received: Instant::now() };
        let replaced = match ticket.job.urgency {
            Urgency::Awaited => state.add(ticket),
            Urgency::Background => state.add_background(ticket),
        };
        self.count(&state);
        drop(state);
        self.arrived.notify_one();
        for replaced in replaced {
            replaced.sender.finish(Finish::Superseded);
        }
    }

    /// Waits for the next job, at most until `until`. Jobs come before an answer that is being written, which comes before
    /// the next conversation, which comes before guesses. `is_answering`: such an answer goes on where no job waits.
    pub fn next(&self, is_answering: bool, until: Option<Instant>) -> Call {
        let mut state = self.lock();
        state.running = None;
        loop {
            if state.closed.is_some() {
                return Call::Closed;
            }
            if let Some((client, mut queue)) = state.clients.pop_front() {
                // A client is one user: what was asked last is what is wanted first.
                let ticket = queue.pop_back();
                // The client's turn comes again after the others.
                if !queue.is_empty() {
                    state.clients.push_back((client, queue));
                }
                if let Some(ticket) = ticket {
                    return Call::Work(self.hand_out(&mut state, ticket));
                }
                continue;
            }
            if is_answering {
                return Call::Step;
            }
            if let Some(ticket) = state.chats.take() {
                return Call::Chat(ticket);
            }
            if let Some(ticket) = state.background.pop_back() {
                return Call::Work(self.hand_out(&mut state, ticket));
            }
            state = match until {
                None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    if left.is_zero() {
                        return Call::Look;
                    }
                    self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
                }
            };
        }
    }

    /// Adds a conversation. A guess that runs ends for it.
    pub fn push_chat(&self, job: ChatJob, sender: ChatSender) {
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return sender.finish(ChatFinish::Failed(reason.clone()));
        }
        let refused = state.chats.add(ChatTicket { job, sender, received: Instant::now() });
        if let Some(running) = &state.running
            && running.urgency == Urgency::Background
        {
            running.cancel.cancel();
        }
        drop(state);
        self.arrived.notify_one();
        if let Some(refused) = refused {
            let full = "many questions wait for the model already; wait until one is answered";
            refused.sender.finish(ChatFinish::Failed(full.to_owned()));
        }
    }

    /// Why no more jobs are taken.
    pub fn closed_because(&self) -> Option<String> {
        self.lock().closed.clone()
    }

    fn hand_out(&self, state: &mut State, ticket: Ticket) -> Ticket {
        let (lane, urgency) = (ticket.job.lane, ticket.job.urgency);
        let cancel = ticket.sender.cancel_flag().clone();
        state.running = Some(Running { client: ticket.client, lane, urgency, cancel });
        self.count(state);
        ticket
    }

    /// Answers the waiting jobs that were cancelled; cheap enough for every decode step.
    pub fn answer_cancelled(&self) {
        if self.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut cancelled = Vec::new();
        let mut state = self.lock();
        let State { clients, background, .. } = &mut *state;
        for queue in clients.iter_mut().map(|(_, queue)| queue).chain([background]) {
            while let Some(index) = queue.iter().position(|ticket| ticket.sender.is_cancelled()) {
                cancelled.extend(queue.remove(index));
            }
        }
        state.clients.retain(|(_, queue)| !queue.is_empty());
        self.count(&state);
        drop(state);
        cancelled.into_iter().for_each(|ticket: Ticket| ticket.sender.finish(Finish::Cancelled));
    }

    /// Ends everything that waits or runs and refuses what comes later, with this reason.
    pub fn close(&self, reason: &str) {
        let mut state = self.lock();
        state.closed.get_or_insert_with(|| reason.to_owned());
        if let Some(running) = &state.running {
            running.cancel.cancel();
        }
        let waiting = std::mem::take(&mut state.clients);
        let background = std::mem::take(&mut state.background);
        state.chats.end(reason);
        self.count(&state);
        drop(state);
        self.arrived.notify_all();
        for ticket in waiting.into_iter().flat_map(|(_, queue)| queue).chain(background) {
            ticket.sender.finish(Finish::Failed(reason.to_owned()));
        }
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed.is_some()
    }

    fn count(&self, state: &State) {
        let awaited: usize = state.clients.iter().map(|(_, queue)| queue.len()).sum();
        self.waiting.store(awaited + state.background.len(), Ordering::Relaxed);
    }

    /// A panic elsewhere cannot leave the queue half changed, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
