//! A no, or an error, as a sentence about suggestions, with the way out. None of them holds a time that passes: the same reason is
//! the same sentence, so that it is told once.

use crate::budget::{Period, Refusal, WindowState};
use crate::gate::Withheld;
use crate::providers::{ErrorClass, ProviderError};

/// What kept a prompt here, to count by.
pub fn reason(withheld: &Withheld) -> &'static str {
    match withheld {
        Withheld::Budget(Refusal::Ledger(_)) => "ledger",
        Withheld::Budget(_) => "budget",
        Withheld::Price(_) => "price",
        Withheld::Untrusted => "notTrusted",
        Withheld::LocalOnly { .. } => "localOnly",
        Withheld::Denied { .. } => "denied",
        Withheld::Secret { .. } => "secret",
        Withheld::NoConsent | Withheld::Consents(_) => "notAllowed",
        Withheld::Audit(_) => "audit",
        Withheld::CloudOff
        | Withheld::SuggestionsOff
        | Withheld::NoSuggester
        | Withheld::NoProvider
        | Withheld::NoMonthlyLimit
        | Withheld::Limits(_) => "off",
        Withheld::Request(_) => "request",
    }
}

pub fn withheld(withheld: &Withheld, host: &str) -> String {
    match withheld {
        Withheld::Budget(Refusal::OverLimit { window, .. }) if window.limit.period == Period::Request => format!(
            "this suggestion could cost more than the limit `{}` allows; shorten the prompt (`completion.prefixTokens`, \
             `completion.snippetTokens`) or raise the limit in `budget.limits`",
            window.limit
        ),
        Withheld::Budget(Refusal::OverLimit { window, .. }) => format!(
            "the limit `{}` is used up{}; raise it in `budget.limits`, or type on with the model in this machine",
            window.limit,
            resets(window)
        ),
        Withheld::Budget(Refusal::Burst { window, percent, .. }) => format!(
            "more than {percent} % of `{}` would be spent on suggestions within five minutes, so {host} is left alone for a \
             minute; `budget.burstPercent` sets that share",
            window.limit
        ),
        Withheld::Budget(Refusal::Loop { .. }) => {
            format!(
                "the same prompt went to {host} several times within five minutes; type on, and the next one goes again"
            )
        }
        Withheld::Budget(Refusal::Ledger(error)) => {
            format!("{error}; without a ledger nothing is spent, see `tandem budget`")
        }
        Withheld::NoConsent => format!(
            "you have not allowed suggestions of {host} in this folder: say yes when the editor asks, or run `tandem trust \
             --suggestions` in it"
        ),
        Withheld::Secret { rules } => format!(
            "a secret is in what {host} would be told ({}), so it stays here; take it out of the file to get suggestions here",
            rules.join(", ")
        ),
        Withheld::Untrusted => {
            format!(
                "this folder is not trusted with what is in it now, so nothing goes to {host}: run `tandem trust` in it"
            )
        }
        other => other.to_string(),
    }
}

/// ` until 18:00 UTC`, of the window itself: it does not change while it lasts.
fn resets(window: &WindowState) -> String {
    match window.resets_at.map(jiff::Timestamp::from_second) {
        Some(Ok(at)) => format!(" until {}", at.strftime("%F %H:%M UTC")),
        _ => String::new(),
    }
}

pub fn failed(error: &ProviderError) -> String {
    let help = match error.class {
        ErrorClass::Auth => "; check the key's source in `cloud.providers`, `tandem doctor` shows it",
        ErrorClass::Permission => "; check what its key may do",
        ErrorClass::NotFound => "; check `completion.cloudModel` and the address",
        ErrorClass::SpendLimit | ErrorClass::NoCredit => "; that is a limit at the provider's side",
        ErrorClass::RateLimited | ErrorClass::Overloaded | ErrorClass::Server | ErrorClass::Timeout => {
            "; it is asked again in a while"
        }
        ErrorClass::Network => "; it is asked again in a while, check the connection",
        ErrorClass::BadRequest
        | ErrorClass::Protocol
        | ErrorClass::TooLarge
        | ErrorClass::ContextOverflow
        | ErrorClass::Cancelled => "",
    };
    format!("{}{help}", error.message.trim_end_matches('.'))
}
