//! The way of a prompt of typing to the door: who is asked, what may be told, whether the user said yes. All of it blocks.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::draft::{draft, probe};
use crate::budget::{Calibration, Guards, Ledger, LedgerError, Limits, PriceTable, Refusal, workspace_key};
use crate::cloud::{Backoff, Client, Cloud, Setup, Timeouts};
use crate::config::{ConsentMode, Environment, Settings};
use crate::engine::Job;
use crate::engine::fallback::Kept;
use crate::gate::audit::AuditLog;
use crate::gate::typing::{TypingRules, judge_paths};
use crate::gate::{self, ClearedPrompt, Consent, ConsentStore, Door, Policy, Preview, Remembered, Withheld};
use crate::privacy::secrets::Placeholders;
use crate::privacy::{Trust, TrustState, UserKey};
use crate::providers::Endpoint;

/// How long is waited for what: who types has gone on long before a question would be given up.
pub const TIMEOUTS: Timeouts =
    Timeouts { connect: Duration::from_secs(2), idle: Duration::from_secs(5), total: Duration::from_secs(20) };

/// Opens the ledger.
pub type LedgerSource = Arc<dyn Fn() -> Result<Arc<dyn Ledger>, LedgerError> + Send + Sync>;

/// What a place is made of.
pub struct HostedParts {
    /// As they hold for all open folders together.
    pub settings: Settings,
    /// Of the user's own limits.
    pub has_monthly_limit: bool,
    /// The directory of trust and of the key for placeholders.
    pub state: PathBuf,
    pub consents: PathBuf,
    pub environment: Arc<Environment>,
    /// Asked again until it gives one.
    pub ledger: LedgerSource,
    pub audit: Arc<AuditLog>,
    pub prices: Arc<PriceTable>,
    pub calibration: Arc<Calibration>,
    /// One run of a server or a command.
    pub session: String,
    pub clock: gate::Clock,
}

/// Who is asked, and what a prompt passes on its way there.
pub struct Place {
    parts: HostedParts,
    endpoint: Arc<Endpoint>,
    model: String,
    rules: TypingRules,
    trust: Trust,
    /// With breakers of its own, which `rest` stands in for: a service that fails at suggestions may answer questions.
    pub(super) cloud: Cloud,
    opened: Mutex<Option<Arc<dyn Ledger>>>,
}

/// A prompt that may be sent.
pub struct Ready {
    pub door: Arc<Door>,
    pub prompt: Arc<ClearedPrompt>,
    pub consent: Arc<Consent>,
    pub preview: Preview,
}

/// Why a prompt stays here.
#[derive(Debug)]
pub enum No {
    /// A file or a folder.
    Kept(Kept),
    Withheld(Withheld),
    /// The user was never asked about this folder. What would be sent: a sentence.
    WantsYes {
        folder: PathBuf,
        sentence: String,
    },
}

impl fmt::Debug for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Place")
            .field("endpoint", &self.endpoint.host())
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

impl Place {
    /// Opens nothing. An error is a sentence with the way out.
    pub fn new(parts: HostedParts, setup: Setup) -> Result<Self, String> {
        let (completion, cloud) = (&parts.settings.completion, &parts.settings.cloud);
        let name = completion.cloud_provider(cloud);
        if name.is_empty() {
            return Err(Withheld::NoSuggester.to_string());
        }
        let endpoint = Endpoint::named(&name, cloud)?;
        let usual = endpoint.fills().ok_or_else(|| {
            format!(
                "`{name}` has no interface for suggestions while you type: set `completion.cloudProvider` to `mistral` or \
                 `deepseek`, or to a name from `cloud.providers` of such a kind"
            )
        })?;
        let model = completion.cloud_model.trim();
        let model = if model.is_empty() { usual.to_owned() } else { model.to_owned() };
        let client = Client::new(cloud, &parts.environment, setup).map_err(|error| error.to_string())?;
        // What is typed next is worth more than what was typed before.
        let backoff = Backoff { retries: 0, ..Backoff::default() };
        Ok(Self {
            cloud: Cloud { client, breakers: Arc::default(), backoff },
            endpoint: Arc::new(endpoint),
            model,
            rules: TypingRules::of(&parts.settings),
            trust: Trust::new(&parts.state),
            opened: Mutex::default(),
            parts,
        })
    }

    pub fn host(&self) -> &str {
        self.endpoint.host()
    }

    pub fn provider(&self) -> &str {
        &self.endpoint.name
    }

    pub fn model(&self) -> &str {
        &self.model
    }

    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// Seconds since 1970.
    pub(super) fn unix(&self) -> i64 {
        jiff::Timestamp::try_from((self.parts.clock)()).unwrap_or_default().as_second()
    }

