//! What went wrong on the way, in classes and sentences: the name, the connection, the certificate, the proxy, or time.
//!
//! The ledger depends on one thing most: whether the provider can have got anything. Before a connection stands it cannot.

use std::error::Error;
use std::time::Duration;

use rustls::CertificateError;

use super::body::Taken;
use crate::network::{innermost, source};
use crate::providers::{Endpoint, ErrorClass, ProviderError, Retry};

/// A request that got no answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub error: ProviderError,
    /// Certain: nothing of it reached the provider.
    pub is_unsent: bool,
}

/// Before the first byte of an answer.
pub fn before_answer(endpoint: &Endpoint, error: &reqwest::Error, taken: &Taken) -> Failure {
    let host = endpoint.host();
    let cause = Cause::of(error);
    let is_connecting = error.is_connect();
    let (class, message, retry) = match cause {
        Cause::Name => (
            ErrorClass::Network,
            format!(
                "{host} was not found: is this machine online, and `cloud.providers.{}.baseUrl` right?",
                endpoint.name
            ),
            Retry::Backoff,
        ),
        Cause::Certificate(why) => (
            ErrorClass::Network,
            format!(
                "{host} could not prove who it is ({why}). Nothing was sent. If a proxy of your company's looks into TLS, \
                 name its certificate in `cloud.caFile`."
            ),
            Retry::Never,
        ),
        Cause::Tls => (ErrorClass::Network, format!("no TLS could be agreed on with {host}"), Retry::Backoff),
        Cause::ProxyAuthentication => {
            (ErrorClass::Network, "the proxy wants a name and a password, in `HTTPS_PROXY`".to_owned(), Retry::Never)
        }
        Cause::ProxyRefused => {
            (ErrorClass::Network, format!("the proxy in `HTTPS_PROXY` does not lead to {host}"), Retry::Never)
        }
        Cause::ProxyDown => {
            (ErrorClass::Network, "the proxy in `HTTPS_PROXY` cannot be reached".to_owned(), Retry::Backoff)
        }
        Cause::TimedOut if is_connecting => {
            (ErrorClass::Timeout, format!("{host} could not be reached in time"), Retry::Backoff)
        }
        Cause::Refused => (ErrorClass::Network, format!("{host} takes no connections"), Retry::Backoff),
        Cause::Malformed => {
            (ErrorClass::Protocol, format!("{host} answered with something that is not HTTP"), Retry::Never)
        }
        Cause::TimedOut | Cause::Other if is_connecting => {
            (ErrorClass::Network, format!("no connection to {host}: {}", innermost(error)), Retry::Backoff)
        }
        Cause::TimedOut | Cause::Other => {
            (ErrorClass::Network, format!("the connection to {host} broke before it answered"), Retry::Backoff)
        }
    };
    Failure { error: plain(class, message, retry), is_unsent: is_connecting || !taken.is_any() }
}

/// In the middle of an answer.
pub fn within_answer(endpoint: &Endpoint) -> ProviderError {
    let message = format!("the connection to {} broke in the middle of the answer", endpoint.host());
    plain(ErrorClass::Network, message, Retry::Backoff)
}

/// Too long without a byte.
pub fn silent(endpoint: &Endpoint, idle: Duration) -> ProviderError {
    let message = format!("{} said nothing for {} s", endpoint.host(), idle.as_secs());
    plain(ErrorClass::Timeout, message, Retry::Backoff)
}

/// Too long altogether.
pub fn endless(endpoint: &Endpoint, total: Duration) -> ProviderError {
    let message = format!("{} took longer than {} s", endpoint.host(), total.as_secs());
    plain(ErrorClass::Timeout, message, Retry::Never)
}

pub fn cancelled() -> ProviderError {
    plain(ErrorClass::Cancelled, "cancelled".to_owned(), Retry::Never)
}

/// An error that is known here and not by the provider's words.
pub fn plain(class: ErrorClass, message: String, retry: Retry) -> ProviderError {
    ProviderError { class, status: None, code: None, message, request_id: None, retry }
}

enum Cause {
    Name,
    Certificate(&'static str),
    Tls,
    ProxyAuthentication,
    ProxyRefused,
    ProxyDown,
    TimedOut,
    Refused,
    Malformed,
    Other,
}

impl Cause {
    fn of(error: &reqwest::Error) -> Self {
        let mut cause: Option<&(dyn Error + 'static)> = Some(error);
        while let Some(error) = cause {
            if let Some(tls) = error.downcast_ref::<rustls::Error>() {
                return match tls {
                    rustls::Error::InvalidCertificate(why) => Self::Certificate(certificate(why)),
                    rustls::Error::NoCertificatesPresented => Self::Certificate("it shows no certificate"),
                    _ => Self::Tls,
                };
            }
            if let Some(io) = error.downcast_ref::<std::io::Error>()
                && io.kind() == std::io::ErrorKind::ConnectionRefused
            {
                return Self::Refused;
            }
            // The types of these two are not public; their words are.
            match error.to_string().as_str() {
                "tunnel error: proxy authorization required" => return Self::ProxyAuthentication,
                "tunnel error: failed to create underlying connection" => return Self::ProxyDown,
                tunnel if tunnel.starts_with("tunnel error: ") && error.source().is_none() => {
                    return Self::ProxyRefused;
                }
                "invalid HTTP version parsed" | "invalid HTTP status-code parsed" | "message head is too large" => {
                    return Self::Malformed;
                }
                parsing if parsing.starts_with("invalid HTTP ") => return Self::Malformed,
                _ => {}
            }
            cause = source(error);
        }
        match error {
            error if error.is_dns() => Self::Name,
            error if error.is_timeout() => Self::TimedOut,
            _ => Self::Other,
        }
    }
}

fn certificate(error: &CertificateError) -> &'static str {
    match error {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            "its certificate is not valid yet: is the clock of this machine right?"
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            "its certificate is for another host"
        }
        CertificateError::UnknownIssuer => "nobody whom this machine trusts has signed its certificate",
        CertificateError::Revoked => "its certificate was revoked",
        _ => "its certificate is not valid",
    }
}
