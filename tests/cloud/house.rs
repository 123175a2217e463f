//! The gate as it is in a user's house: a workspace, a policy that lets the question out, a ledger on disk, an audit log.

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::tz::TimeZone;
use tandem::budget::{
    Amount, Calibration, Clock, Entry, Guards, Ledger, Limit, Period, Picodollars, PriceTable, Scope, SqliteLedger,
    State,
};
use tandem::cloud::LastLook;
use tandem::config::{ConsentMode, ProviderSettings, Settings};
use tandem::gate::audit::AuditLog;
use tandem::gate::{
    ClearedPrompt, Consent, ConsentStore, Door, Draft, DraftTurn, Piece, Policy, Section, Source, clear,
};
use tandem::privacy::UserKey;
use tandem::privacy::secrets::Placeholders;
use tandem::providers::{CacheLife, Endpoint, Role};

use super::support::Asker;

pub struct House {
    pub door: Arc<Door>,
    pub prompt: Arc<ClearedPrompt>,
    /// What is looked at before each attempt.
    pub last_look: LastLook,
    ledger: Arc<SqliteLedger>,
    _place: tempfile::TempDir,
}

impl House {
    /// With a question that is cleared for this endpoint.
    pub fn new(endpoint: Endpoint, asker: &Asker) -> Self {
        let place = tempfile::tempdir().expect("a folder");
        let root = place.path().join("work");
        std::fs::create_dir_all(&root).expect("a workspace");
        std::fs::write(root.join("main.rs"), &asker.texts.0).expect("a file");
        let mut settings = Settings::default();
        settings.cloud.provider = endpoint.name.clone();
        settings.cloud.model = asker.model.clone();
        settings.cloud.providers.insert(
            endpoint.name.clone(),
            ProviderSettings { is_local: Some(endpoint.is_local), ..asker.settings.clone() },
        );
        settings.budget.limits = vec!["$100 per month".to_owned()];
        let policy = Policy::new(&settings, &root, true, true, Placeholders::new(UserKey::new([7; 32])))
            .with_user_tag("0123456789abcdef".to_owned());
        let prompt = clear(&draft(endpoint, asker), &policy).expect("a question that may leave");
        let state = place.path().join("state");
        std::fs::create_dir_all(&state).expect("a folder");
        let ledger =
            SqliteLedger::open(&state.join("ledger.sqlite"), Clock::system(), TimeZone::UTC).expect("a ledger");
        let ledger = Arc::new(ledger);
        let door = Door {
            ledger: ledger.clone(),
            audit: Arc::new(AuditLog::new(state.join("audit.jsonl"), 365)),
            consents: Arc::new(ConsentStore::new(state.join("consents.json"))),
            consent: ConsentMode::Workspace,
            prices: Arc::new(PriceTable::shipped(Path::new("prices.toml"))),
            calibration: Arc::new(Calibration::in_memory()),
            limits: vec![Limit {
                amount: Amount::Money(asker.limit.unwrap_or(Picodollars(100 * Picodollars::DOLLAR.0))),
                period: Period::Month,
                scope: Scope::User,
            }],
            guards: Guards::OFF,
            session: "5e55".to_owned(),
            workspace: "f01de4".to_owned(),
            keeps_contents: false,
            clock: Arc::new(SystemTime::now),
        };
        Self { door: Arc::new(door), prompt: Arc::new(prompt), last_look: Arc::new(|_| Ok(())), ledger, _place: place }
    }

    /// The user's yes to this question, once more.
    pub fn consent(&self) -> Arc<Consent> {
        Arc::new(Consent::once(&self.door.preview(&self.prompt).expect("room in the budget")))
    }

    /// The most that one attempt may cost.
    pub fn most(&self) -> Picodollars {
        self.door.preview(&self.prompt).expect("room in the budget").cost.1
    }

    /// All attempts, as the ledger has them.
    pub fn entries(&self) -> Vec<Entry> {
        self.ledger.entries(0, i64::MAX).expect("a ledger that can be read")
    }

    /// Attempts that are over.
    pub fn settled(&self) -> usize {
        self.entries().iter().filter(|entry| !matches!(entry.state, State::Open(_))).count()
    }

    pub fn money(&self) -> Picodollars {
        self.entries().iter().map(|entry| entry.money).sum()
    }
}

fn draft(endpoint: Endpoint, asker: &Asker) -> Draft {
    let section = |text: &str, source, cache| Section { pieces: vec![Piece { text: text.into(), source }], cache };
    let file = Source::File { path: "main.rs".to_owned(), bytes: 0..asker.texts.0.len() };
    Draft {
        endpoint: Arc::new(endpoint),
        model: asker.model.clone(),
        system: vec![
            section("You answer questions about a program.\n", Source::Instructions, None),
            section(&asker.texts.0, file, Some(CacheLife::Short)),
        ],
        turns: vec![DraftTurn { role: Role::User, sections: vec![section(&asker.texts.1, Source::Question, None)] }],
        max_output: asker.max_output,
        fill: None,
        effort: None,
    }
}
