//! The gate with a ledger that remembers what it was told, and a workspace on disk.

mod clearing;
mod consenting;
mod fitting;
mod leaks;
mod passing;

use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use super::audit::AuditLog;
use super::*;
use crate::budget::{
    Account, Admission, Amount, Calibration, Crossing, Entry, Guards, Ledger, LedgerError, Limit, Period, Picodollars,
    PriceTable, Refusal, Reserved, Scope, Settlement, Span, Stage, WindowState,
};
use crate::config::{ConsentMode, ProviderKind, Settings};
use crate::privacy::UserKey;
use crate::privacy::secrets::Placeholders;
use crate::providers::{Endpoint, Role};

/// Writes down every call; refuses when told to.
#[derive(Debug, Default)]
pub struct Scribe {
    calls: Mutex<Vec<String>>,
    /// The name of the call that fails.
    fails: Mutex<Option<&'static str>>,
}

impl Scribe {
    fn call(&self, name: &'static str, about: &str) -> Result<(), LedgerError> {
        self.calls.lock().unwrap().push(format!("{name}{about}"));
        match *self.fails.lock().unwrap() == Some(name) {
            true => Err(LedgerError::Unusable("it is made to fail".into())),
            false => Ok(()),
        }
    }

    pub fn fail(&self, name: &'static str) {
        *self.fails.lock().unwrap() = Some(name);
    }

    /// The calls that changed something, since the last time.
    pub fn told(&self) -> Vec<String> {
        std::mem::take(&mut *self.calls.lock().unwrap())
    }
}

impl Ledger for Scribe {
    fn reserve(&self, admission: &Admission<'_>) -> Result<Reserved, Refusal> {
        self.call("reserve", &format!(" with {} limits", admission.limits.len()))?;
        Ok(Reserved(7))
    }

    fn advance(&self, _reserved: Reserved, stage: Stage, _floor: Picodollars) -> Result<(), LedgerError> {
        self.call("advance", &format!(" {stage:?}"))
    }

    fn settle(&self, _reserved: Reserved, settlement: &Settlement) -> Result<(), LedgerError> {
        self.call("settle", &format!(" {:?}", settlement.outcome))
    }

    fn release(&self, _reserved: Reserved) -> Result<(), LedgerError> {
        self.call("release", "")
    }

    fn windows(&self, _account: &Account, limits: &[Limit]) -> Result<Vec<WindowState>, LedgerError> {
        if *self.fails.lock().unwrap() == Some("windows") {
            return Err(LedgerError::Unusable("it is made to fail".into()));
        }
        let window = |limit: &Limit| WindowState {
            limit: limit.clone(),
            settled: 0,
            open: 0,
            resets_at: None,
            clock_is_behind: 0,
        };
        Ok(limits.iter().map(window).collect())
    }

    fn crossings(&self, _account: &Account, _limits: &[Limit]) -> Result<Vec<Crossing>, LedgerError> {
        Ok(Vec::new())
    }

    fn reconcile(&self) -> Result<usize, LedgerError> {
        Ok(0)
    }

    fn entries(&self, _from: i64, _until: i64) -> Result<Vec<Entry>, LedgerError> {
        Ok(Vec::new())
    }

    fn span(&self, _period: Period) -> Result<Option<Span>, LedgerError> {
        Ok(None)
    }
}

/// A workspace, a user's state beside it, and a door between.
pub struct Scene {
    place: tempfile::TempDir,
    pub ledger: Arc<Scribe>,
    pub settings: Settings,
    pub is_trusted: bool,
    pub has_monthly_limit: bool,
}

impl Scene {
    pub fn new() -> Self {
        let place = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(place.path().join("work/src")).unwrap();
        std::fs::write(place.path().join("work/src/a.rs"), "fn a() {}\n").unwrap();
        let mut settings = Settings::default();
        settings.cloud.provider = "anthropic".into();
        settings.cloud.model = "claude-opus-5-5".into();
        settings.budget.limits = vec!["$20 per month".into()];
        Self { place, ledger: Arc::default(), settings, is_trusted: true, has_monthly_limit: true }
    }

    pub fn root(&self) -> std::path::PathBuf {
        self.place.path().join("work")
    }

    pub fn audit_file(&self) -> std::path::PathBuf {
        self.place.path().join("state/audit.jsonl")
    }

    pub fn write(&self, path: &str, text: &str) {
        let path = self.root().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    pub fn policy(&self) -> Policy {
        let placeholders = Placeholders::new(UserKey::new([7; 32]));
        Policy::new(&self.settings, &self.root(), self.has_monthly_limit, self.is_trusted, placeholders)
    }

    pub fn clear(&self, draft: &Draft) -> Result<ClearedPrompt, Withheld> {
        clear(draft, &self.policy())
    }

    pub fn cleared(&self, draft: &Draft) -> Arc<ClearedPrompt> {
        Arc::new(self.clear(draft).unwrap())
    }

    pub fn door(&self) -> Door {
        Door {
            ledger: self.ledger.clone(),
            audit: Arc::new(AuditLog::new(self.audit_file(), 365)),
            consents: Arc::new(ConsentStore::new(self.place.path().join("state/consents.json"))),
            consent: ConsentMode::Workspace,
            prices: Arc::new(PriceTable::shipped(Path::new("prices.toml"))),
            calibration: Arc::new(Calibration::in_memory()),
            limits: vec![limit(Amount::Money(Picodollars(20 * Picodollars::DOLLAR.0)), Scope::User)],
            guards: Guards::default(),
            session: "5e55".into(),
            workspace: "f01de4".into(),
            keeps_contents: false,
            clock: Arc::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_000_000)),
        }
    }
}

pub fn limit(amount: Amount, scope: Scope) -> Limit {
    Limit { amount, period: Period::Month, scope }
}

pub fn cloud() -> Endpoint {
    Endpoint {
        name: "anthropic".into(),
        kind: ProviderKind::Anthropic,
        base_url: "https://api.anthropic.com".into(),
        region: None,
        api_version: None,
        price_as: None,
        shows_bearer: false,
        is_local: false,
    }
}

/// A server on this machine.
pub fn machine() -> Endpoint {
    Endpoint {
        name: "shed".into(),
        kind: ProviderKind::Compatible,
        base_url: "http://127.0.0.1:8080/v1".into(),
        is_local: true,
        ..cloud()
    }
}

pub fn file(path: &str, bytes: std::ops::Range<usize>, text: &str) -> Piece {
    Piece { text: text.into(), source: Source::File { path: path.into(), bytes } }
}

pub fn words(text: &str) -> Piece {
    Piece { text: text.into(), source: Source::Question }
}

/// One turn of the user's: a section of these pieces, and another one of the question's.
pub fn draft(endpoint: Endpoint, pieces: Vec<Piece>) -> Draft {
    let section = |pieces| Section { pieces, cache: None };
    let rules = Piece { text: "Answer from the files.\n".into(), source: Source::Instructions };
    Draft {
        endpoint: Arc::new(endpoint),
        model: "claude-opus-5-5".into(),
        system: vec![section(vec![rules])],
        turns: vec![DraftTurn {
            role: Role::User,
            sections: vec![section(pieces), section(vec![words("What does a do?")])],
        }],
        max_output: 2048,
        fill: None,
        effort: None,
    }
}
