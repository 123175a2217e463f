//! A hub on loopback that speaks as Hugging Face's does, serves files of any size, and fails in every way that a test asks for.
//! It shares no code with what it tests.

// Several test programs take this room in, and none of them uses all of it.
#![allow(dead_code)]

#[path = "hub/content.rs"]
mod content;
mod http;
#[path = "hub/rules.rs"]
mod rules;
#[path = "hub/serve.rs"]
mod serve;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::net::TcpListener;
use tokio::sync::watch;

#[allow(unused_imports)]
pub use {
    content::{Content, mix},
    rules::{Fault, Parts, Place, Rules, Said},
};

/// One request that came.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The hub itself, or where its bytes are.
    pub is_hub: bool,
    pub method: String,
    pub path: String,
    pub token: Option<String>,
    pub range: Option<String>,
    pub headers: Vec<(String, String)>,
}

/// What happened so far.
#[derive(Clone, Debug, Default)]
pub struct Record {
    pub asked: Vec<Asked>,
    /// Bytes of files.
    pub sent: u64,
    /// Answers whose bytes are on their way, and the most that there were at once.
    pouring: usize,
    pub most_at_once: usize,
    issued: u64,
    uses: HashMap<String, usize>,
}

struct Shared {
    files: Vec<(String, Content)>,
    /// Other versions of them, by path and version.
    versions: Mutex<HashMap<(String, u64), Content>>,
    other_port: u16,
    rules: Mutex<Rules>,
    faults: Mutex<VecDeque<Fault>>,
    record: Mutex<Record>,
    /// When the line is free again.
    line: Mutex<Option<Instant>>,
    changed: watch::Sender<()>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    fn rules(&self) -> Rules {
        lock(&self.rules).clone()
    }

    fn note<T>(&self, change: impl FnOnce(&mut Record) -> T) -> T {
        let noted = change(&mut lock(&self.record));
        self.changed.send_replace(());
        noted
    }

    /// Waits for its turn to send so many bytes.
    async fn wait_for_line(&self, bytes: u64, per_second: u64) {
        let now = Instant::now();
        let start = {
            let mut free = lock(&self.line);
            let start = free.unwrap_or(now).max(now - Duration::from_millis(20));
            *free = Some(start + Duration::from_secs_f64(bytes as f64 / per_second as f64));
            start
        };
        tokio::time::sleep_until(start.into()).await;
    }

    fn next_fault(&self) -> Option<Fault> {
        lock(&self.faults).pop_front()
    }

    fn content(&self, path: &str, version: u64) -> Option<Content> {
        let (_, content) = self.files.iter().find(|(known, _)| known == path)?;
        if version == 0 {
            return Some(content.clone());
        }
        let mut versions = lock(&self.versions);
        Some(
            versions.entry((path.to_owned(), version)).or_insert_with(|| Content::model(content.size, version)).clone(),
        )
    }
}

pub struct Hub {
    pub port: u16,
    shared: Arc<Shared>,
    tasks: [tokio::task::JoinHandle<()>; 2],
}

impl Hub {
    /// Every repository of it has these files.
    pub async fn with(files: Vec<(&str, Content)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let other = TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let shared = Arc::new(Shared {
            files: files.into_iter().map(|(path, content)| (path.to_owned(), content)).collect(),
            versions: Mutex::default(),
            other_port: other.local_addr().expect("an address").port(),
            rules: Mutex::default(),
            faults: Mutex::default(),
            record: Mutex::default(),
            line: Mutex::default(),
            changed: watch::Sender::new(()),
        });
        let tasks = [(listener, true), (other, false)]
            .map(|(listener, is_hub)| tokio::spawn(serve::listen(listener, shared.clone(), is_hub)));
        Self { port, shared, tasks }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub fn change(&self, change: impl FnOnce(&mut Rules)) {
        change(&mut lock(&self.shared.rules));
    }

    pub fn order(&self, faults: impl IntoIterator<Item = Fault>) {
        lock(&self.shared.faults).extend(faults);
    }

    pub fn record(&self) -> Record {
        lock(&self.shared.record).clone()
    }

    pub fn forget(&self) {
        let mut record = lock(&self.shared.record);
        *record = Record { pouring: record.pouring, ..Record::default() };
    }

    /// What it serves now.
    pub fn content(&self, path: &str) -> Content {
        self.shared.content(path, self.shared.rules().version).expect("a file of this hub")
    }

    /// Waits until the record looks so.
    pub async fn until(&self, looks_so: impl Fn(&Record) -> bool) {
        let mut changes = self.shared.changed.subscribe();
        while !looks_so(&lock(&self.shared.record)) {
            changes.changed().await.expect("the hub lives");
        }
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        self.tasks.iter().for_each(tokio::task::JoinHandle::abort);
    }
}
