//! What goes wrong between here and a server, as sentences with the way out.

use std::time::Duration;

use rustls::CertificateError;
use serde_json::Value;

use super::decode::message_of;
use super::ways::{Way, is_refusal};
use super::{Address, ServerKind, title};
use crate::network::{innermost, source};

/// Most of a server's own words in a sentence, in characters.
const MOST_WORDS: usize = 240;
/// Longest pause that a server may ask for.
pub const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// The pause where it asks for one and does not say how long.
const USUAL_WAIT: Duration = Duration::from_secs(1);

/// What follows from a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nobody answers: look again later.
    Down,
    /// It answers, and has no model yet.
    Loading,
    /// It wants another key.
    Key,
    /// This way of asking is not to be had here.
    Way,
    /// It has no such model.
    Model,
    /// It asks for a pause.
    Busy(Duration),
    /// Something else, of this request alone.
    Other,
}

/// A failure as the user reads it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{sentence}")]
pub struct Trouble {
    pub class: Class,
    pub sentence: String,
    /// The request may have left this machine.
    pub may_have_left: bool,
}

impl Trouble {
    pub fn new(class: Class, sentence: String) -> Self {
        Self { class, sentence, may_have_left: true }
    }
}

/// Whom a sentence is about.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    pub kind: ServerKind,
    pub address: &'a Address,
}

impl std::fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}", title(self.kind), self.address.text())
    }
}

/// No answer came. Where there was no connection, nothing left.
pub fn no_answer(place: Place<'_>, error: &reqwest::Error) -> Trouble {
    Trouble { may_have_left: !error.is_connect(), ..why_no_answer(place, error) }
}

fn why_no_answer(place: Place<'_>, error: &reqwest::Error) -> Trouble {
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if let Some(tls) = error.downcast_ref::<rustls::Error>() {
            return Trouble::new(Class::Down, of_tls(place, tls));
        }
        if error.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused) {
            return nobody(place);
        }
        cause = source(error);
    }
    let why = innermost(error);
    let sentence = match error {
        error if error.is_timeout() && error.is_connect() => {
            format!("{place} could not be reached in time: is it running, and `engine.server.url` right?")
        }
        error if error.is_connect() && why.contains("dns") || why.contains("lookup") || why.contains("not found") => {
            format!("{} was not found: is this machine online, and `engine.server.url` right?", place.address.host())
        }
        error if error.is_connect() => format!("no connection to {place}: {why}"),
        _ if why.starts_with("invalid HTTP") || why.contains("message head") => format!(
            "what answers at {} does not speak HTTP as `engine.server.url` has it: if it wants https, write `https://`",
            place.address.text()
        ),
        _ => format!("the connection to {place} broke before it answered: {why}"),
    };
    Trouble::new(Class::Down, sentence)
}

fn nobody(place: Place<'_>) -> Trouble {
    let start = match place.kind {
        ServerKind::LlamaServer => "start it with `llama-server -m MODEL.gguf`",
        ServerKind::Ollama => "start it with `ollama serve`",
        ServerKind::Vllm => "start it with `vllm serve MODEL`",
        ServerKind::LmStudio => "start its server with `lms server start`",
        _ => "start it",
    };
    let sentence = format!(
        "{place} takes no connections: {start}, or correct `engine.server.url`; `tandem doctor` lists what listens on this machine"
    );
    Trouble::new(Class::Down, sentence)
}

fn of_tls(place: Place<'_>, error: &rustls::Error) -> String {
    let host = place.address.host();
    match error {
        rustls::Error::InvalidCertificate(why) => {
            let why = match why {
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => "its certificate has expired",
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                    "its certificate is for another host"
                }
                CertificateError::UnknownIssuer => "nobody whom this machine trusts has signed its certificate",
                _ => "its certificate is not valid",
            };
            format!(
                "{host} could not prove who it is ({why}). Nothing was sent. Name the certificate of your own authority in \
                 `cloud.caFile`"
            )
        }
        rustls::Error::InvalidMessage(_) => {
            format!(
                "{host} does not speak https at this port: write `http://` in `engine.server.url` if it is this machine"
            )
        }
        _ => format!("no TLS could be agreed on with {host}"),
    }
}

