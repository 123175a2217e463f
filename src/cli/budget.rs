//! `tandem budget`: what cloud models may cost, what they did cost, and why the next question would be allowed or not.

mod edit;
mod explain;
mod show;
pub(super) mod state;

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::bail;

use super::Options;
use super::terminal::Terminal;
use crate::budget::{AfterRepair, Clock, SqliteLedger, zone};
use crate::config::Loader;
use state::State;

/// See, set and understand what questions to cloud models may cost.
///
/// Without a monthly limit no cloud model is asked. Exit code: 0; 1 where `explain` says no, or there is nothing to take
/// away.
#[derive(Clone, Debug, clap::Args)]
#[command(
    args_conflicts_with_subcommands = true,
    after_help = "Examples:
  tandem budget                              limits, what is spent, by day and by model
  tandem budget set \"$20 per month\"          into your config.toml; comments in it stay
  tandem budget set \"$1 per day for workspace\" \"200k tokens per request\"
  tandem budget unset \"$20 per month\"
  tandem budget explain                      would the next question be allowed, and why not?

docs/budget.md tells how limits are written and what they guarantee."
)]
pub struct Arguments {
    #[command(subcommand)]
    action: Option<Action>,

    /// How many days are listed
    #[arg(long, value_name = "NUMBER", default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=366))]
    days: u32,

    /// One JSON object on stdout; money in pico-dollars
    #[arg(long)]
    json: bool,

    /// Keep a damaged ledger aside and begin a new one, with the running windows spent
    #[arg(long, conflicts_with_all = ["json", "days"])]
    repair: bool,

    /// With --repair: nothing was spent in the running windows, you answer for it
    #[arg(long, requires = "repair")]
    unspent: bool,

    /// The clock was wrong once and is right now: let windows start again by it
    #[arg(long, conflicts_with_all = ["json", "days", "repair"])]
    trust_clock: bool,

    /// The workspace whose limits count; without it the repository around the current directory
    #[arg(long, value_name = "DIRECTORY")]
    folder: Option<PathBuf>,

    #[command(flatten)]
    pub(super) options: Options,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Action {
    /// Add limits to your config.toml; one for the same period and scope takes the old one's place
    Set {
        #[arg(required = true, value_name = "LIMIT")]
        limits: Vec<String>,
    },
    /// Take limits away
    Unset {
        #[arg(required = true, value_name = "LIMIT")]
        limits: Vec<String>,
    },
    /// Say why the next question would be allowed, or would not
    Explain {
        /// Tokens of the question and its context; without it ask.contextTokens
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        tokens: Option<u64>,

        #[command(flatten)]
        options: Options,
    },
}

impl Arguments {
    pub(super) fn options(&self) -> &Options {
        match &self.action {
            Some(Action::Explain { options, .. }) => options,
            _ => &self.options,
        }
    }
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let mut terminal = Terminal::stdout(loader.environment());
    match &arguments.action {
        Some(Action::Set { limits }) => edit::set(&mut terminal, loader, limits),
        Some(Action::Unset { limits }) => edit::unset(&mut terminal, loader, limits),
        Some(Action::Explain { tokens, .. }) => {
            let state = State::load(loader, arguments.folder.as_deref())?;
            explain::run(&mut terminal, &state, *tokens)
        }
        None if arguments.repair => repair(&mut terminal, loader, arguments.unspent),
        None if arguments.trust_clock => trust_clock(&mut terminal, loader),
        None => {
            let state = State::load(loader, arguments.folder.as_deref())?;
            show::run(&mut terminal, &state, arguments.days, arguments.json)?;
            Ok(ExitCode::SUCCESS)
        }
    }
}

fn repair(terminal: &mut Terminal, loader: &Loader, is_unspent: bool) -> anyhow::Result<ExitCode> {
    let zone = own_ledger(loader)?;
    let after = if is_unspent { AfterRepair::Unspent } else { AfterRepair::Spent };
    let file = loader.paths().ledger_file();
    match SqliteLedger::repair(&file, Clock::system(), zone, after)? {
        None => terminal.line("The ledger is whole; nothing was changed.")?,
        Some(aside) => {
            terminal.line(format!("The damaged ledger is kept in {}; a new one was begun.", aside.display()))?;
            terminal.line(if is_unspent {
                "Its running windows count as unspent, as you said."
            } else {
                "Its running windows count as spent: cloud models answer again when the next ones begin."
            })?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn trust_clock(terminal: &mut Terminal, loader: &Loader) -> anyhow::Result<ExitCode> {
    let zone = own_ledger(loader)?;
    let file = loader.paths().ledger_file();
    if !file.exists() {
        terminal.line("There is no ledger yet.")?;
        return Ok(ExitCode::SUCCESS);
    }
    let moved = SqliteLedger::open(&file, Clock::system(), zone)?.trust_clock()?;
    terminal.line(match moved {
        0 => "Nothing in the ledger is dated later than now.".to_owned(),
        moved => format!("{moved} entries of the ledger were dated later than now; they count as of now."),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The zone of the user's own ledger. A team's is its database's matter.
fn own_ledger(loader: &Loader) -> anyhow::Result<jiff::tz::TimeZone> {
    let settings = loader.load(&[], None).settings.budget;
    if !settings.ledger.is_empty() {
        bail!("`budget.ledger` names a database; this is for the ledger in a file of yours");
    }
    zone(&settings.time_zone).map_err(anyhow::Error::msg)
}
