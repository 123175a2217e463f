//! A no of the gate: a result like another, with numbers and a way out.

use crate::budget;

/// Why a request is not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Withheld {
    #[error("cloud models are switched off")]
    CloudOff,
    #[error("no provider is named")]
    NoProvider,
    #[error("there is no monthly limit")]
    NoMonthlyLimit,
    /// The workspace's settings changed since the user trusted it, or it was never trusted.
    #[error("this workspace is not trusted")]
    Untrusted,
    /// Files that settings keep on this machine.
    #[error("{} of the files may not leave this machine", paths.len())]
    LocalOnly { paths: Vec<String> },
    /// Files that an ignore file denies, or that hold secrets by their name, or that lie outside of the workspace.
    #[error("{} of the files are ignored or not of this workspace", paths.len())]
    Denied { paths: Vec<String> },
    /// By settings, or because such a secret never leaves.
    #[error("a secret was found in it")]
    Secret { rules: Vec<String> },
    #[error("nobody allowed it")]
    NoConsent,
    #[error("the price of `{model}` is not known")]
    PriceUnknown { model: String },
    #[error("{0}")]
    Budget(budget::Refusal),
    /// Nothing is sent that is not written down.
    #[error("the audit log cannot be written: {0}")]
    Audit(String),
    #[error("{0}")]
    Request(String),
}