/// It said nothing for too long.
pub fn silent(place: Place<'_>, waited: Duration) -> Trouble {
    Trouble::new(Class::Other, format!("{place} said nothing for {} s", waited.as_secs_f32().ceil()))
}

/// The connection broke in the middle of an answer.
pub fn broken(place: Place<'_>) -> Trouble {
    Trouble::new(Class::Down, format!("the connection to {place} broke in the middle of the answer"))
}

/// An answer that is none.
#[derive(Clone, Copy, Debug)]
pub struct Refusal<'a> {
    /// What was asked; None for a small question.
    pub way: Option<Way>,
    pub path: &'a str,
    pub status: u16,
    pub location: Option<&'a str>,
    /// In seconds or as a date; dates count as the usual pause.
    pub retry_after: Option<&'a str>,
    /// The beginning of the body, without the key in it.
    pub body: &'a str,
    pub has_key: bool,
}

pub fn refused(place: Place<'_>, refusal: &Refusal<'_>) -> Trouble {
    let Refusal { way, path, status, location, retry_after, body, has_key } = *refusal;
    let words = words_of(body);
    if let Some(way) = way
        && is_refusal(way, status, &words)
    {
        return Trouble::new(Class::Way, format!("{place} has no {}: {words}", way.title()));
    }
    let is_page = body.trim_start().starts_with('<');
    match status {
        300..=399 => {
            let host =
                location.and_then(|to| reqwest::Url::parse(to).ok()).and_then(|url| url.host_str().map(str::to_owned));
            let to = host.map_or_else(|| "another address".to_owned(), |host| format!("another address, on {host}"));
            Trouble::new(
                Class::Other,
                format!(
                    "{place} sends requests on to {to}; they do not follow. Write the final address into `engine.server.url`"
                ),
            )
        }
        401 | 403 => {
            let sentence = if has_key {
                format!(
                    "{place} refuses the key ({status}): check what `engine.server.keyEnv`, `keyCommand` or `keyring` gives"
                )
            } else {
                format!(
                    "{place} wants a key ({status}): name its source in `engine.server.keyEnv`, `keyCommand` or `keyring`"
                )
            };
            Trouble::new(Class::Key, sentence)
        }
        404 if words.to_ascii_lowercase().contains("model") => {
            Trouble::new(Class::Model, format!("{place} does not have the model: {words}"))
        }
        404 | 405 => Trouble::new(
            Class::Other,
            format!(
                "{place} has nothing at {path} ({status}): `engine.server.url` leads elsewhere, or it is another kind of server \
                 (`engine.server.kind`)"
            ),
        ),
        503 if words.to_ascii_lowercase().contains("loading") => {
            Trouble::new(Class::Loading, format!("{place} is loading its model; try again in a moment"))
        }
        429 | 503 => {
            let wait = retry_after
                .and_then(|seconds| seconds.trim().parse::<f64>().ok())
                .filter(|seconds| seconds.is_finite() && *seconds >= 0.0)
                .map_or(USUAL_WAIT, |seconds| Duration::from_secs_f64(seconds.min(LONGEST_WAIT.as_secs_f64())));
            let what = if status == 429 { "takes no more requests now" } else { "is not available now" };
            let why = if words.is_empty() || is_page { String::new() } else { format!(": {words}") };
            Trouble::new(
                Class::Busy(wait),
                format!("{place} {what} ({status}){why}; it is asked again in {} s", wait.as_secs_f32().ceil()),
            )
        }
        _ if is_page => Trouble::new(Class::Other, page(place, Some(status))),
        400 | 413
            if words.contains("context")
                && (words.contains("exceed") || words.contains("length") || words.contains("size")) =>
        {
            Trouble::new(
                Class::Other,
                format!(
                    "the prompt does not fit into the context of {place} ({words}): lower `completion.prefixTokens`, or start the \
                     server with a larger context"
                ),
            )
        }
        500..=599 => Trouble::new(Class::Other, format!("{place} failed ({status}): {}", or_nothing(&words))),
        _ => Trouble::new(Class::Other, format!("{place} refused the request ({status}): {}", or_nothing(&words))),
    }
}

fn or_nothing(words: &str) -> &str {
    if words.is_empty() { "it does not say why" } else { words }
}

