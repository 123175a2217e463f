//! A workspace on disk, and a gate with a model behind it that do what a test says.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::asker::Parts;
use super::refusal::guard_of;
use super::remote::{Answering, Cleared, Ended, Finish, Given, Reach, Remote, Site, Standing, Target, Update, Wanted};
use super::{Asker, Question, Step, Threads, Workspace};
use crate::budget::{Guard, Outcome, Picodollars};
use crate::config::{CloudSettings, IndexSettings, Settings};
use crate::gate::{Draft, Preview, Withheld};
use crate::index::{Index, IndexOptions};
use crate::privacy::UserKey;
use crate::providers::{Endpoint, Event, Reason, Usage};

pub const SERVER: &str = "//! Takes requests.\n\nuse crate::store::save;\n\n/// Reads a request and answers it.\npub fn handle_request(text: &str) -> String {\n    let key = parse_key(text);\n    save(&key)\n}\n\nfn parse_key(text: &str) -> String {\n    text.trim().to_owned()\n}\n";
pub const STORE: &str = "//! Keeps things.\n\npub struct Database {\n    rows: Vec<String>,\n}\n\n/// Writes a row to the database.\npub fn save(key: &str) -> String {\n    format!(\"saved {key}\")\n}\n";

/// Files on disk and their index.
pub struct Fixture {
    pub place: TempDir,
    pub workspace: Workspace,
}

impl Fixture {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let place = tempfile::tempdir().unwrap();
        let fixture = |files: &[(&str, &str)]| {
            for (path, text) in files {
                let path = place.path().join(path);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
        };
        fixture(files);
        let settings = IndexSettings { threads: 1, ..IndexSettings::default() };
        let index = Index::open(place.path(), IndexOptions::new(&settings, None));
        index.settle();
        let settings = Arc::new(Settings::default());
        let workspace = Workspace { index, documents: Vec::new(), user: settings.clone(), settings, git: None };
        Self { place, workspace }
    }

    /// A server that saves what it is sent.
    pub fn small() -> Self {
        Self::new(&[
            ("README.md", "# Small\n\nA server that saves what it is sent.\n"),
            ("src/server.rs", SERVER),
            ("src/store.rs", STORE),
        ])
    }

    pub fn write(&self, path: &str, text: &str) {
        std::fs::write(self.place.path().join(path), text).unwrap();
        self.workspace.index.changed(vec![self.place.path().join(path)]);
        self.workspace.index.settle();
    }

    pub fn set(&mut self, change: impl FnOnce(&mut Settings)) {
        let mut settings = (*self.workspace.settings).clone();
        change(&mut settings);
        self.workspace.settings = Arc::new(settings);
    }
}

/// A gate that is open but for what a test closes, and a model that says what a test wants.
#[derive(Debug)]
pub struct FakeRemote {
    pub standing: Mutex<Standing>,
    pub stays: Mutex<Vec<String>>,
    pub denied: Mutex<Vec<String>>,
    /// What clearing comes to, instead of being cleared.
    pub refusal: Mutex<Option<Withheld>>,
    pub consent: Mutex<Wanted>,
    pub events: Mutex<Vec<Event>>,
    /// What refuses until the user says yes to it, in this order.
    pub guards: Mutex<Vec<Withheld>>,
    pub finish: Mutex<Finish>,
    pub notes: Mutex<Vec<String>>,
    /// The answer does not end by itself.
    pub is_endless: Mutex<bool>,
    pub drafts: Mutex<Vec<Draft>>,
    pub sent: AtomicUsize,
    pub settled: Arc<AtomicUsize>,
}

impl FakeRemote {
    pub fn be_on_this_machine(&self, is_here: bool) {
        let mut standing = self.standing.lock().unwrap();
        (standing.is_local, standing.stays) = (is_here, is_here);
    }

    /// A server of the user's, on another machine.
    pub fn be_elsewhere(&self) {
        let mut standing = self.standing.lock().unwrap();
        (standing.is_local, standing.stays) = (true, false);
    }

