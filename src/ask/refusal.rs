//! The gate's no as a sentence with a way out.

use crate::budget::{LedgerError, Refusal, WindowState};
use crate::gate::Withheld;
use crate::providers::{ErrorClass, ProviderError};

/// Paths that are named; the rest is counted.
const MOST_NAMED: usize = 3;

/// What stands against sending, and what the user can do about it.
pub fn explain(withheld: &Withheld) -> String {
    match withheld {
        Withheld::CloudOff => "cloud models are switched off (`cloud.enabled`)".to_owned(),
        Withheld::NoProvider => "no provider is named; set `cloud.provider` and `cloud.model` in your own settings".to_owned(),
        Withheld::NoMonthlyLimit => {
            "there is no monthly limit; add one to `budget.limits`, as \"$20 per month\"".to_owned()
        }
        Withheld::Untrusted => "this workspace is not trusted, or its settings changed since it was".to_owned(),
        Withheld::LocalOnly { paths } => format!("{} may not leave this machine (`privacy.localOnly`)", named(paths)),
        Withheld::Denied { paths } => format!("{} may not be read by models: an ignore file says so", named(paths)),
        Withheld::Secret { rules } => {
            let rules = if rules.is_empty() { "a secret".to_owned() } else { named(rules) };
            format!("a secret was found ({rules}); take it out of the question or the file")
        }
        Withheld::NoConsent => "you did not allow it".to_owned(),
        Withheld::PriceUnknown { model } => {
            format!("the price of `{model}` is not known; `tandem prices` shows how to set one")
        }
        Withheld::Budget(refusal) => explain_budget(refusal),
        Withheld::Audit(why) => format!("the audit log cannot be written, and nothing is sent unrecorded: {why}"),
        Withheld::Request(why) => why.clone(),
    }
}

fn explain_budget(refusal: &Refusal) -> String {
    match refusal {
        Refusal::OverLimit { window, wanted } => over(window, *wanted),
        Refusal::Loop { times } => {
            format!("the same question was sent {times} times within five minutes; wait, or ask it in other words")
        }
        Refusal::Ledger(LedgerError::Busy(why)) => format!("the ledger is busy, try again: {why}"),
        Refusal::Ledger(error) => format!("{error}; without a ledger nothing is spent, see `tandem budget`"),
    }
}

fn over(window: &WindowState, wanted: u64) -> String {
    let amount = window.limit.amount;
    let spent = window.settled.saturating_add(window.open);
    format!(
        "the limit of {} would be passed: {} are spent or reserved, {} are wanted; raise it in `budget.limits`, ask for less \
         context, or wait (`tandem budget` shows until when)",
        window.limit,
        amount.show(spent),
        amount.show(wanted),
    )
}

/// What went wrong at a provider, and what helps.
pub fn explain_error(error: &ProviderError) -> String {
    let help = match error.class {
        ErrorClass::Auth => "; check its key",
        ErrorClass::Permission => "; check what its key may do",
        ErrorClass::NotFound => "; check `cloud.model` and its address",
        ErrorClass::TooLarge | ErrorClass::ContextOverflow => "; lower `ask.contextTokens`",
        ErrorClass::SpendLimit | ErrorClass::NoCredit => "; that is a limit at the provider's side",
        ErrorClass::RateLimited | ErrorClass::Overloaded | ErrorClass::Server | ErrorClass::Timeout => "; try again later",
        ErrorClass::Network => "; check the connection",
        ErrorClass::BadRequest | ErrorClass::Protocol | ErrorClass::Cancelled => "",
    };
    format!("{}{help}", error.message.trim_end_matches('.'))
}

fn named(all: &[String]) -> String {
    let shown: Vec<&str> = all.iter().take(MOST_NAMED).map(String::as_str).collect();
    match all.len().saturating_sub(MOST_NAMED) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_names_what_and_the_way_out() {
        let paths: Vec<String> = ["a", "b", "c", "d", "e"].map(str::to_owned).into();
        let sentence = explain(&Withheld::LocalOnly { paths });
        assert_eq!(sentence, "a, b, c and 2 more may not leave this machine (`privacy.localOnly`)");
        assert!(explain(&Withheld::NoMonthlyLimit).contains("budget.limits"));
        let refusal = Refusal::Loop { times: 4 };
        assert!(explain(&Withheld::Budget(refusal)).contains("4 times"));
    }
}
