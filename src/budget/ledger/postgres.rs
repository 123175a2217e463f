//! A team's ledger: a PostgreSQL database, with the same rules as a user's own file.
//!
//! All admissions lock the one row of `tandem.book` and so come one after the other; what they sum up cannot change before they
//! write. A limit for the `user` holds for everybody on the ledger together: it is the team's. The clock is the server's.
//! What cannot be reached is an error, so the cloud is refused and local models go on.

mod adapter;
mod address;
mod link;
mod schema;

use std::fmt;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;

use self::adapter::Adapter;
use self::address::Address;
use self::link::Link;
use super::books::Books;
use super::{
    Account, Admission, Crossing, Entry, Ledger, LedgerError, Refusal, Reserved, Settlement, Stage, WindowState,
};
use crate::budget::windows::Span;
use crate::budget::{Limit, Period, Picodollars};

/// How long a call waits for the database, queueing included. What is not done by then is not done later.
const PATIENCE: Duration = Duration::from_secs(8);

/// The connection lives on a thread of its own, so that a database that hangs keeps nobody longer than `PATIENCE`, and so
/// that it can be used from asynchronous code's blocking threads.
pub struct PostgresLedger {
    address: Arc<Address>,
    zone: TimeZone,
    worker: Mutex<Option<Worker>>,
}

type Job = Box<dyn FnOnce(&mut Link) + Send>;

struct Worker {
    jobs: Sender<Job>,
    number: u64,
}

impl PostgresLedger {
    /// `address`: `postgres://user:password@host/database`, with `sslrootcert=FILE` for a certificate of one's own. Connects
    /// when it is first asked. Over a network only with TLS, and only to a server whose certificate is right.
    pub fn new(address: &str, zone: TimeZone) -> Result<Self, LedgerError> {
        Ok(Self { address: Arc::new(Address::parse(address)?), zone, worker: Mutex::default() })
    }

    fn call<T, E>(
        &self,
        act: impl FnOnce(&mut Books<'_, Adapter<'_, '_>>) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<LedgerError> + Send + 'static,
    {
        let (answer, answered) = mpsc::sync_channel(1);
        let (zone, deadline) = (self.zone.clone(), Instant::now() + PATIENCE);
        let number = self.send(Box::new(move |link| {
            // Whoever asked has given up by now, and would not settle what is reserved.
            if Instant::now() < deadline {
                let _ = answer.send(link.transact(&zone, deadline, act));
            }
        }));
        answered.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            self.give_up(number);
            Err(self.address.silent(PATIENCE).into())
        })
    }

    /// Returns the number of the worker that has it.
    fn send(&self, job: Job) -> u64 {
        let mut place = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        let worker = place.get_or_insert_with(|| Worker::start(self.address.clone(), 0));
        let number = worker.number;
        let Err(mpsc::SendError(job)) = worker.jobs.send(job) else { return number };
        // Its thread has ended: a panic in a job, which its caller has seen.
        let next = Worker::start(self.address.clone(), number + 1);
        let _ = next.jobs.send(job);
        *place = Some(next);
        number + 1
    }

    /// The next call starts afresh, unless another one has done so already.
    fn give_up(&self, number: u64) {
        let mut place = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if place.as_ref().is_some_and(|worker| worker.number == number) {
            *place = Some(Worker::start(self.address.clone(), number + 1));
        }
    }

    /// For what may be done twice: a connection that broke in the middle leaves it open whether it was done.
    fn insist<T>(&self, act: impl Fn() -> Result<T, LedgerError>) -> Result<T, LedgerError> {
        match act() {
            Err(LedgerError::Unusable(_)) => act(),
            done => done,
        }
    }
}

impl Worker {
    fn start(address: Arc<Address>, number: u64) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            let mut link = Link::new(address);
            while let Ok(job) = queue.recv() {
                job(&mut link);
            }
        });
        Self { jobs, number }
    }
}

/// Without the address: a password stands in it.
impl fmt::Debug for PostgresLedger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresLedger").field("at", &self.address.shown()).finish_non_exhaustive()
    }
}

impl Ledger for PostgresLedger {
    fn reserve(&self, admission: &Admission<'_>) -> Result<Reserved, Refusal> {
        let (account, limits) = (admission.account.clone(), admission.limits.to_vec());
        let (price, digest) = (admission.price.to_owned(), *admission.digest);
        let (money, tokens, guards) = (admission.money, admission.tokens, admission.guards);
        self.call(move |books| {
            let (account, limits, price, digest) = (&account, limits.as_slice(), price.as_str(), &digest);
            books.reserve(&Admission { account, limits, money, tokens, price, digest, guards })
        })
    }

    fn advance(&self, reserved: Reserved, stage: Stage, usage_floor: Picodollars) -> Result<(), LedgerError> {
        self.insist(|| self.call(move |books| books.advance(reserved, stage, usage_floor)))
    }

    fn settle(&self, reserved: Reserved, settlement: &Settlement) -> Result<(), LedgerError> {
        let settlement = *settlement;
        self.insist(|| self.call(move |books| books.settle(reserved, &settlement)))
    }

    fn release(&self, reserved: Reserved) -> Result<(), LedgerError> {
        self.insist(|| self.call(move |books| books.release(reserved)))
    }

    fn windows(&self, account: &Account, limits: &[Limit]) -> Result<Vec<WindowState>, LedgerError> {
        let (account, limits) = (account.clone(), limits.to_vec());
        self.call(move |books| books.windows(&account, &limits))
    }

    fn crossings(&self, account: &Account, limits: &[Limit]) -> Result<Vec<Crossing>, LedgerError> {
        let (account, limits) = (account.clone(), limits.to_vec());
        self.call(move |books| books.crossings(&account, &limits))
    }

    fn reconcile(&self) -> Result<usize, LedgerError> {
        self.call(|books| {
            let own = books.holder.to_owned();
            books.reconcile(|sql, holder| link::is_dead(sql, &own, holder))
        })
    }

    fn entries(&self, from: i64, until: i64) -> Result<Vec<Entry>, LedgerError> {
        self.call(move |books| books.entries(from, until))
    }

    fn span(&self, period: Period) -> Result<Option<Span>, LedgerError> {
        self.call(move |books| books.span(period))
    }
}
