//! The way out as it is: through the gate, in its order, to the room that sends.

mod cleared;
mod still;

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use jiff::tz::TimeZone;

use super::remote::{self, Reach, Remote, Site, Standing, Target};
use crate::budget::{
    Account, Amount, Asked, Calibration, Clock, Guards, Ledger, LedgerError, Limit, Limits, Period, Picodollars,
    PriceError, PriceRow, PriceTable, Purpose, Refusal, Scope, TextSize, open_ledger, workspace_key,
};
use crate::cloud::{Backoff, Breakers, Circuit, Client, Cloud, Setup};
use crate::config::{CloudSettings, Environment, Loader, Paths, ProviderSettings, Settings};
use crate::gate::audit::AuditLog;
use crate::gate::{self, ConsentStore, Door, Draft, DraftTurn, Piece, Policy, Section, Source, Withheld};
use crate::privacy::secrets::Placeholders;
use crate::privacy::{Sensitivity, SensitivityRules, Trust, TrustState, UserKey, Verdict};
use crate::providers::{Endpoint, Role};
use still::Still;

/// What is shared by all questions of a process.
pub struct OutsideParts {
    pub paths: Paths,
    pub environment: Arc<Environment>,
    /// An error refuses the cloud, and servers of the user's go on.
    pub ledger: Result<Arc<dyn Ledger>, LedgerError>,
    pub audit: Arc<AuditLog>,
    pub prices: Arc<PriceTable>,
    pub calibration: Arc<Calibration>,
    /// Outlives changes of settings.
    pub breakers: Arc<Breakers>,
    /// One run of a server or a command.
    pub session: String,
    pub clock: gate::Clock,
    /// Of each client; there is a new one after a change of settings.
    pub setup: Arc<dyn Fn() -> Setup + Send + Sync>,
    pub backoff: Backoff,
}

/// See the room. One for a process.
pub struct Outside {
    parts: Arc<OutsideParts>,
    /// By the provider's name. What else the folders' settings say, as which model and how much, changes no client.
    clouds: Mutex<HashMap<String, (ClientSettings, Arc<Cloud>)>>,
}

/// What of the settings makes a client: how the provider is reached and where its key comes from.
type ClientSettings = (Option<ProviderSettings>, Option<PathBuf>);

impl fmt::Debug for Outside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Outside").field("session", &self.parts.session).finish_non_exhaustive()
    }
}

impl Outside {
    /// As the user has it set up, on the system's clock. Opens the ledger: not for the protocol task. `user`: the settings of the
    /// user alone; `session`: one run of a server or a command.
    pub fn open(loader: &Loader, user: &Settings, session: String) -> Self {
        let paths = loader.paths();
        Self::new(OutsideParts {
            paths: paths.clone(),
            environment: Arc::new(loader.environment().clone()),
            ledger: open_ledger(&user.budget, paths, Clock::system()),
            audit: Arc::new(AuditLog::new(paths.audit_file(), user.privacy.audit_days)),
            prices: Arc::new(PriceTable::load(&paths.prices_file())),
            calibration: Arc::new(Calibration::load(&paths.token_counts_file())),
            breakers: Arc::default(),
            session,
            clock: Arc::new(SystemTime::now),
            setup: Arc::new(Setup::default),
            backoff: Backoff::default(),
        })
    }

    pub fn new(parts: OutsideParts) -> Self {
        Self { parts: Arc::new(parts), clouds: Mutex::default() }
    }

    fn cloud(&self, provider: &str, settings: &CloudSettings) -> Result<Arc<Cloud>, Withheld> {
        let parts = &self.parts;
        let wanted = (settings.providers.get(provider).cloned(), settings.ca_file.clone());
        let mut clouds = self.clouds.lock().unwrap_or_else(PoisonError::into_inner);
        match clouds.get(provider) {
            Some((of, known)) if *of == wanted => return Ok(known.clone()),
            // Another key or address may mend what failed.
            Some(_) => parts.breakers.reset(provider),
            None => {}
        }
        let client = Client::new(settings, &parts.environment, (parts.setup)());
        let client = client.map_err(|error| Withheld::Request(error.to_string()))?;
        let fresh = Arc::new(Cloud { client, breakers: parts.breakers.clone(), backoff: parts.backoff.clone() });
        clouds.insert(provider.to_owned(), (wanted, fresh.clone()));
        Ok(fresh)
    }
}

