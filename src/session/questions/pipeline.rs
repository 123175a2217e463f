//! The question pipeline with all that is behind it: the gate, the ledger, the audit log, prices, keys.
//!
//! Opened by the first question, on a thread that may wait. What cannot be opened refuses the cloud and nothing else, and is tried
//! again by the next question: the user may have mended it.

use std::fmt::Write;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Answerer, Budget, Payload, words};
use crate::ask::{Asked, Asker, Parts, Question, Threads, Workspace};
use crate::budget::{
    Account, Clock, Crossing, Grouping, Ledger, LedgerError, Limits, Period, Purpose, Refusal, Total, WindowState,
    open_ledger, totals, workspace_key,
};
use crate::config::{BudgetSettings, CompletionSettings, EngineSettings, Loader, Settings};
use crate::engine::chat::ChatEngine;
use crate::gate::Withheld;
use crate::gate::audit::Reading;
use crate::privacy::UserKey;
use crate::providers::Endpoint;

/// Steps that wait for whoever shows them.
const STEPS: usize = 16;
/// Requests that the list of what left this machine has at most; `tandem audit` has all.
const AUDITED: usize = 50;

/// Cheap to make; everything is opened later.
pub struct Pipeline(Arc<Shared>);

/// What was opened holds as long as these do: the ledger's settings, the days that audit records are kept, and time and length
/// of the user's price file.
type Key = (BudgetSettings, u32, Option<(Option<SystemTime>, u64)>);

/// What answers here, and the settings that it was made for.
type Made = ((EngineSettings, CompletionSettings), Option<Arc<dyn ChatEngine>>);

struct Shared {
    loader: Loader,
    /// One run of a server or a command, in the ledger and the audit log.
    session: String,
    threads: Arc<Threads>,
    /// Fails are not kept.
    opened: Mutex<Option<(Key, Opened)>>,
    models: MakeChat,
    /// The model on this machine, and the settings that it was made for. It holds threads' beginnings, so it is kept.
    chat: Mutex<Option<Made>>,
    #[cfg(feature = "cloud")]
    breakers: Arc<crate::cloud::Breakers>,
}

#[derive(Clone)]
struct Opened {
    asker: Asker,
    ledger: Result<Arc<dyn Ledger>, LedgerError>,
}

/// Makes what holds conversations on this machine, by the settings of a folder; None where there is none. Must not wait, and
/// start nothing: whoever is made does so when it is first asked. Called on a thread of a runtime.
pub type MakeChat = Arc<dyn Fn(&Settings) -> Option<Arc<dyn ChatEngine>> + Send + Sync>;

impl Pipeline {
    pub fn new(loader: &Loader, models: MakeChat) -> Self {
        Self(Arc::new(Shared {
            session: run_number(),
            threads: Arc::new(Threads::in_directory(loader.paths().threads_directory())),
            opened: Mutex::default(),
            models,
            chat: Mutex::default(),
            #[cfg(feature = "cloud")]
            breakers: Arc::default(),
            loader: loader.clone(),
        }))
    }

    async fn off<T: Send + 'static>(
        shared: Arc<Shared>,
        look: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> Option<T> {
        let looked = tokio::task::spawn_blocking(move || look(&shared)).await;
        looked.inspect_err(|error| tracing::error!(%error, "a question could not be looked into")).ok()
    }
}

/// A name by chance for one run of a server or a command, in records.
pub fn run_number() -> String {
    format!("{:032x}", random())
}

fn random() -> u128 {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the system gives no random numbers");
    }
    u128::from_le_bytes(bytes)
}

impl std::fmt::Debug for Pipeline {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Pipeline").field("session", &self.0.session).finish_non_exhaustive()
    }
}

