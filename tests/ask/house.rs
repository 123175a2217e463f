//! A user's machine with a workspace, and a double on the other side.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use jiff::tz::TimeZone;
use tandem::ask::{
    Asked, Asker, ConsentReply, Footer, Outside, OutsideParts, Parts, Question, Step, Threads, Workspace,
};
use tandem::budget::{Calibration, Clock, Entry, Ledger, Picodollars, PriceTable, SqliteLedger};
use tandem::cloud::{Backoff, Breakers, Setup, Timeouts};
use tandem::config::{Environment, IndexSettings, Paths, ProviderKind, ProviderSettings, RouteChoice, Settings};
use tandem::gate::Preview;
use tandem::gate::audit::AuditLog;
use tandem::index::{Index, IndexOptions};
use tandem::privacy::{Fingerprint, Trust, UserKey};

use crate::provider::{self, Authority, Certificate, Double, Kind};

pub struct House {
    pub double: Double,
    pub asker: Asker,
    pub workspace: Workspace,
    pub ledger: Arc<SqliteLedger>,
    pub paths: Paths,
    _place: tempfile::TempDir,
    /// What the user was shown, and says to it.
    pub previews: Mutex<Vec<Preview>>,
    pub reply: Mutex<ConsentReply>,
    /// By the clock of what was left alone.
    now: Arc<Mutex<Instant>>,
    /// Happens once, between an attempt and the next.
    pub between: Arc<Mutex<Option<Happening>>>,
}

type Happening = Box<dyn FnOnce() + Send>;

/// What a question came to.
pub struct Came {
    pub text: String,
    pub notices: String,
    pub footer: Footer,
}

impl House {
    /// A workspace of forty files, and a limit of a hundred dollars a month.
    pub async fn new() -> Self {
        Self::with(|_| {}).await
    }

    pub async fn with(change: impl FnOnce(&mut Settings)) -> Self {
        let authority = Authority::default();
        let mut setup = provider::Setup::new(Kind::Anthropic);
        setup.tls = Some(authority.acceptor(&[Kind::Anthropic.host()], Certificate::Right));
        let double = Double::with(setup).await;
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path().join("work");
        write_files(&root);
        std::fs::write(place.path().join("ca.pem"), &authority.pem).expect("a file");
        let settings = Arc::new(settings(&double, place.path(), change));
        let home = place.path().to_string_lossy().into_owned();
        let environment = Arc::new(Environment::of(&[("HOME", &home), ("DOUBLE_KEY", &double.key)]));
        let paths = Paths::of(&environment);
        tandem::config::create_private_dir(&paths.state).expect("a folder");
        Trust::new(&paths.state).grant(&root, &Fingerprint::of(&root)).expect("the user's word");
        let ledger =
            Arc::new(SqliteLedger::open(&paths.ledger_file(), Clock::system(), TimeZone::UTC).expect("a ledger"));
        let address = double.address;
        let now = Arc::new(Mutex::new(Instant::now()));
        let shown = now.clone();
        let between = Arc::<Mutex<Option<Happening>>>::default();
        let waiting = between.clone();
        let outside = Outside::new(OutsideParts {
            paths: paths.clone(),
            environment,
            ledger: Ok(ledger.clone()),
            audit: Arc::new(AuditLog::new(paths.audit_file(), 365)),
            prices: Arc::new(PriceTable::shipped(&paths.prices_file())),
            calibration: Arc::new(Calibration::in_memory()),
            breakers: Arc::new(Breakers::new(Arc::new(move || *shown.lock().expect("the time")))),
            session: "5e55".to_owned(),
            clock: Arc::new(SystemTime::now),
            setup: Arc::new(move || Setup {
                timeouts: Timeouts::default(),
                lookup: Arc::new(move |_| Box::pin(async move { Ok(vec![address]) })),
                clock: Arc::new(SystemTime::now),
            }),
            backoff: Backoff {
                chance: Arc::new(|| 0.0),
                sleep: Arc::new(move |_| {
                    if let Some(happen) = waiting.lock().expect("what happens").take() {
                        happen();
                    }
                    Box::pin(tokio::task::yield_now())
                }),
                ..Backoff::default()
            },
        });
        let asker = Asker::new(Parts {
            chat: None,
            remote: Some(Arc::new(outside)),
            threads: Arc::new(Threads::in_directory(paths.state.join("threads"))),
            clock: Arc::new(SystemTime::now),
            key: Some(UserKey::load(&paths.state).expect("a key")),
            random: Arc::new(|| 0x1234_5678_9abc_def0_0fed_cba9_8765_4321),
        });
        let index = IndexSettings { threads: 1, ..IndexSettings::default() };
        let index = Index::open(&root, IndexOptions::new(&index, None));
        index.settle();
        let workspace = Workspace { index, documents: Vec::new(), user: settings.clone(), settings, git: None };
        let (previews, reply) = (Mutex::default(), Mutex::new(ConsentReply::Once));
        Self { double, asker, workspace, ledger, paths, _place: place, previews, reply, now, between }
    }

