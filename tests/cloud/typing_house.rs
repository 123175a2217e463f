//! Somebody who types in a folder of theirs, and a double of the provider that writes suggestions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::tz::TimeZone;
use tandem::budget::{Calibration, Clock, Entry, Ledger, Limits, PriceTable, SqliteLedger, State};
use tandem::cloud::{Setup, Timeouts};
use tandem::config::{Environment, ProviderSettings, Settings};
use tandem::engine::fallback;
use tandem::engine::{Engine, Event, FimPrompt, Finish, Generation, Job, Origin, PromptBudget, Report, Task, Urgency};
use tandem::gate::audit::AuditLog;
use tandem::hosted::{HostedEngine, HostedParts, Place, TIMEOUTS};
use tandem::privacy::{Fingerprint, Trust};
use tokio::sync::watch;

use super::support::kind_of;
use crate::provider::Double;

pub const PAUSE: Duration = Duration::from_millis(400);

/// A clock that a test turns. Waits are over at once, or when it has come so far.
pub struct Hands {
    now: watch::Sender<Duration>,
    waits: bool,
}

impl Hands {
    pub fn pass(&self, time: Duration) {
        self.now.send_modify(|now| *now += time);
    }
}

impl fallback::Clock for Hands {
    fn now(&self) -> Duration {
        *self.now.borrow()
    }

    fn sleep(&self, length: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let (mut now, waits) = (self.now.subscribe(), self.waits);
        let until = *now.borrow() + length;
        Box::pin(async move {
            if waits {
                let _ = now.wait_for(|now| *now >= until).await;
            }
        })
    }
}

/// What came of a job.
pub struct Came {
    pub text: String,
    pub finish: Finish,
    pub report: Report,
}

pub struct House {
    pub engine: HostedEngine,
    pub clock: Arc<Hands>,
    pub ledger: Arc<SqliteLedger>,
    place: tempfile::TempDir,
}

impl House {
    /// Trusted and allowed. `change`: what is otherwise in the settings.
    pub fn new(double: &Double, change: impl FnOnce(&mut Settings)) -> Self {
        let house = Self::with(double, false, TIMEOUTS, change);
        house.trust();
        house.engine.allow(&house.root()).expect("the user's yes");
        house
    }

    /// Neither trusted nor allowed. `waits`: the clock has to be turned.
    pub fn with(double: &Double, waits: bool, timeouts: Timeouts, change: impl FnOnce(&mut Settings)) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        for (path, text) in [("src/a.rs", "fn a() {}\n"), ("src/secret.rs", ""), (".env", "A=1\n"), ("inside.rs", "")] {
            let path = place.path().join("work").join(path);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
            std::fs::write(path, text).expect("a file");
        }
        let state = place.path().join("state");
        std::fs::create_dir_all(&state).expect("a folder");
        let name = double.kind.name().to_owned();
        let mut settings = Settings::default();
        settings.completion.cloud = true;
        settings.completion.cloud_provider = name.clone();
        settings.budget.limits = vec!["$5 per month".to_owned()];
        settings.budget.burst_percent = 100;
        settings.privacy.local_only = vec!["src/secret.rs".to_owned()];
        settings.privacy.internal = vec!["inside.rs".to_owned()];
        let provider = ProviderSettings {
            kind: Some(kind_of(double.kind)),
            base_url: Some(double.base_url()),
            key_env: Some("DOUBLE_KEY".to_owned()),
            is_local: Some(false),
            ..ProviderSettings::default()
        };
        settings.cloud.providers = BTreeMap::from([(name, provider)]);
        change(&mut settings);
        let ledger =
            Arc::new(SqliteLedger::open(&state.join("ledger.db"), Clock::system(), TimeZone::UTC).expect("a ledger"));
        let opened: Arc<dyn Ledger> = ledger.clone();
        let parts = HostedParts {
            has_monthly_limit: Limits::read(&settings.budget.limits).has_monthly(),
            state: state.clone(),
            consents: state.join("consents.json"),
            environment: Arc::new(Environment::of(&[("DOUBLE_KEY", double.key.as_str())])),
            ledger: Arc::new(move || Ok(opened.clone())),
            audit: Arc::new(AuditLog::new(state.join("audit.jsonl"), 365)),
            prices: Arc::new(PriceTable::shipped(Path::new("prices.toml"))),
            calibration: Arc::new(Calibration::in_memory()),
            session: "5e55".to_owned(),
            clock: Arc::new(SystemTime::now),
            settings,
        };
        let setup = Setup { timeouts, ..Setup::default() };
        let clock = Arc::new(Hands { now: watch::Sender::new(Duration::ZERO), waits });
        let hosted = Place::new(parts, setup).expect("good settings");
        let runtime = tokio::runtime::Handle::current();
        Self { engine: HostedEngine::new(hosted, PAUSE, clock.clone(), &runtime), clock, ledger, place }
    }

    pub fn root(&self) -> PathBuf {
        self.place.path().join("work")
    }

    pub fn trust(&self) {
        let root = self.root();
        Trust::new(&self.place.path().join("state")).grant(&root, &Fingerprint::of(&root)).expect("the user's word");
    }

    pub fn audit(&self) -> String {
        std::fs::read_to_string(self.place.path().join("state/audit.jsonl")).unwrap_or_default()
    }

    pub fn job(&self, path: &str, prefix: &str) -> Job {
        Job {
            lane: 1,
            urgency: Urgency::Awaited,
            task: Task::Write,
            prompt: FimPrompt {
                path: path.to_owned(),
                prefix: prefix.into(),
                suffix: "\n}\n".into(),
                offset: prefix.len(),
                origin: Arc::new(Origin { folder: Some(self.root()), others: Vec::new() }),
                ..FimPrompt::default()
            },
            budget: PromptBudget { prefix: 1536, suffix: 512, snippets: 1024 },
            max_tokens: 96,
            max_lines: 40,
            candidates: 1,
            draft: None,
            explain: true,
            corpus: None,
        }
    }

    /// Types this and waits for what comes of it.
    pub async fn typed(&self, path: &str, prefix: &str) -> Came {
        came(self.engine.generate(self.job(path, prefix))).await
    }

    /// All requests, as the ledger has them.
    pub fn entries(&self) -> Vec<Entry> {
        self.ledger.entries(0, i64::MAX).expect("a ledger that can be read")
    }

    pub fn open(&self) -> usize {
        self.entries().iter().filter(|entry| matches!(entry.state, State::Open(_))).count()
    }

    pub fn money(&self) -> u64 {
        self.entries().iter().map(|entry| entry.money.0).sum()
    }
}

pub async fn came(mut stream: Generation) -> Came {
    let (mut text, mut finish, mut report) = (String::new(), None, Report::default());
    while let Some(event) = stream.next().await {
        match event {
            Event::Started(_) => {}
            Event::Delta { text: more, .. } => text.push_str(&more),
            Event::Finished { reason, .. } => finish = Some(reason),
            Event::Done(last) => report = last,
        }
    }
    Came { text, finish: finish.expect("an end"), report }
}

/// What kept a job here.
pub fn kept(came: &Came) -> String {
    match &came.finish {
        Finish::Withheld { reason, .. } => reason.clone(),
        other => panic!("it was not kept: {other:?}"),
    }
}
