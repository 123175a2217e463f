//! What can go wrong at a provider, in the few classes that decide what happens next.

mod classify;
mod fault;
mod wait;
mod words;

use std::time::{Duration, SystemTime};

use super::Endpoint;
use crate::config::ProviderKind;
use fault::Fault;
pub(super) use words::word;

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

impl ErrorClass {
    /// Nothing will change before somebody acts at the provider's: no more requests until then.
    pub fn waits_for_the_user(self) -> bool {
        matches!(self, Self::Auth | Self::Permission | Self::SpendLimit | Self::NoCredit)
    }
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

impl ProviderError {
    /// An error that no provider told of: no connection, silence, a cancel. `detail` is shown in brackets; it must hold neither
    /// text of the user's nor a key.
    pub fn new(endpoint: &Endpoint, class: ErrorClass, retry: Retry, detail: &str) -> Self {
        let mut message = words::sentence(class, endpoint);
        if let Some(detail) = words::cleaned(detail) {
            message = format!("{message} ({detail})");
        }
        Self { class, status: None, code: None, message, request_id: None, retry }
    }
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
pub fn error_of(endpoint: &Endpoint, answer: Answer<'_>, now: SystemTime) -> ProviderError {
    let mut fault = Fault::read(answer.body);
    if answer.status < 300 && !fault.is_error {
        // An answer, but to another question.
        return ProviderError {
            status: Some(answer.status),
            request_id: request_id(endpoint, answer.headers),
            ..ProviderError::new(endpoint, ErrorClass::Protocol, Retry::Never, "no stream")
        };
    }
    if let Some(kind) = wait::header(answer.headers, "x-amzn-errortype") {
        fault.push_first(kind);
    }
    fault.wait = wait::from_headers(answer.headers, now).or(fault.wait);
    fault.request_id = request_id(endpoint, answer.headers).or(fault.request_id);
    let mut error = made(endpoint, Some(answer.status), fault);
    match wait::header(answer.headers, "x-should-retry") {
        Some("false") => error.retry = Retry::Never,
        // Not where somebody has to pay first: trying again would only be refused again.
        Some("true") if error.retry == Retry::Never && !error.class.waits_for_the_user() => {
            error.retry = Retry::Backoff;
        }
        _ => {}
    }
    error
}

/// An error inside of a stream that began well.
pub(super) fn error_in_stream(endpoint: &Endpoint, value: &serde_json::Value, code: Option<&str>) -> ProviderError {
    let mut fault = Fault::of(value);
    if let Some(code) = code {
        fault.push_first(code);
    }
    made(endpoint, None, fault)
}

/// A body with 200 that is no stream: an error all the same, or something else altogether.
pub(super) fn error_in_body(endpoint: &Endpoint, body: &[u8]) -> ProviderError {
    let fault = Fault::read(body);
    if fault.is_error {
        made(endpoint, None, fault)
    } else {
        ProviderError::new(endpoint, ErrorClass::Protocol, Retry::Never, "no stream")
    }
}

/// The provider's name for a request, from an answer's headers.
pub fn request_id(endpoint: &Endpoint, headers: &[(String, String)]) -> Option<String> {
    let own = match endpoint.kind {
        ProviderKind::Anthropic => "request-id",
        ProviderKind::Azure => "apim-request-id",
        ProviderKind::Bedrock => "x-amzn-requestid",
        ProviderKind::Gemini => "x-goog-request-id",
        ProviderKind::OpenRouter => "x-generation-id",
        _ => "x-request-id",
    };
    [own, "x-request-id", "request-id"].iter().find_map(|name| words::word(wait::header(headers, name)?, 128))
}

fn made(endpoint: &Endpoint, status: Option<u16>, fault: Fault) -> ProviderError {
    let (class, retry) = classify::classify(status, &fault);
    let retry = match (retry, fault.wait) {
        (Retry::Backoff | Retry::After(_), Some(wait)) => Retry::After(wait),
        _ => retry,
    };
    let code = fault.codes.into_iter().next();
    let mut message = words::sentence(class, endpoint);
    let facts: Vec<String> = status.map(|status| format!("HTTP {status}")).into_iter().chain(code.clone()).collect();
    if !facts.is_empty() {
        message = format!("{message} ({})", facts.join(", "));
    }
    if let Some(words) = fault.message {
        message = format!("{message}: {words}");
    }
    ProviderError { class, status: status.or(fault.status), code, message, request_id: fault.request_id, retry }
}

#[cfg(test)]
mod tests;