    pub fn start(&self, question: Question) -> Asked {
        self.asker.ask(question, self.workspace.clone())
    }

    pub async fn ask(&self, question: Question) -> Came {
        self.ask_and(question, |_, _| {}).await
    }

    /// `look` sees each step, and may cancel.
    pub async fn ask_and(
        &self,
        question: Question,
        mut look: impl FnMut(&Step, &tokio_util::sync::CancellationToken),
    ) -> Came {
        let mut asked = self.start(question);
        let mut came = Came { text: String::new(), notices: String::new(), footer: Footer::default() };
        while let Some(step) = asked.steps.recv().await {
            look(&step, &asked.cancel);
            match step {
                Step::Consent(request) => {
                    self.previews.lock().expect("the list").push(request.preview.clone());
                    let _ = request.reply.send(*self.reply.lock().expect("the reply"));
                }
                Step::Text(text) => came.text.push_str(&text),
                Step::Notice(text) => came.notices.push_str(&text),
                Step::Done(footer) => came.footer = *footer,
                Step::Failed(why) => came.notices.push_str(&why),
                Step::Routed { .. } | Step::Progress(_) => {}
            }
        }
        came
    }

    /// So much later.
    pub fn wait(&self, time: Duration) {
        *self.now.lock().expect("the time") += time;
    }

    pub fn entries(&self) -> Vec<Entry> {
        self.ledger.entries(0, i64::MAX).expect("a ledger that can be read")
    }

    pub fn spent(&self) -> Picodollars {
        self.entries().iter().map(|entry| entry.money).sum()
    }
}

pub fn cloud(text: &str) -> Question {
    Question { text: text.to_owned(), route: Some(RouteChoice::Cloud), ..Question::default() }
}

fn settings(double: &Double, place: &Path, change: impl FnOnce(&mut Settings)) -> Settings {
    let mut settings = Settings::default();
    settings.cloud.provider = "anthropic".to_owned();
    settings.cloud.model = Kind::Anthropic.model().to_owned();
    settings.cloud.ca_file = Some(place.join("ca.pem"));
    settings.cloud.max_output_tokens = 2000;
    settings.cloud.providers = BTreeMap::from([(
        "anthropic".to_owned(),
        ProviderSettings {
            kind: Some(ProviderKind::Anthropic),
            base_url: Some(format!("https://{}:{}", Kind::Anthropic.host(), double.address.port())),
            key_env: Some("DOUBLE_KEY".to_owned()),
            ..ProviderSettings::default()
        },
    )]);
    settings.budget.limits = vec!["$100 per month".to_owned()];
    settings.budget.burst_percent = 100;
    settings.ask.context_tokens = 20_000;
    change(&mut settings);
    settings
}

fn write_files(root: &Path) {
    std::fs::create_dir_all(root.join("src")).expect("a folder");
    std::fs::write(root.join("README.md"), "# Requests\n\nForty ways to hand a request on.\n").expect("a file");
    let body = "    // a request is read, checked and handed on\n".repeat(20);
    for number in 0..40 {
        let text = format!("pub fn request_{number}() {{\n{body}}}\n");
        std::fs::write(root.join(format!("src/part_{number:02}.rs")), text).expect("a file");
    }
}
