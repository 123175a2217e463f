//! The worker's inbox: the newest job of a lane replaces older ones, the newest of a client runs first, clients take
//! turns. Never blocks a caller for longer than a push.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::engine::{CancelFlag, Finish, GenerationSender, Job};

/// A job in the inbox.
pub(super) struct Ticket {
    pub client: u64,
    pub job: Job,
    pub sender: GenerationSender,
    pub received: Instant,
}

/// Most waiting jobs of one client; each lane has at most one, so this is a bound on lanes.
const MOST_WAITING: usize = 256;

#[derive(Default)]
struct State {
    /// One queue a client, in the order of their turns.
    clients: VecDeque<(u64, VecDeque<Ticket>)>,
    running: Option<(u64, u64, CancelFlag)>,
    /// Set once: no more jobs are taken, and why.
    closed: Option<String>,
}

#[derive(Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    arrived: Condvar,
    waiting: AtomicUsize,
}

impl Inbox {
    /// Adds a job. An older one of the same lane ends at once, whether it waits or runs.
    pub fn push(&self, client: u64, job: Job, sender: GenerationSender) {
        let mut state = self.lock();
        if let Some(reason) = &state.closed {
            return sender.finish(Finish::Failed(reason.clone()));
        }
        if let Some((owner, lane, cancel)) = &state.running
            && (*owner, *lane) == (client, job.lane)
        {
            cancel.cancel();
        }
        let index = state.clients.iter().position(|(owner, _)| *owner == client).unwrap_or_else(|| {
            state.clients.push_back((client, VecDeque::new()));
            state.clients.len() - 1
        });
        let queue = &mut state.clients[index].1;
        let ticket = Ticket { client, job, sender, received: Instant::now() };
        let same_lane = queue.iter().position(|waiting| waiting.job.lane == ticket.job.lane);
        let replaced = match same_lane {
            Some(index) => queue.remove(index),
            None if queue.len() >= MOST_WAITING => queue.pop_front(),
            None => None,
        };
        queue.push_back(ticket);
        self.count(&state);
        drop(state);
        self.arrived.notify_one();
        if let Some(replaced) = replaced {
            replaced.sender.finish(Finish::Superseded);
        }
    }

    /// Waits for the next job. None when the inbox was closed.
    pub fn next(&self) -> Option<Ticket> {
        let mut state = self.lock();
        state.running = None;
        loop {
            if state.closed.is_some() {
                return None;
            }
            if let Some((client, mut queue)) = state.clients.pop_front() {
                // A client is one user: what was asked last is what is wanted first.
                let ticket = queue.pop_back();
                // The client's turn comes again after the others.
                if !queue.is_empty() {
                    state.clients.push_back((client, queue));
                }
                if let Some(ticket) = ticket {
                    state.running = Some((client, ticket.job.lane, ticket.sender.cancel_flag().clone()));
                    self.count(&state);
                    return Some(ticket);
                }
                continue;
            }
            state = self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Answers the waiting jobs that were cancelled; cheap enough for every decode step.
    pub fn answer_cancelled(&self) {
        if self.waiting.load(Ordering::Relaxed) == 0 {
            return;
        }
        let mut cancelled = Vec::new();
        let mut state = self.lock();
        for (_, queue) in &mut state.clients {
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
        if let Some((_, _, cancel)) = &state.running {
            cancel.cancel();
        }
        let waiting = std::mem::take(&mut state.clients);
        self.count(&state);
        drop(state);
        self.arrived.notify_all();
        for ticket in waiting.into_iter().flat_map(|(_, queue)| queue) {
            ticket.sender.finish(Finish::Failed(reason.to_owned()));
        }
    }

    pub fn is_closed(&self) -> bool {
        self.lock().closed.is_some()
    }

    fn count(&self, state: &State) {
        self.waiting.store(state.clients.iter().map(|(_, queue)| queue.len()).sum(), Ordering::Relaxed);
    }

    /// A panic elsewhere cannot leave the queue half changed, so a poisoned lock is as good as any.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