impl Remote for Outside {
    fn site(&self, root: &Path, settings: &Arc<Settings>, user: &Settings) -> Result<Arc<dyn Site>, Withheld> {
        let parts = &self.parts;
        let endpoint = Endpoint::chosen(&settings.cloud).map_err(Withheld::Request)?.ok_or(Withheld::NoProvider)?;
        let model = settings.cloud.model.clone();
        if model.is_empty() {
            return Err(Withheld::NoProvider);
        }
        let endpoint = Arc::new(endpoint);
        // Before it is asked what failed: other settings may mend that.
        let cloud = self.cloud(&endpoint.name, &settings.cloud)?;
        let key = UserKey::load(&parts.paths.state)
            .map_err(|error| Withheld::Request(format!("the key for placeholders cannot be kept: {error}")))?;
        let placeholders = Placeholders::new(key.clone());
        let is_trusted = Trust::new(&parts.paths.state).state(root) == TrustState::Trusted;
        let has_monthly_limit = Limits::read(&user.budget.limits).has_monthly();
        let policy = Policy::new(settings, root, has_monthly_limit, is_trusted, placeholders);
        let policy = policy.tagged(&key, root, endpoint.kind);
        let is_local = policy.reach(&endpoint) != gate::Reach::Cloud;
        let stays = policy.reach(&endpoint) == gate::Reach::Machine;
        let limits = Limits::read(&settings.budget.limits).readable;
        let account = Account {
            session: parts.session.clone(),
            workspace: workspace_key(root),
            provider: endpoint.name.clone(),
            model: model.clone(),
            purpose: Purpose::Question,
        };
        let row = self.row(&endpoint, &model);
        let (left, broken) =
            match parts.ledger.as_ref().map_err(Clone::clone).and_then(|ledger| left(&**ledger, &account, &limits)) {
                Ok(left) => (left, None),
                Err(error) => (None, Some(Withheld::Budget(Refusal::Ledger(error)))),
            };
        let blocked = match gate::clear(&probe(&endpoint, &model), &policy) {
            Err(withheld) => Some(withheld),
            Ok(_) if is_local => None,
            Ok(_) => row.as_ref().err().cloned().map(Withheld::Price).or(broken),
        };
        let down = match parts.breakers.circuit(&endpoint) {
            Circuit::Closed => None,
            Circuit::Paused { left, why } => Some(format!("{why}; it is asked again in {} s", left.as_secs().max(1))),
            Circuit::Open { why } => {
                Some(format!("{why}; it is asked again in some minutes, or when its settings have changed"))
            }
        };
        let row = row.unwrap_or_else(|_| Arc::new(PriceRow::free()));
        let standing = Standing {
            endpoint,
            model,
            is_local,
            stays,
            window: row.context,
            tiers: tiers(&row, parts.calibration.scale(&row)),
            blocked,
            down,
            left: left.filter(|_| !is_local),
        };
        let rules = SensitivityRules::new(root, &settings.index.exclude, &settings.privacy);
        let door = Door {
            ledger: parts.ledger.clone().unwrap_or_else(|error| Arc::new(cleared::NoLedger(error))),
            audit: parts.audit.clone(),
            consents: Arc::new(ConsentStore::new(parts.paths.consents_file())),
            consent: settings.cloud.consent,
            prices: parts.prices.clone(),
            calibration: parts.calibration.clone(),
            limits,
            guards: Guards::of(&settings.budget),
            session: account.session,
            workspace: account.workspace,
            keeps_contents: settings.privacy.keep_contents,
            clock: parts.clock.clone(),
        };
        let still = Still {
            root: root.to_owned(),
            trust: Trust::new(&parts.paths.state),
            exclude: settings.index.exclude.clone(),
            privacy: settings.privacy.clone(),
            is_free: is_local,
        };
        Ok(Arc::new(Place { still, standing, policy, rules, row, door, cloud }))
    }
}