    /// Looks at paths, trust, every byte, the user's yeses and the ledger, in this order.
    pub(super) fn prepare(&self, job: Job) -> Result<Ready, No> {
        let job = judge_paths(self.host(), &self.rules, &self.trust, true, job).map_err(No::Kept)?;
        let Some(root) = job.prompt.origin.folder.clone() else {
            return Err(No::Withheld(Withheld::Denied { paths: Vec::new() }));
        };
        let prompt = gate::clear(&draft(&job, &self.endpoint, &self.model), &self.policy(&root).map_err(No::Withheld)?);
        let prompt = prompt.map_err(No::Withheld)?;
        let door = self.door(&root).map_err(No::Withheld)?;
        let preview = door.preview(&prompt).map_err(No::Withheld)?;
        let consent = match (door.consent(&preview), door.consent) {
            (Remembered::Yes(consent), _) => consent,
            (Remembered::Ask { .. }, ConsentMode::Every) => return Err(No::Withheld(asks_each_time())),
            (Remembered::Ask { .. }, ConsentMode::Workspace) => {
                let sentence = question(&root, &preview);
                return Err(No::WantsYes { folder: root, sentence });
            }
        };
        Ok(Ready { door: Arc::new(door), prompt: Arc::new(prompt), consent: Arc::new(consent), preview })
    }

    /// What stands against suggestions in a folder, whatever they hold; else what a small one may cost, and whether the user
    /// said yes to them there.
    pub fn look(&self, root: &Path) -> Result<(Preview, bool), Withheld> {
        let (door, preview) = self.probe(root)?;
        let is_allowed = matches!(door.consent(&preview), Remembered::Yes(_));
        Ok((preview, is_allowed))
    }

    /// The user says yes to suggestions in this folder, from now on.
    pub fn allow(&self, root: &Path) -> Result<(), Withheld> {
        let (door, preview) = self.probe(root)?;
        if door.consent == ConsentMode::Every {
            return Err(asks_each_time());
        }
        door.remember(&preview).map(drop)
    }

    /// What the user says yes to, as a question.
    pub fn question(&self, root: &Path) -> Result<String, Withheld> {
        let (_, preview) = self.probe(root)?;
        Ok(question(root, &preview))
    }

    fn probe(&self, root: &Path) -> Result<(Door, Preview), Withheld> {
        let prompt = gate::clear(&probe(&self.endpoint, &self.model), &self.policy(root)?)?;
        let door = self.door(root)?;
        let preview = door.preview(&prompt)?;
        Ok((door, preview))
    }

    fn policy(&self, root: &Path) -> Result<Policy, Withheld> {
        let parts = &self.parts;
        let key = UserKey::load(&parts.state)
            .map_err(|error| Withheld::Request(format!("the key for placeholders cannot be kept: {error}")))?;
        let is_trusted = self.trust.state(root) == TrustState::Trusted;
        let policy =
            Policy::new(&parts.settings, root, parts.has_monthly_limit, is_trusted, Placeholders::new(key.clone()));
        Ok(policy.tagged(&key, root, self.endpoint.kind))
    }

    fn door(&self, root: &Path) -> Result<Door, Withheld> {
        let parts = &self.parts;
        let limits = Limits::read(&parts.settings.budget.limits).with_usual_for_suggestions();
        Ok(Door {
            ledger: self.ledger().map_err(|error| Withheld::Budget(Refusal::Ledger(error)))?,
            audit: parts.audit.clone(),
            consents: Arc::new(ConsentStore::new(parts.consents.clone())),
            consent: parts.settings.cloud.consent,
            prices: parts.prices.clone(),
            calibration: parts.calibration.clone(),
            limits: limits.readable,
            guards: Guards::of(&parts.settings.budget),
            session: parts.session.clone(),
            workspace: workspace_key(root),
            keeps_contents: parts.settings.privacy.keep_contents,
            clock: parts.clock.clone(),
        })
    }

    fn ledger(&self) -> Result<Arc<dyn Ledger>, LedgerError> {
        let mut opened = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(ledger) = &*opened {
            return Ok(ledger.clone());
        }
        let ledger = (self.parts.ledger)()?;
        *opened = Some(ledger.clone());
        Ok(ledger)
    }
}

fn asks_each_time() -> Withheld {
    Withheld::Request(
        "`cloud.consent` is `every`, and nobody can be asked at every key: set it to `workspace` to get suggestions of a \
         provider"
            .to_owned(),
    )
}

/// What would leave, where to, and for how much.
fn question(root: &Path, preview: &Preview) -> String {
    let name = root.file_name().unwrap_or(root.as_os_str()).to_string_lossy();
    let name: String = name.chars().filter(|character| !character.is_control()).take(60).collect();
    let limits: Vec<String> = preview.windows.iter().map(|window| format!("`{}`", window.limit)).collect();
    let least = preview.manifest.files.first().map_or_else(String::new, |file| {
        format!(
            " The first one would be {} bytes around the cursor in {}, for at most {}.",
            file.bytes, file.path, preview.cost.1
        )
    });
    format!(
        "May {} write suggestions in `{name}` while you type? What stands around the cursor and related pieces of the folder's \
         files go to {} each time you pause, and each suggestion costs money.{least} Limits: {}.",
        preview.model,
        preview.host,
        limits.join(", ")
    )
}
