//! What went wrong at a hub: sentences with the way out, and whether it is worth to try again.

use std::error::Error;
use std::io;
use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;
use reqwest::{StatusCode, Url};

use super::facts;
use crate::network;

/// A sentence for the user, and what to do about it without asking.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct HubError {
    pub trouble: Trouble,
    pub message: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// No connection came about: this machine may be offline.
    Unreachable,
    /// The next try may do: a connection broke or was silent, a server was in trouble.
    Passing,
    /// The server asks for a pause, of this length where it says so.
    Busy(Option<Duration>),
    /// The address that the hub had given is no longer good; the hub gives a new one.
    Expired,
    /// Parts of the file are not to be had here, or wrong ones.
    NoParts,
    /// It is another file than before.
    Changed,
    /// Nothing that trying again would change.
    Final,
}

impl HubError {
    pub fn new(trouble: Trouble, message: String) -> Self {
        Self { trouble, message }
    }
}

/// Who was asked for what; all that a sentence needs.
pub struct Asked<'a> {
    pub url: &'a Url,
    /// The repository's name and page, where the hub itself was asked.
    pub repository: Option<(String, String)>,
    /// What of it, as people call it.
    pub what: String,
    pub revision: Option<&'a str>,
    /// Where the hub's tokens are made.
    pub tokens: String,
    /// The variable that `models.tokenEnv` names.
    pub variable: &'a str,
    pub has_token: bool,
}

impl Asked<'_> {
    fn host(&self) -> &str {
        self.url.host_str().unwrap_or_default()
    }
}

/// An answer that is neither the file nor the way to it.
pub fn of_status(asked: &Asked<'_>, status: StatusCode, headers: &HeaderMap, now: SystemTime) -> HubError {
    let (host, what, variable) = (asked.host(), &asked.what, asked.variable);
    let code = headers.get("x-error-code").and_then(|code| code.to_str().ok()).unwrap_or_default();
    let (trouble, message) = match (status.as_u16(), &asked.repository) {
        (401 | 403, Some((name, page))) if code == "GatedRepo" => {
            let message = if asked.has_token {
                format!(
                    "{name} is not open to the token in `{variable}`: accept its licence at {page} with that token's account, \
                     and let the token read gated repositories"
                )
            } else {
                format!(
                    "{name} wants its licence accepted first: accept it at {page}, make a token that may read at {}, put it \
                     into the variable `{variable}` and pull again",
                    asked.tokens
                )
            };
            (Trouble::Final, message)
        }
        (401, Some((name, page))) => {
            let message = if asked.has_token {
                format!("{host} does not take the token in `{variable}`: make a new one at {}", asked.tokens)
            } else {
                format!(
                    "{host} shows {name} to nobody without a token: the name may be wrong, or it is private or gated. If you \
                     can see {page}, make a token that may read at {} and put it into the variable `{variable}`",
                    asked.tokens
                )
            };
            (Trouble::Final, message)
        }
        (403, Some((name, _))) => {
            let token = if asked.has_token { format!(" with the token in `{variable}`") } else { String::new() };
            (Trouble::Final, format!("{host} refuses {what} of {name}{token}{}", words(headers)))
        }
        (404, Some((name, page))) => {
            let revision = asked.revision.unwrap_or("main");
            let message = match code {
                "RepoNotFound" => format!("{host} has no repository {name}, or only for those who may see it"),
                "RevisionNotFound" => format!("{name} has no revision {revision}: see {page}"),
                _ => format!("{name} has no {what} in revision {revision}: see {page}"),
            };
            (Trouble::Final, message)
        }
        (429, _) => {
            let wait = facts::retry_after(headers, now);
            let pause = wait.map_or_else(String::new, |wait| format!(" of {} s", wait.as_secs()));
            let hint = match &asked.repository {
                Some(_) if !asked.has_token => {
                    format!(" (a token in the variable `{variable}` has a limit of its own)")
                }
                _ => String::new(),
            };
            (Trouble::Busy(wait), format!("{host} asks for a pause{pause}: it has too many requests from here{hint}"))
        }
        (503, _) if facts::retry_after(headers, now).is_some() => {
            (Trouble::Busy(facts::retry_after(headers, now)), format!("{host} is in trouble (503): try again later"))
        }
        (408 | 425 | 500..=599, _) => {
            (Trouble::Passing, format!("{host} is in trouble ({}): try again later", status.as_u16()))
        }
        (401 | 403 | 404 | 410, None) => {
            (Trouble::Expired, format!("{host} does not give {what} out ({}{})", status.as_u16(), words(headers)))
        }
        (416, _) => (Trouble::NoParts, format!("{host} has no such part of {what}")),
        (407, _) => (Trouble::Final, "the proxy wants a name and a password, in `HTTPS_PROXY`".to_owned()),
        (code, _) => (Trouble::Final, format!("{host} answered {code} where {what} was asked for{}", words(headers))),
    };
    HubError::new(trouble, message)
}

