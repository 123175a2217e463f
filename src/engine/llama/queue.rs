//! The worker's inbox: the newest job of a lane replaces older ones, the newest of a client runs first, clients take
//! turns. Never blocks a caller for longer than a push.
//!
//! Background jobs stand apart: one runs only while nobody waits for anything, and ends when somebody does. In a quiet
//! inbox none runs at all. While the model sleeps, the inbox is where the worker is woken.

mod chats;

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::engine::chat::{ChatFinish, ChatJob, ChatSender};
use crate::engine::turns::Turns;
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
    since: Instant,
}

/// What the worker is to do next.
pub(super) enum Call {
    Work(Ticket),
    /// A conversation begins.
    Chat(ChatTicket),
    /// Nothing comes before the answer that is being written.
    Step,
    /// Nothing waits, and the time came or somebody nudged.
    Look,
    Closed,
}

/// What a worker without a model is to do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rouse {
    /// Somebody wants the model.
    Wake,
    Look,
    Closed,
}

#[derive(Default)]
struct State {
    turns: Turns,
    /// Background jobs are not taken.
    quiet: bool,
    /// Somebody announced work.
    awaited: bool,
    nudged: bool,
    /// One queue a client, in the order in which they came to wait.
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
        if self.quiet {
            return vec![ticket];
        }
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

    /// The newest job of the client whose turn it is.
    fn take_next(&mut self) -> Option<Ticket> {
        let Self { turns, clients, .. } = self;
        let client = turns.next(clients.iter().map(|(client, _)| *client))?;
        let index = clients.iter().position(|(owner, _)| *owner == client)?;
        let (_, mut queue) = clients.remove(index)?;
        // A client is one user: what was asked last is what is wanted first.
        let ticket = queue.pop_back();
        // Those who are level come before it.
        if !queue.is_empty() {
            clients.push_back((client, queue));
        }
        ticket
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
        if let Some(ran) = state.running.take()
            && ran.urgency == Urgency::Awaited
        {
            state.turns.ran(ran.client, ran.since.elapsed().as_micros() as u64);
        }
        loop {
            if state.closed.is_some() {
                return Call::Closed;
            }
            // Who waits behind a long answer and gave up is told now, not when its turn comes.
            state.chats.sweep();
            if let Some(ticket) = state.take_next() {
                return Call::Work(self.hand_out(&mut state, ticket));
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
            if std::mem::take(&mut state.nudged) || until.is_some_and(|until| Instant::now() >= until) {
                return Call::Look;
            }
            state = self.wait(state, until);
        }
    }

    /// Waits, without a model, until somebody wants one, at most until `until`. Jobs that wait want it, unless `refusal`
    /// says why they cannot have it: then they end with it, and nobody is heard.
    pub fn rest(&self, until: Option<Instant>, refusal: Option<&str>) -> Rouse {
        let mut refused = Vec::new();
        let mut state = self.lock();
        let rouse = loop {
            if state.closed.is_some() {
                break Rouse::Closed;
            }
            let background = std::mem::take(&mut state.background);
            refused.extend(background.into_iter().map(|ticket| (ticket, Finish::Superseded)));
            if let Some(reason) = refusal {
                let clients = std::mem::take(&mut state.clients);
                let waiting = clients.into_iter().flat_map(|(_, queue)| queue);
                refused.extend(waiting.map(|ticket| (ticket, Finish::Failed(reason.to_owned()))));
                state.chats.end(reason);
                state.awaited = false;
            } else if std::mem::take(&mut state.awaited) || !state.clients.is_empty() || !state.chats.is_empty() {
                break Rouse::Wake;
            }
            // Who is refused is told at once: the wait may be long.
            let is_time = until.is_some_and(|until| Instant::now() >= until);
            if std::mem::take(&mut state.nudged) || is_time || !refused.is_empty() {
                break Rouse::Look;
            }
            state = self.wait(state, until);
        };
        self.count(&state);
        drop(state);
        refused.into_iter().for_each(|(ticket, finish)| ticket.sender.finish(finish));
        rouse
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

    /// Work is about to come: a model that sleeps is loaded.
    pub fn wake(&self) {
        self.lock().awaited = true;
        self.arrived.notify_one();
    }

    /// The model is there: what was announced is answered.
    pub fn woken(&self) {
        self.lock().awaited = false;
    }

    /// The worker is to look at the machine's conditions.
    pub fn nudge(&self) {
        self.lock().nudged = true;
        self.arrived.notify_one();
    }

    /// From now on background jobs are not taken, and those that are there end; or they are taken again.
    pub fn set_quiet(&self, quiet: bool) {
        let mut state = self.lock();
        state.quiet = quiet;
        if !quiet {
            return;
        }
        if let Some(running) = &state.running
            && running.urgency == Urgency::Background
        {
            running.cancel.cancel();
        }
        let background = std::mem::take(&mut state.background);
        self.count(&state);
        drop(state);
        background.into_iter().for_each(|ticket| ticket.sender.finish(Finish::Superseded));
    }

    fn wait<'s>(&self, state: MutexGuard<'s, State>, until: Option<Instant>) -> MutexGuard<'s, State> {
        match until {
            None => self.arrived.wait(state).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let left = until.saturating_duration_since(Instant::now());
                self.arrived.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }

    fn hand_out(&self, state: &mut State, ticket: Ticket) -> Ticket {
        let (lane, urgency) = (ticket.job.lane, ticket.job.urgency);
        let cancel = ticket.sender.cancel_flag().clone();
        state.running = Some(Running { client: ticket.client, lane, urgency, cancel, since: Instant::now() });
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