pub fn page(place: Place<'_>, status: Option<u16>) -> String {
    let status = status.map_or_else(String::new, |status| format!(" ({status})"));
    format!(
        "what answers at {} sends a web page{status}: a proxy or another program stands there; correct `engine.server.url`",
        place.address.text()
    )
}

/// A server's own words, fit to be shown: of JSON the sentence in it, without control characters, not too many.
pub fn words_of(body: &str) -> String {
    let body = body.trim();
    if body.starts_with('<') {
        return String::new();
    }
    let text = serde_json::from_str::<Value>(body)
        .ok()
        .and_then(|value| message_of(&value))
        .unwrap_or_else(|| body.to_owned());
    let mut words: String = text.chars().filter(|character| !character.is_control()).take(MOST_WORDS).collect();
    while words.ends_with(['.', ' ']) {
        words.pop();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(kind: ServerKind, way: Option<Way>, status: u16, body: &str, retry_after: Option<&str>) -> (Class, String) {
        let address = Address::parse("http://localhost:8080", false).expect("an address");
        let refusal = Refusal {
            way,
            path: "/infill",
            status,
            location: Some("https://elsewhere.example/x?secret=1"),
            retry_after,
            body,
            has_key: false,
        };
        let trouble = refused(Place { kind, address: &address }, &refusal);
        (trouble.class, trouble.sentence)
    }

    #[test]
    fn each_refusal_is_a_sentence_with_a_way_out() {
        let llama = ServerKind::LlamaServer;
        for (way, status, body, class, words) in [
            (
                Some(Way::Infill),
                501,
                r#"{"error":{"message":"Infill is not supported by this model"}}"#,
                Class::Way,
                "/infill",
            ),
            (None, 401, "", Class::Key, "engine.server.keyEnv"),
            (
                Some(Way::Completions),
                404,
                r#"{"message":"The model `x` does not exist."}"#,
                Class::Model,
                "The model `x`",
            ),
            (Some(Way::Chat), 404, r#"{"error":"model 'x' not found"}"#, Class::Model, "model 'x'"),
            (None, 404, r#"{"error":{"message":"File Not Found"}}"#, Class::Other, "engine.server.kind"),
            (Some(Way::Infill), 503, r#"{"error":{"message":"Loading model"}}"#, Class::Loading, "loading"),
            (None, 302, "", Class::Other, "elsewhere.example;"),
            (None, 502, "<html>Bad gateway</html>", Class::Other, "web page (502)"),
            (
                Some(Way::Infill),
                400,
                r#"{"error":{"message":"request (1539 tokens) exceeds the available context size (1024 tokens)"}}"#,
                Class::Other,
                "completion.prefixTokens",
            ),
            (Some(Way::Infill), 500, r#"{"detail":"out of memory"}"#, Class::Other, "out of memory"),
            (Some(Way::Infill), 418, "", Class::Other, "does not say why"),
        ] {
            let (got, sentence) = said(llama, way, status, body, None);
            assert_eq!(got, class, "{status} {body}: {sentence}");
            assert!(sentence.contains(words) && !sentence.contains("secret"), "{status} {body}: {sentence}");
        }
    }

    #[test]
    fn a_pause_is_as_long_as_it_is_asked_for_within_reason() {
        let wait = |after: Option<&str>| said(ServerKind::Vllm, None, 429, "{}", after).0;
        assert_eq!(wait(Some("7")), Class::Busy(Duration::from_secs(7)));
        assert_eq!(wait(Some("0.5")), Class::Busy(Duration::from_millis(500)));
        assert_eq!(wait(Some("86400")), Class::Busy(LONGEST_WAIT));
        for odd in [None, Some("-1"), Some("NaN"), Some("Wed, 21 Oct 2026 07:28:00 GMT")] {
            assert_eq!(wait(odd), Class::Busy(USUAL_WAIT), "{odd:?}");
        }
    }

    #[test]
    fn a_servers_words_are_made_fit_to_be_shown() {
        assert_eq!(words_of(r#"{"error":{"message":"a\u001b[31mb."}}"#), "a[31mb");
        assert_eq!(words_of(&"x".repeat(10_000)).len(), MOST_WORDS);
        assert_eq!(words_of("<html><body>x"), "");
    }
}
