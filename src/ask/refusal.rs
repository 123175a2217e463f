//! A no, or an error, as a sentence with a way out.

use crate::budget::{Guard, LedgerError, Refusal, WindowState};
use crate::gate::Withheld;
use crate::providers::{ErrorClass, ProviderError};

/// What stands against sending, and what the user can do about it.
pub fn explain(withheld: &Withheld) -> String {
    match withheld {
        Withheld::Budget(refusal) => explain_budget(refusal),
        Withheld::NoConsent => "you did not allow it".to_owned(),
        Withheld::Secret { .. } => format!("{withheld}; take it out of the question or the file, or ask locally"),
        other => other.to_string(),
    }
}

fn explain_budget(refusal: &Refusal) -> String {
    match refusal {
        Refusal::OverLimit { window, wanted } => format!(
            "the limit of {} would be passed: {} wanted; raise it in `budget.limits`, ask for less context, or wait (`tandem \
             budget` shows until when){}",
            spent(window),
            window.limit.amount.show(*wanted),
            window.clock_problem().map_or_else(String::new, |problem| format!("; {problem}")),
        ),
        Refusal::Burst { window, percent, wanted, .. } => format!(
            "it would be more than {percent} % of a day's limit within five minutes: {}, {} wanted",
            spent(window),
            window.limit.amount.show(*wanted),
        ),
        Refusal::Loop { times } => {
            format!("the same question was sent {times} times within five minutes; wait, or ask it in other words")
        }
        Refusal::Ledger(LedgerError::Busy(why)) => format!("the ledger is busy, try again: {why}"),
        Refusal::Ledger(error) => format!("{error}; without a ledger nothing is spent, see `tandem budget`"),
    }
}

fn spent(window: &WindowState) -> String {
    let amount = window.limit.amount;
    format!("{} with {} spent or reserved", window.limit, amount.show(window.settled.saturating_add(window.open)))
}

/// What the user may say yes to all the same.
pub fn guard_of(withheld: &Withheld) -> Option<Guard> {
    if let Withheld::Budget(refusal) = withheld { refusal.guard() } else { None }
}

/// What went wrong at a provider, and what helps.
pub fn explain_error(error: &ProviderError) -> String {
    let help = match error.class {
        ErrorClass::Auth => "; check its key",
        ErrorClass::Permission => "; check what its key may do",
        ErrorClass::NotFound => "; check `cloud.model` and its address",
        ErrorClass::TooLarge | ErrorClass::ContextOverflow => "; lower `ask.contextTokens`",
        ErrorClass::SpendLimit | ErrorClass::NoCredit => "; that is a limit at the provider's side",
        ErrorClass::RateLimited | ErrorClass::Overloaded | ErrorClass::Server | ErrorClass::Timeout => {
            "; try again later"
        }
        ErrorClass::Network => "; check the connection",
        ErrorClass::BadRequest | ErrorClass::Protocol | ErrorClass::Cancelled => "",
    };
    format!("{}{help}", error.message.trim_end_matches('.'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budget::{Amount, Limit, Period, Picodollars, Scope};

    #[test]
    fn a_no_names_what_and_the_way_out() {
        let limit = Limit { amount: Amount::Money(Picodollars::DOLLAR), period: Period::Day, scope: Scope::User };
        let window =
            Box::new(WindowState { limit, settled: 600_000_000_000, open: 0, resets_at: None, clock_is_behind: 0 });
        let refusal = Refusal::OverLimit { window, wanted: 500_000_000_000 };
        let sentence = explain(&Withheld::Budget(refusal));
        assert!(sentence.contains("per day") && sentence.contains("$0.60") && sentence.contains("$0.50"), "{sentence}");
        assert!(explain(&Withheld::NoMonthlyLimit).contains("budget.limits"));
        let refusal = Withheld::Budget(Refusal::Loop { times: 4 });
        assert!(explain(&refusal).contains("4 times"));
        assert_eq!((guard_of(&refusal), guard_of(&Withheld::CloudOff)), (Some(Guard::Repeats), None));
    }
}