/// What the hub says about it, for people.
fn words(headers: &HeaderMap) -> String {
    let said = headers.get("x-error-message").and_then(|said| said.to_str().ok()).unwrap_or_default();
    let said: String = said.chars().filter(|character| !character.is_control()).take(200).collect();
    if said.is_empty() { String::new() } else { format!(": {said}") }
}

/// A request without an answer, or an answer that ended before its end.
pub fn of_network(url: &Url, error: &reqwest::Error) -> HubError {
    let host = url.host_str().unwrap_or_default();
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(rustls::Error::InvalidCertificate(why)) = error.downcast_ref::<rustls::Error>() {
            return HubError::new(
                Trouble::Final,
                format!(
                    "{host} could not prove who it is ({why:?}). If a proxy of your company's looks into TLS, name its \
                     certificate in `cloud.caFile`."
                ),
            );
        }
        if let Some(io) = error.downcast_ref::<io::Error>() {
            match io.kind() {
                io::ErrorKind::ConnectionRefused => {
                    return HubError::new(Trouble::Unreachable, format!("{host} takes no connections"));
                }
                io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                    return HubError::new(
                        Trouble::Unreachable,
                        format!("there is no way to {host}: is this machine online?"),
                    );
                }
                _ => {}
            }
        }
        // The types of these are not public; their words are.
        match error.to_string().as_str() {
            "tunnel error: proxy authorization required" => {
                let message = "the proxy wants a name and a password, in `HTTPS_PROXY`".to_owned();
                return HubError::new(Trouble::Final, message);
            }
            "tunnel error: failed to create underlying connection" => {
                let message = "the proxy in `HTTPS_PROXY` cannot be reached".to_owned();
                return HubError::new(Trouble::Unreachable, message);
            }
            tunnel if tunnel.starts_with("tunnel error: ") && error.source().is_none() => {
                let message = format!("the proxy in `HTTPS_PROXY` does not lead to {host}");
                return HubError::new(Trouble::Unreachable, message);
            }
            _ => {}
        }
        cause = network::source(error);
    }
    match error {
        error if error.is_dns() => {
            HubError::new(Trouble::Unreachable, format!("{host} was not found: is this machine online?"))
        }
        error if error.is_connect() && error.is_timeout() => {
            HubError::new(Trouble::Unreachable, format!("{host} could not be reached in time"))
        }
        error if error.is_connect() => {
            HubError::new(Trouble::Unreachable, format!("no connection to {host}: {}", network::innermost(error)))
        }
        error => {
            HubError::new(Trouble::Passing, format!("the connection to {host} broke: {}", network::innermost(error)))
        }
    }
}

/// Nothing came for so long.
pub fn silent(url: &Url, after: Duration) -> HubError {
    let host = url.host_str().unwrap_or_default();
    HubError::new(Trouble::Passing, format!("{host} sent nothing for {} s", after.as_secs_f64()))
}
