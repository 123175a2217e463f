//! A no of the gate: a result like another, with numbers and a way out.

use crate::budget;

/// Paths that a message names before it counts.
const MAX_NAMED: usize = 3;

/// Why a request is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    #[error("cloud models are switched off: `cloud.enabled` is false")]
    CloudOff,
    #[error("no provider is asked for suggestions: `completion.cloud` is false")]
    SuggestionsOff,
    #[error(
        "no provider is named for suggestions: set `completion.cloudProvider` in your config.toml, to `mistral` or `deepseek`"
    )]
    NoSuggester,
    #[error("no provider is named: set `cloud.provider` and `cloud.model` in your config.toml")]
    NoProvider,
    #[error(
        "there is no monthly limit: write one into `budget.limits` of your config.toml, for example \"$20 per month\""
    )]
    NoMonthlyLimit,
    /// A limit says nothing that we understand.
    #[error("{0}")]
    Limits(String),
    /// The workspace's settings changed since the user trusted it, or it was never trusted.
    #[error("this workspace is not trusted with the settings that are in it now: look at them and trust it first")]
    Untrusted,
    /// Files that settings keep on this machine. Secrets in their names are redacted.
    #[error("{} may not leave this machine (`privacy.localOnly`)", named(paths))]
    LocalOnly { paths: Vec<String> },
    /// Files that an ignore file denies, or that hold secrets by their name, or that lie outside of the workspace.
    #[error("{} may not be sent: ignored, holding secrets by name, or not of this workspace", named(paths))]
    Denied { paths: Vec<String> },
    /// By settings, or because such a secret never leaves.
    #[error("a secret was found in it ({}), so it stays on this machine", rules.join(", "))]
    Secret { rules: Vec<String> },
    #[error("nobody allowed it")]
    NoConsent,
    #[error("{0}")]
    Price(budget::PriceError),
    #[error("{0}")]
    Budget(budget::Refusal),
    /// Nothing is sent that is not written down.
    #[error("the audit log cannot be written, so nothing is sent: {0}")]
    Audit(String),
    #[error("what was allowed cannot be kept: {0}")]
    Consents(String),
    #[error("{0}")]
    Request(String),
}

fn named(paths: &[String]) -> String {
    let first = paths.iter().take(MAX_NAMED).map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
    match paths.len().checked_sub(MAX_NAMED) {
        None | Some(0) => first,
        Some(more) => format!("{first} and {more} more"),
    }
}