impl Shared {
    /// Touches the disk.
    fn open(&self) -> Opened {
        let user = self.loader.load(&[], None).user;
        let prices = std::fs::metadata(self.loader.paths().prices_file()).ok();
        let prices = prices.map(|file| (file.modified().ok(), file.len()));
        let key = (BudgetSettings { limits: Vec::new(), ..user.budget.clone() }, user.privacy.audit_days, prices);
        let mut known = self.opened.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, opened)) = known.as_ref().filter(|(of, _)| *of == key) {
            return opened.clone();
        }
        let ledger = open_ledger(&user.budget, self.loader.paths(), Clock::system()).and_then(|ledger| {
            match ledger.reconcile()? {
                0 => {}
                count => tracing::info!(count, "what processes that died had reserved counts as spent"),
            }
            Ok(ledger)
        });
        let parts = Parts {
            remote: self.remote(&user, &ledger),
            chat: None,
            threads: self.threads.clone(),
            clock: Arc::new(SystemTime::now),
            key: UserKey::load(&self.loader.paths().state)
                .inspect_err(|error| tracing::warn!(%error, "without a key of the user's, loops are not noticed"))
                .ok(),
            random: Arc::new(random),
        };
        let opened = Opened { asker: Asker::new(parts), ledger };
        if opened.ledger.is_ok() {
            *known = Some((key, opened.clone()));
        }
        opened
    }

    /// The model on this machine by the settings that its completions go by, so that both find the same process.
    fn chat(&self, settings: &Settings) -> Option<Arc<dyn ChatEngine>> {
        let Settings { engine, completion, .. } = settings;
        let mut known = self.chat.lock().unwrap_or_else(PoisonError::into_inner);
        match known.as_ref() {
            Some((of, chat)) if (&of.0, &of.1) == (engine, completion) => chat.clone(),
            _ => known.insert(((engine.clone(), completion.clone()), (self.models)(settings))).1.clone(),
        }
    }

    #[cfg(feature = "cloud")]
    fn remote(
        &self,
        user: &Settings,
        ledger: &Result<Arc<dyn Ledger>, LedgerError>,
    ) -> Option<Arc<dyn crate::ask::remote::Remote>> {
        use crate::ask::{Outside, OutsideParts};
        use crate::budget::{Calibration, PriceTable};
        use crate::cloud::{Backoff, Setup};

        let paths = self.loader.paths();
        Some(Arc::new(Outside::new(OutsideParts {
            paths: paths.clone(),
            environment: Arc::new(self.loader.environment().clone()),
            ledger: ledger.clone(),
            audit: Arc::new(crate::gate::audit::AuditLog::new(paths.audit_file(), user.privacy.audit_days)),
            prices: Arc::new(PriceTable::load(&paths.prices_file())),
            calibration: Arc::new(Calibration::load(&paths.token_counts_file())),
            breakers: self.breakers.clone(),
            session: self.session.clone(),
            clock: Arc::new(SystemTime::now),
            setup: Arc::new(Setup::default),
            backoff: Backoff::default(),
        })))
    }

    #[cfg(not(feature = "cloud"))]
    fn remote(
        &self,
        _user: &Settings,
        _ledger: &Result<Arc<dyn Ledger>, LedgerError>,
    ) -> Option<Arc<dyn crate::ask::remote::Remote>> {
        None
    }

    fn account(&self, workspace: &Workspace) -> Account {
        let cloud = &workspace.settings.cloud;
        Account {
            session: self.session.clone(),
            workspace: workspace_key(workspace.index.root()),
            provider: cloud.provider.clone(),
            model: cloud.model.clone(),
            purpose: Purpose::Question,
        }
    }

    fn windows(&self, workspace: &Workspace) -> Result<Vec<WindowState>, String> {
        let limits = limits(workspace);
        if let Some(problem) = limits.refusal() {
            return Err(problem);
        }
        let windows = self.open().ledger.and_then(|ledger| ledger.windows(&self.account(workspace), &limits.readable));
        windows.map_err(|error| Withheld::Budget(Refusal::Ledger(error)).to_string())
    }

    fn budget(&self, workspace: &Workspace) -> Budget {
        let cloud = &workspace.settings.cloud;
        let opened = self.open();
        let (today, suggestions) = opened.ledger.and_then(|ledger| today(&*ledger)).ok().unzip();
        Budget {
            is_off: opened.asker.why_off(workspace),
            provider: cloud.provider.clone(),
            model: cloud.model.clone(),
            windows: self.windows(workspace),
            today,
            suggestions,
        }
    }

    /// A cloud that is off needs no look into a ledger, and a status line is no reason to connect to a team's.
    fn glance(&self, workspace: &Workspace) -> Budget {
        let settings = &workspace.settings;
        let cloud = &settings.cloud;
        let named = Budget {
            is_off: None,
            provider: cloud.provider.clone(),
            model: cloud.model.clone(),
            windows: Ok(Vec::new()),
            today: None,
            suggestions: None,
        };
        let is_local = match Endpoint::chosen(cloud) {
            Ok(Some(endpoint)) => endpoint.is_local,
            // Typing may be paid for all the same.
            Ok(None) | Err(_) if settings.completion.cloud && cloud.enabled => false,
            Ok(None) => return Budget { is_off: Some(Withheld::NoProvider.to_string()), ..named },
            Err(problem) => return Budget { is_off: Some(problem), ..named },
        };
        if !is_local && !cloud.enabled {
            return Budget { is_off: Some(Withheld::CloudOff.to_string()), ..named };
        }
        let is_open = self.opened.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        if !is_open && !self.loader.load(&[], None).user.budget.ledger.is_empty() {
            return named;
        }
        self.budget(workspace)
    }

    fn crossings(&self, workspace: &Workspace) -> Vec<Crossing> {
        let limits = limits(workspace).readable;
        if limits.is_empty() {
            return Vec::new();
        }
        let crossings = self.open().ledger.and_then(|ledger| ledger.crossings(&self.account(workspace), &limits));
        crossings.unwrap_or_else(|error| {
            tracing::warn!(%error, "whether a limit is nearly used up is not known");
            Vec::new()
        })
    }

    fn audit(&self) -> Result<String, String> {
        let file = self.loader.paths().audit_file();
        let reading = Reading::of(&file).map_err(|error| format!("{} cannot be read: {error}", file.display()))?;
        let mut text = String::from("# What left this machine\n\n");
        for entry in reading.entries.iter().rev().take(AUDITED) {
            let sent = &entry.sent;
            let at = entry.at.strftime("%Y-%m-%d %H:%M UTC");
            let _ = writeln!(
                text,
                "* {at}: {} of {} files to {} at {}, at most {}{}",
                words::bytes(sent.bytes),
                sent.files.len(),
                words::plain(&sent.model),
                words::plain(&sent.host),
                sent.cost.1,
                if entry.outcome.is_some() { "" } else { ", not settled" },
            );
        }
        if reading.entries.is_empty() {
            text.push_str("Nothing.\n");
        }
        if let Some(record) = reading.stopped_at {
            let _ =
                writeln!(text, "\nWhat stands behind record {record} does not hang together: `tandem audit --verify`.");
        }
        Ok(text)
    }
}