impl Outside {
    fn row(&self, endpoint: &Endpoint, model: &str) -> Result<Arc<PriceRow>, PriceError> {
        let now = jiff::Timestamp::try_from((self.parts.clock)()).unwrap_or_default();
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        self.parts.prices.find(&Asked { endpoint, model, price_as: endpoint.price_as.as_deref(), today })
    }
}

/// Where the row's tiers begin for who counts a model's tokens without what was learned of it: above 1000 per mille, sooner.
fn tiers(row: &PriceRow, scale: u64) -> Vec<u64> {
    let unscaled = |above: u64| u128::from(above) * 1000 / u128::from(scale.max(1000));
    row.tiers.iter().map(|tier| u64::try_from(unscaled(tier.above)).unwrap_or(u64::MAX)).collect()
}

/// The least that a limit in money leaves.
fn left(ledger: &dyn Ledger, account: &Account, limits: &[Limit]) -> Result<Option<Picodollars>, LedgerError> {
    let limits: Vec<Limit> = limits.iter().filter(|limit| limit.applies(account)).cloned().collect();
    let windows = ledger.windows(account, &limits)?;
    let in_money = windows.iter().filter(|window| matches!(window.limit.amount, Amount::Money(_)));
    Ok(in_money.map(|window| Picodollars(window.left())).min())
}

/// A request with nothing of the user's in it, to see whether one could be sent at all.
fn probe(endpoint: &Arc<Endpoint>, model: &str) -> Draft {
    let piece = Piece { text: Arc::from("?"), source: Source::Instructions };
    let section = Section { pieces: vec![piece], cache: None };
    Draft {
        endpoint: endpoint.clone(),
        model: model.to_owned(),
        system: Vec::new(),
        turns: vec![DraftTurn { role: Role::User, sections: vec![section] }],
        max_output: 1,
        fill: None,
        effort: None,
    }
}

/// A workspace with its settings.
struct Place {
    still: Still,
    standing: Standing,
    policy: Policy,
    rules: SensitivityRules,
    row: Arc<PriceRow>,
    door: Door,
    cloud: Arc<Cloud>,
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place").field("standing", &self.standing).finish_non_exhaustive()
    }
}

impl Target for Place {
    fn standing(&self) -> &Standing {
        &self.standing
    }

    fn reach(&self, path: &str) -> Reach {
        match self.rules.of(Path::new(path)) {
            _ if !gate::is_plain(path) => Reach::Denied,
            Verdict::Allowed(Sensitivity::LocalOnly) => Reach::Stays,
            Verdict::Allowed(_) => Reach::Out,
            Verdict::Denied(_) => Reach::Denied,
        }
    }

    fn count(&self, text: &str) -> usize {
        usize::try_from(self.row.tokenizer.text_bound(&TextSize::of(text))).unwrap_or(usize::MAX)
    }
}

impl Site for Place {
    fn clear(&self, draft: Draft, limit: Option<Picodollars>) -> Result<Arc<dyn remote::Cleared>, Withheld> {
        let mut door = self.door.clone();
        door.limits.extend(limit.map(|money| Limit {
            amount: Amount::Money(money),
            period: Period::Request,
            scope: Scope::User,
        }));
        let (prompt, preview) = door.fit(gate::clear(&draft, &self.policy)?)?;
        Ok(Arc::new(cleared::Prompt::new(door, prompt, preview, self.cloud.clone(), self.still.clone())))
    }
}

#[cfg(test)]
mod tests;
