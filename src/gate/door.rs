//! The way from a cleared prompt to a permit.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use jiff::tz::TimeZone;

use super::audit::{AuditLog, Contents, Digest, FileSent, Sent, to_ms};
use super::policy::Reach;
use super::ticket::Ticket;
use super::{ClearedPrompt, Consent, ConsentStore, Lowered, Permit, Preview, Remembered, Withheld};
use crate::budget::{
    Account, Admission, Amount, Asked, Calibration, Crossing, Estimate, Guards, Ledger, Limit, Period, Picodollars,
    Planned, PriceTable, Refusal, Scope, TextSize, WindowState,
};
use crate::config::ConsentMode;
use crate::providers::{CacheLife, Request};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> SystemTime + Send + Sync>;

/// What a request passes on its way out. One for a workspace and its settings; cheap to make anew.
#[derive(Clone)]
pub struct Door {
    pub ledger: Arc<dyn Ledger>,
    pub audit: Arc<AuditLog>,
    pub consents: Arc<ConsentStore>,
    pub consent: ConsentMode,
    pub prices: Arc<PriceTable>,
    pub calibration: Arc<Calibration>,
    /// All that hold, the one for this request included.
    pub limits: Vec<Limit>,
    /// When the user is to be asked although no limit is passed.
    pub guards: Guards,
    /// One run of a server or a command.
    pub session: String,
    /// A fingerprint of the folder's path.
    pub workspace: String,
    /// `privacy.keepContents`.
    pub keeps_contents: bool,
    pub clock: Clock,
}

impl Door {
    /// What it holds, where it goes, what it may cost; or the limit that it would pass. Reads the ledger's windows: not for the
    /// protocol task.
    pub fn preview(&self, prompt: &ClearedPrompt) -> Result<Preview, Withheld> {
        let estimate = self.estimate(prompt)?;
        let windows = self.windows(prompt)?;
        match windows.iter().find(|window| !estimate.passes(window)) {
            Some(window) => Err(over(window, &estimate)),
            None => Ok(shown(prompt, &estimate, windows, None)),
        }
    }

    /// The same of a prompt whose answer may be shorter than it asks for: as long as what is left of the budget allows, if that is
    /// long enough to be of use. The prompt, as it may be sent. Only before anybody has said yes to it: an answer's limit is a
    /// part of what is sent.
    pub fn fit(&self, prompt: ClearedPrompt) -> Result<(ClearedPrompt, Preview), Withheld> {
        let whole = self.estimate(&prompt)?;
        let windows = self.windows(&prompt)?;
        let passed = || windows.iter().filter(|window| !whole.passes(window));
        let Some(first) = passed().next() else {
            let preview = shown(&prompt, &whole, windows, None);
            return Ok((prompt, preview));
        };
        let fit = whole.within(&windows).ok_or_else(|| over(first, &whole))?;
        let alone = |window: &&WindowState| whole.within(std::slice::from_ref(*window)).map(|fit| fit.max_output);
        let tightest = passed().min_by_key(alone).unwrap_or(first).clone();
        let lowered = Lowered { to: fit.max_output, from: whole.max_output, window: Box::new(tightest) };
        let prompt = prompt.with_less_output(fit.max_output);
        let preview = shown(&prompt, &fit, windows, Some(lowered));
        Ok((prompt, preview))
    }

    /// Whether the user has to be asked about it, and if not, the yes that there is.
    pub fn consent(&self, preview: &Preview) -> Remembered {
        if let Some(consent) = Consent::own_server(preview) {
            return Remembered::Yes(consent);
        }
        match self.consent {
            ConsentMode::Every => Remembered::Ask { why: None, may_remember: false },
            ConsentMode::Workspace => self.consents.check(&self.workspace, preview),
        }
    }

    /// The user saw this and said yes, this time and, where settings let that be, to the workspace's next questions.
    pub fn remember(&self, preview: &Preview) -> Result<Consent, Withheld> {
        match self.consent {
            ConsentMode::Every => Ok(Consent::once(preview)),
            ConsentMode::Workspace => self.consents.remember(&self.workspace, preview),
        }
    }

    /// Puts the most that it can cost on disk. `attempt`: from 1; each is a request of its own.
    pub fn reserve(
        &self,
        prompt: Arc<ClearedPrompt>,
        consent: &Consent,
        attempt: u32,
    ) -> Result<Reservation, Withheld> {
        if !consent.take(prompt.digest(), attempt) {
            return Err(Withheld::NoConsent);
        }
        self.set_aside(prompt, attempt).inspect_err(|_| consent.give_back(attempt))
    }