    pub fn new(answer: &str) -> Arc<Self> {
        let endpoint = Endpoint::named("anthropic", &CloudSettings::default()).unwrap();
        let standing = Standing {
            endpoint: Arc::new(endpoint),
            model: "large".to_owned(),
            is_local: false,
            stays: false,
            window: None,
            tiers: Vec::new(),
            blocked: None,
            down: None,
            left: None,
        };
        let usage = Usage { input_uncached: 100, output: 10, ..Usage::default() };
        let pieces = answer.chars().map(|c| Event::Text(c.to_string()));
        Arc::new(Self {
            standing: Mutex::new(standing),
            stays: Mutex::default(),
            denied: Mutex::default(),
            refusal: Mutex::default(),
            consent: Mutex::new(Wanted::Yes { why: None, may_remember: true }),
            events: Mutex::new(pieces.chain([Event::Usage(usage)]).collect()),
            guards: Mutex::default(),
            finish: Mutex::new(Finish::Answered(Reason::Complete)),
            notes: Mutex::default(),
            is_endless: Mutex::new(false),
            drafts: Mutex::default(),
            sent: AtomicUsize::new(0),
            settled: Arc::default(),
        })
    }

    pub fn drafts(&self) -> Vec<Draft> {
        self.drafts.lock().unwrap().clone()
    }

    pub fn sent(&self) -> usize {
        self.sent.load(Ordering::SeqCst)
    }
}

#[derive(Debug)]
struct FakeSite(Arc<FakeRemote>, Standing);

/// What all implementations share: the remote itself, behind a handle.
#[derive(Debug)]
pub struct Handle(pub Arc<FakeRemote>);

impl Remote for Handle {
    fn site(&self, _: &Path, _: &Arc<Settings>, _: &Settings) -> Result<Arc<dyn Site>, Withheld> {
        let standing = self.0.standing.lock().unwrap().clone();
        Ok(Arc::new(FakeSite(self.0.clone(), standing)))
    }
}

impl Target for FakeSite {
    fn standing(&self) -> &Standing {
        &self.1
    }

    fn reach(&self, path: &str) -> Reach {
        let names = |paths: &Mutex<Vec<String>>| paths.lock().unwrap().iter().any(|own| own == path);
        match (names(&self.0.denied), names(&self.0.stays)) {
            (true, _) => Reach::Denied,
            (false, true) => Reach::Stays,
            (false, false) => Reach::Out,
        }
    }

    fn count(&self, text: &str) -> usize {
        text.len().div_ceil(3)
    }
}

impl Site for FakeSite {
    fn clear(&self, draft: Draft, _: Option<Picodollars>) -> Result<Arc<dyn Cleared>, Withheld> {
        self.0.drafts.lock().unwrap().push(draft.clone());
        if let Some(withheld) = self.0.refusal.lock().unwrap().clone() {
            return Err(withheld);
        }
        Ok(Arc::new(FakeCleared { remote: self.0.clone(), preview: preview(), draft }))
    }
}

#[derive(Debug)]
struct FakeCleared {
    remote: Arc<FakeRemote>,
    preview: Preview,
    draft: Draft,
}

impl Cleared for FakeCleared {
    fn preview(&self) -> &Preview {
        &self.preview
    }

    fn consent(&self) -> Wanted {
        self.remote.consent.lock().unwrap().clone()
    }

    fn texts(&self) -> Vec<Arc<str>> {
        let turns = self.draft.turns.iter().flat_map(|turn| &turn.sections);
        let pieces = self.draft.system.iter().chain(turns).flat_map(|section| &section.pieces);
        pieces.map(|piece| Arc::from(piece.text.replace("hunter2", "[REDACTED]"))).collect()
    }

