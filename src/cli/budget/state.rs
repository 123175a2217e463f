//! What `tandem budget` is about: the settings with whom they are from, the ledger, and the prices.

use std::path::Path;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ZonedDateTime};

use crate::budget::{
    Account, Clock, Entry, Ledger, LedgerError, Limits, PriceTable, Purpose, WindowState, open_ledger, workspace_key,
    zone,
};
use crate::cli::workspace;
use crate::config::{Loader, Settings};
use crate::providers::Endpoint;

/// The ledger, if there is one.
pub enum Books {
    Open(Arc<dyn Ledger>),
    /// Nothing was ever asked. Looking does not make a file.
    None,
    Broken(LedgerError),
}

pub struct State {
    /// With what the workspace tightens.
    pub settings: Settings,
    /// The user's own limits.
    pub own: Limits,
    /// All that hold here.
    pub limits: Limits,
    /// Whom settings choose; None for nobody, an error where they cannot be understood.
    pub endpoint: Result<Option<Endpoint>, String>,
    pub books: Books,
    pub prices: PriceTable,
    pub account: Account,
    pub zone: TimeZone,
    pub now: i64,
    /// What was ignored on the way.
    pub problems: Vec<String>,
}

impl State {
    pub fn load(loader: &Loader, folder: Option<&Path>) -> anyhow::Result<Self> {
        let folder = workspace::root(folder)?;
        let own = loader.load(&[], None).settings.budget.limits;
        let loaded = loader.load(std::slice::from_ref(&folder), None);
        let settings = loaded.settings;
        let prices = PriceTable::load(&loader.paths().prices_file());
        let mut problems: Vec<String> = loaded.problems.iter().map(ToString::to_string).collect();
        problems.extend(prices.problems());
        let zone = zone(&settings.budget.time_zone).unwrap_or_else(|problem| {
            problems.push(problem);
            TimeZone::UTC
        });
        let is_new = settings.budget.ledger.is_empty() && !loader.paths().ledger_file().exists();
        let books = if is_new {
            Books::None
        } else {
            open_ledger(&settings.budget, loader.paths(), Clock::system()).map_or_else(Books::Broken, Books::Open)
        };
        Ok(Self {
            own: Limits::read(&own),
            limits: match Limits::read(&settings.budget.limits) {
                limits if settings.completion.cloud => limits.with_usual_for_suggestions(),
                limits => limits,
            },
            endpoint: Endpoint::chosen(&settings.cloud),
            account: Account {
                session: String::new(),
                workspace: workspace_key(&folder),
                provider: settings.cloud.provider.clone(),
                model: settings.cloud.model.clone(),
                purpose: Purpose::Question,
            },
            settings,
            books,
            prices,
            zone,
            now: Timestamp::now().as_second(),
            problems,
        })
    }

    /// Who is paid for suggestions while the user types; None where nobody is.
    pub fn suggester(&self) -> Option<String> {
        let completion = &self.settings.completion;
        let name = completion.cloud_provider(&self.settings.cloud);
        (completion.cloud && self.settings.cloud.enabled && !name.is_empty()).then_some(name)
    }

    pub fn today(&self) -> Date {
        self.zoned(self.now).date()
    }

    /// Where the limits stand.
    pub fn windows(&self) -> Result<Vec<WindowState>, LedgerError> {
        let fresh = |limit: &crate::budget::Limit| WindowState {
            limit: limit.clone(),
            settled: 0,
            open: 0,
            resets_at: None,
            clock_is_behind: 0,
        };
        match &self.books {
            Books::Open(ledger) => ledger.windows(&self.account, &self.limits.readable),
            Books::None => Ok(self.limits.readable.iter().map(fresh).collect()),
            Books::Broken(error) => Err(error.clone()),
        }
    }

    /// What was asked for in the last so many days, today included.
    pub fn entries(&self, days: u32) -> Result<Vec<Entry>, LedgerError> {
        let ledger = match &self.books {
            Books::Open(ledger) => ledger,
            Books::None => return Ok(Vec::new()),
            Books::Broken(error) => return Err(error.clone()),
        };
        let back = jiff::Span::new().days(i64::from(days) - 1);
        let first = self.zoned(self.now).checked_sub(back).and_then(|day| day.start_of_day());
        let from = first.map_or(i64::MIN, |start| start.timestamp().as_second());
        ledger.entries(from, i64::MAX)
    }

    /// What has to be true before anybody is asked about anything, in the order in which people set it up: a sentence, and
    /// whether it is so.
    pub fn conditions(&self) -> Vec<(bool, String)> {
        let mut conditions = Vec::new();
        let mut tell = |holds: bool, good: String, bad: &str| {
            conditions.push((holds, if holds { good } else { bad.to_owned() }));
        };
        tell(
            cfg!(feature = "cloud"),
            "this build can reach cloud models".to_owned(),
            "this build of Tandem can reach no cloud model; it was made without the feature `cloud`",
        );
        tell(
            self.settings.cloud.enabled,
            "cloud models are switched on".to_owned(),
            "cloud models are switched off: `cloud.enabled` is false, here or in your config.toml",
        );
        let cloud = &self.settings.cloud;
        match &self.endpoint {
            Ok(Some(_)) if cloud.model.is_empty() => {
                tell(false, String::new(), "no model is named: set `cloud.model` in your config.toml");
            }
            Ok(Some(endpoint)) => tell(true, format!("{} is asked, for `{}`", endpoint.name, cloud.model), ""),
            Ok(None) => tell(
                false,
                String::new(),
                "nobody is named to be asked: set `cloud.provider` and `cloud.model` in your config.toml",
            ),
            Err(problem) => tell(false, String::new(), problem),
        }
        match self.limits.refusal() {
            Some(refusal) => tell(false, String::new(), &refusal),
            None => tell(
                self.own.has_monthly(),
                "there is a monthly limit".to_owned(),
                "there is no monthly limit; give one with `tandem budget set \"$20 per month\"`",
            ),
        }
        if let Books::Broken(error) = &self.books {
            tell(false, String::new(), &error.to_string());
        }
        conditions
    }

    /// A time for people, in the zone of the limits.
    pub fn show_time(&self, seconds: i64) -> String {
        self.zoned(seconds).strftime("%Y-%m-%d %H:%M %Z").to_string()
    }

    fn zoned(&self, seconds: i64) -> ZonedDateTime {
        Timestamp::from_second(seconds).unwrap_or_default().to_zoned_datetime(self.zone.clone())
    }
}