    /// With less to spend on this request: so much went to earlier attempts.
    pub fn after_spending(&self, spent: Picodollars) -> Self {
        let mut door = self.clone();
        for limit in door.limits.iter_mut().filter(|limit| limit.period == Period::Request) {
            if let Amount::Money(most) = &mut limit.amount {
                *most = most.saturating_sub(spent);
            }
        }
        door
    }

    /// What the user should be told of after it was settled: limits that are nearly used up.
    pub fn crossings(&self, prompt: &ClearedPrompt) -> Vec<Crossing> {
        if prompt.reach() != Reach::Cloud {
            return Vec::new();
        }
        self.ledger.crossings(&self.account(prompt), &self.limits).unwrap_or_else(|error| {
            tracing::warn!(%error, "whether a limit is nearly used up is not known");
            Vec::new()
        })
    }

    fn set_aside(&self, prompt: Arc<ClearedPrompt>, attempt: u32) -> Result<Reservation, Withheld> {
        let estimate = self.estimate(&prompt)?;
        let limits = self.limits_of(&prompt);
        let is_free = prompt.reach() != Reach::Cloud && limits.is_empty();
        let reserved = if is_free {
            None
        } else {
            let admission = Admission {
                account: &self.account(&prompt),
                limits: &limits,
                money: estimate.money.1,
                tokens: estimate.tokens(),
                price: &estimate.row.to_string(),
                digest: prompt.digest(),
                guards: self.guards,
            };
            Some(self.ledger.reserve(&admission).map_err(Withheld::Budget)?)
        };
        Ok(Reservation(Ticket::new(self.clone(), prompt, estimate, reserved, attempt)))
    }

    fn estimate(&self, prompt: &ClearedPrompt) -> Result<Estimate, Withheld> {
        let request = prompt.request();
        let today = to_ms((self.clock)()).to_zoned_datetime(TimeZone::UTC).date();
        let endpoint = prompt.endpoint();
        let asked = Asked { endpoint, model: &request.model, price_as: endpoint.price_as.as_deref(), today };
        let row = self.prices.find(&asked).map_err(Withheld::Price)?;
        let size = TextSize::of_request(request);
        let planned = Planned { size: &size, max_output: request.max_output, cache: longest_cache(request) };
        Ok(Estimate::of(&planned, &row, &self.calibration))
    }

    /// How far the limits that hold for it are used up.
    fn windows(&self, prompt: &ClearedPrompt) -> Result<Vec<WindowState>, Withheld> {
        let limits = self.limits_of(prompt);
        if prompt.reach() != Reach::Cloud && limits.is_empty() {
            // What is free and has no limit needs no ledger.
            return Ok(Vec::new());
        }
        let windows = self.ledger.windows(&self.account(prompt), &limits);
        windows.map_err(|error| Withheld::Budget(Refusal::Ledger(error)))
    }

    fn account(&self, prompt: &ClearedPrompt) -> Account {
        Account {
            session: self.session.clone(),
            workspace: self.workspace.clone(),
            provider: prompt.endpoint().name.clone(),
            model: prompt.request().model.clone(),
            purpose: prompt.purpose(),
        }
    }