    fn send(&self, _: Given, allowed: &[Guard], cancel: CancellationToken) -> Result<Answering, Withheld> {
        self.remote.sent.fetch_add(1, Ordering::SeqCst);
        let events = self.remote.events.lock().unwrap().clone();
        let mut finish = self.remote.finish.lock().unwrap().clone();
        let is_endless = *self.remote.is_endless.lock().unwrap();
        let (settled, notes) = (self.remote.settled.clone(), self.remote.notes.lock().unwrap().clone());
        let (out, updates) = mpsc::channel(4);
        let (done, ended) = oneshot::channel();
        let guards = self.remote.guards.lock().unwrap().clone();
        let refusal =
            guards.into_iter().find(|refusal| guard_of(refusal).is_none_or(|guard| !allowed.contains(&guard)));
        let is_refused = refusal.is_some();
        if let Some(refusal) = refusal {
            finish = Finish::Withheld(refusal, None);
        }
        tokio::spawn(async move {
            let mut usage = Usage::default();
            let mut is_cancelled = false;
            for event in events.into_iter().filter(|_| !is_refused) {
                if let Event::Usage(told) = &event {
                    usage = *told;
                }
                tokio::select! {
                    biased;
                    () = cancel.cancelled() => is_cancelled = true,
                    sent = out.send(Update::Event(event)) => is_cancelled = sent.is_err(),
                }
                if is_cancelled {
                    break;
                }
            }
            if is_endless && !is_cancelled {
                tokio::select! {
                    () = cancel.cancelled() => {}
                    () = out.closed() => {}
                }
                is_cancelled = true;
            }
            drop(out);
            let has_left = !is_refused;
            let finish = if is_cancelled { Finish::Cancelled } else { finish };
            settled.fetch_add(1, Ordering::SeqCst);
            let cost = if has_left { Picodollars(12_300_000_000) } else { Picodollars::ZERO };
            let _ = done.send(Ended { finish, has_left, usage, cost, outcome: Some(Outcome::Counted), notes });
        });
        Ok(Answering { updates, ended })
    }
}

fn preview() -> Preview {
    Preview::for_tests("anthropic", "large")
}

/// Threads in memory, a clock that stands still, and numbers in order.
pub fn asker(remote: Option<Arc<FakeRemote>>) -> Asker {
    Asker::new(parts(remote))
}

pub fn parts(remote: Option<Arc<FakeRemote>>) -> Parts {
    let number = AtomicUsize::new(1);
    Parts {
        remote: remote.map(|remote| Arc::new(Handle(remote)) as Arc<dyn Remote>),
        chat: None,
        threads: Arc::new(Threads::in_memory()),
        clock: Arc::new(|| std::time::UNIX_EPOCH + std::time::Duration::from_secs(1000)),
        key: Some(UserKey::new([3; 32])),
        random: Arc::new(move || {
            let number = number.fetch_add(1, Ordering::SeqCst) as u128;
            number << 64 | number
        }),
    }
}

pub fn question(text: &str) -> Question {
    Question { text: text.to_owned(), ..Question::default() }
}

/// All steps to the end; `answer` is asked for each consent.
pub async fn steps(asker: &Asker, question: Question, fixture: &Fixture, answer: super::ConsentReply) -> Vec<Step> {
    let mut asked = asker.ask(question, fixture.workspace.clone());
    let mut steps = Vec::new();
    while let Some(step) = asked.steps.recv().await {
        match step {
            Step::Consent(request) => {
                let _ = request.reply.send(answer);
            }
            step => steps.push(step),
        }
    }
    steps
}

pub fn text(steps: &[Step]) -> String {
    steps.iter().filter_map(|step| if let Step::Text(text) = step { Some(&**text) } else { None }).collect()
}

pub fn notices(steps: &[Step]) -> String {
    let notices =
        steps.iter().filter_map(|step| if let Step::Notice(text) = step { Some(text.as_str()) } else { None });
    notices.collect::<Vec<_>>().join("\n")
}

pub fn footer(steps: &[Step]) -> &super::Footer {
    match steps.last() {
        Some(Step::Done(footer)) => footer,
        other => panic!("{other:?}"),
    }
}