/// All that hold here, those on suggestions included where there are any.
fn limits(workspace: &Workspace) -> Limits {
    let limits = Limits::read(&workspace.settings.budget.limits);
    if workspace.settings.completion.cloud { limits.with_usual_for_suggestions() } else { limits }
}

/// What was spent since the day began, by all who share the ledger, and what of it was for suggestions.
fn today(ledger: &dyn Ledger) -> Result<(Total, Total), LedgerError> {
    let Some(day) = ledger.span(Period::Day)? else { return Ok(Default::default()) };
    let entries = ledger.entries(day.start, day.end)?;
    // Each of them is for one purpose; a zone says nothing of that.
    let purposes = totals(&entries, Grouping::Purpose, &jiff::tz::TimeZone::UTC);
    let is_typed = |total: &&Total| total.key == Purpose::Suggestion.plural();
    let suggestions = purposes.iter().find(is_typed).cloned().unwrap_or_default();
    let all = purposes.into_iter().fold(Total::default(), |sum, one| Total {
        key: String::new(),
        requests: sum.requests + one.requests,
        open: sum.open + one.open,
        money: sum.money.saturating_add(one.money),
        tokens: sum.tokens.saturating_add(one.tokens),
    });
    Ok((all, suggestions))
}

fn looked_into(budget: Option<Budget>) -> Budget {
    budget.unwrap_or_else(|| Budget::off("the budget cannot be read: this is a defect, see the log".to_owned()))
}

impl Answerer for Pipeline {
    fn ask(&self, question: Question, workspace: Workspace) -> Asked {
        let (steps, receiver) = mpsc::channel(STEPS);
        let cancel = CancellationToken::new();
        let (shared, cancelled) = (self.0.clone(), cancel.clone());
        tokio::spawn(async move {
            let settings = workspace.settings.clone();
            let look = move |shared: &Shared| (shared.open().asker, shared.chat(&settings));
            let Some((mut asker, chat)) = Self::off(shared, look).await else { return };
            asker.set_chat(chat);
            let mut asked = asker.ask(question, workspace);
            let mut is_cancelled = false;
            loop {
                let step = tokio::select! {
                    () = cancelled.cancelled(), if !is_cancelled => {
                        // It goes on until it is settled.
                        is_cancelled = true;
                        asked.cancel.cancel();
                        continue;
                    }
                    step = asked.steps.recv() => step,
                };
                let Some(step) = step else { return };
                if steps.send(step).await.is_err() {
                    return;
                }
            }
        });
        Asked::new(receiver, cancel)
    }

    fn preview(&self, question: Question, workspace: Workspace) -> BoxFuture<'static, Result<Payload, String>> {
        let shared = self.0.clone();
        async move {
            let opened = Self::off(shared, Shared::open).await.ok_or("this is a defect, see the log")?;
            opened.asker.payload(question, workspace).await.map_err(|withheld| withheld.to_string())
        }
        .boxed()
    }

    fn budget(&self, workspace: Workspace) -> BoxFuture<'static, Budget> {
        let shared = self.0.clone();
        async move { looked_into(Self::off(shared, move |shared| shared.budget(&workspace)).await) }.boxed()
    }

    fn glance(&self, workspace: Workspace) -> BoxFuture<'static, Budget> {
        let shared = self.0.clone();
        async move { looked_into(Self::off(shared, move |shared| shared.glance(&workspace)).await) }.boxed()
    }

    fn crossings(&self, workspace: Workspace) -> BoxFuture<'static, Vec<Crossing>> {
        let shared = self.0.clone();
        async move { Self::off(shared, move |shared| shared.crossings(&workspace)).await.unwrap_or_default() }.boxed()
    }

    fn audit(&self) -> BoxFuture<'static, Result<String, String>> {
        let shared = self.0.clone();
        async move {
            let audit = Self::off(shared, Shared::audit).await;
            audit.unwrap_or_else(|| Err("this is a defect, see the log".to_owned()))
        }
        .boxed()
    }
}

#[cfg(all(test, feature = "cloud"))]
mod tests;