    /// The limits that hold for it: of a server of the user's, which costs nothing, only those on tokens that name it.
    fn limits_of(&self, prompt: &ClearedPrompt) -> Vec<Limit> {
        let is_named = |limit: &&Limit| {
            matches!(limit.amount, Amount::Tokens(_))
                && matches!(&limit.scope, Scope::Provider(name) if *name == prompt.endpoint().name)
        };
        let account = self.account(prompt);
        match prompt.reach() {
            Reach::Cloud => self.limits.iter().filter(|limit| limit.applies(&account)).cloned().collect(),
            Reach::Machine | Reach::Own => self.limits.iter().filter(is_named).cloned().collect(),
        }
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

impl fmt::Debug for Door {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Door").field("ledger", &self.ledger).field("limits", &self.limits).finish_non_exhaustive()
    }
}

/// The refusal of a request that a window has no room for.
fn over(window: &WindowState, estimate: &Estimate) -> Withheld {
    let wanted = estimate.wanted(window.limit.amount);
    Withheld::Budget(Refusal::OverLimit { window: Box::new(window.clone()), wanted })
}

fn shown(prompt: &ClearedPrompt, estimate: &Estimate, windows: Vec<WindowState>, lowered: Option<Lowered>) -> Preview {
    let endpoint = prompt.endpoint();
    Preview {
        provider: endpoint.name.clone(),
        host: endpoint.host().to_owned(),
        model: prompt.request().model.clone(),
        purpose: prompt.purpose(),
        is_local: prompt.reach() != Reach::Cloud,
        manifest: prompt.manifest().clone(),
        input_tokens: estimate.input,
        max_output_tokens: estimate.max_output,
        lowered,
        cost: estimate.money,
        windows,
        digest: *prompt.digest(),
    }
}

fn longest_cache(request: &Request) -> Option<CacheLife> {
    let blocks = request.system.iter().chain(request.turns.iter().flat_map(|turn| &turn.blocks));
    let lives: Vec<CacheLife> = blocks.filter_map(|block| block.cache).collect();
    if lives.contains(&CacheLife::Long) { Some(CacheLife::Long) } else { lives.first().copied() }
}

/// Money set aside for one request. Dropped, it is given back.
///
/// ```
/// fn go_on(reservation: tandem::gate::Reservation) -> Result<tandem::gate::Permit, tandem::gate::Withheld> {
///     Ok(reservation.record()?.permit())
/// }
/// ```
/// Without a record there is no permit, and neither can be had twice:
/// ```compile_fail,E0599
/// fn skip(reservation: tandem::gate::Reservation) -> tandem::gate::Permit {
///     reservation.permit()
/// }
/// ```
/// ```compile_fail,E0382
/// fn twice(reservation: tandem::gate::Reservation) {
///     let _ = reservation.record();
///     let _ = reservation.record();
/// }
/// ```
/// It is for the prompt that it was made for, and not made but by the door:
/// ```compile_fail,E0061
/// fn of_another(reservation: tandem::gate::Reservation, other: std::sync::Arc<tandem::gate::ClearedPrompt>) {
///     let _ = reservation.record(other);
/// }
/// ```
/// ```compile_fail,E0423
/// fn forge(ticket: ()) -> tandem::gate::Reservation {
///     tandem::gate::Reservation(ticket)
/// }
/// ```
#[derive(Debug)]
pub struct Reservation(Ticket);

impl Reservation {
    /// What is set aside.
    pub fn estimate(&self) -> &Estimate {
        self.0.estimate()
    }

    /// Puts what is about to leave on record, on disk.
    pub fn record(self) -> Result<AuditRecord, Withheld> {
        let Self(mut ticket) = self;
        let door = ticket.door().clone();
        let failed = |why: String| Withheld::Audit(why);
        if door.keeps_contents {
            let prompt = ticket.prompt();
            Contents::of(door.audit.file())
                .keep_request(Digest(*prompt.digest()), &prompt.encoded().body)
                .map_err(|error| failed(format!("{}: {error}", door.audit.file().display())))?;
        }
        let sent = describe(&door, &ticket);
        let n = door.audit.request(sent, door.now()).map_err(|error| failed(error.to_string()))?;
        ticket.recorded(n);
        Ok(AuditRecord(ticket))
    }
}

fn describe(door: &Door, ticket: &Ticket) -> Sent {
    let (prompt, estimate) = (ticket.prompt(), ticket.estimate());
    let manifest = prompt.manifest();
    let files = manifest.files.iter().zip(prompt.hashes()).map(|(file, hash)| FileSent {
        path: file.path.clone(),
        ranges: file.ranges.iter().map(|range| (range.start, range.end)).collect(),
        bytes: file.bytes,
        hash: *hash,
        is_internal: file.is_internal,
    });
    Sent {
        session: door.session.clone(),
        workspace: door.workspace.clone(),
        provider: prompt.endpoint().name.clone(),
        host: prompt.endpoint().host().to_owned(),
        model: prompt.request().model.clone(),
        purpose: prompt.purpose(),
        is_local: prompt.reach() != Reach::Cloud,
        attempt: ticket.attempt(),
        digest: Digest(*prompt.digest()),
        bytes: prompt.encoded().body.len(),
        files: files.collect(),
        redactions: manifest.redactions.clone(),
        input_tokens: estimate.input,
        max_output_tokens: estimate.max_output,
        cost: estimate.money,
        price: estimate.row.to_string(),
        reservation: ticket.reserved().map(|reserved| reserved.0),
    }
}

/// A request that is paid for and on record. Dropped, the reservation is given back and the record says that nothing was sent.
///
/// ```
/// fn permit(record: tandem::gate::AuditRecord) -> tandem::gate::Permit {
///     record.permit()
/// }
/// ```
/// ```compile_fail,E0382
/// fn twice(record: tandem::gate::AuditRecord) -> [tandem::gate::Permit; 2] {
///     [record.permit(), record.permit()]
/// }
/// ```
/// ```compile_fail,E0423
/// fn forge(ticket: ()) -> tandem::gate::AuditRecord {
///     tandem::gate::AuditRecord(ticket)
/// }
/// ```
#[derive(Debug)]
pub struct AuditRecord(Ticket);

impl AuditRecord {
    /// Its number in the log.
    pub fn number(&self) -> Option<u64> {
        self.0.number()
    }

    pub fn permit(self) -> Permit {
        Permit::new(self.0)
    }
}
