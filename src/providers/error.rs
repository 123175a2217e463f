//! What can go wrong at a provider, in the few classes that decide what happens next.

use std::time::{Duration, SystemTime};

use super::Endpoint;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorClass {
    /// The key is missing, wrong or expired.
    Auth,
    /// The key may not do this, or not from here.
    Permission,
    /// No such model, deployment or address.
    NotFound,
    BadRequest,
    /// The request's body is larger than the provider takes.
    TooLarge,
    /// The prompt does not fit the model's window.
    ContextOverflow,
    RateLimited,
    /// A limit on spending at the provider's side: waiting does not help.
    SpendLimit,
    /// No credit is left.
    NoCredit,
    Overloaded,
    Server,
    /// No connection, or it broke.
    Network,
    /// What came back is not what the provider's interface says.
    Protocol,
    /// Too long without a byte, or too long altogether.
    Timeout,
    Cancelled,
}

/// Whether the same request may be sent again. Each time it is a request of its own, with its own reservation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    Never,
    /// After the usual backoff.
    Backoff,
    /// Not before this.
    After(Duration),
    /// Once more at most, after the usual backoff.
    Once,
}

/// An error without any of the user's text or keys in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ProviderError {
    pub class: ErrorClass,
    /// Of HTTP, where there was an answer.
    pub status: Option<u16>,
    /// The provider's own code, bounded and printable.
    pub code: Option<String>,
    /// A sentence for the user, bounded and printable.
    pub message: String,
    pub request_id: Option<String>,
    pub retry: Retry,
}

/// An answer that is not the one that was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Answer<'a> {
    pub status: u16,
    /// Names in any case.
    pub headers: &'a [(String, String)],
    /// As much of it as was read: 64 KiB are enough, more is not looked at.
    pub body: &'a [u8],
}

/// What an answer with an error means. `now`: for waits that are told as a date.
pub fn error_of(endpoint: &Endpoint, answer: Answer<'_>, _now: SystemTime) -> ProviderError {
    ProviderError {
        class: ErrorClass::Server,
        status: Some(answer.status),
        code: None,
        message: endpoint.name.clone(),
        request_id: request_id(endpoint, answer.headers),
        retry: Retry::Never,
    }
}

/// The provider's name for a request, from an answer's headers.
pub fn request_id(_endpoint: &Endpoint, _headers: &[(String, String)]) -> Option<String> {
    None
}
