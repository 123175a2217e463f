//! What the head of an answer says: whether it is one, and what its error means.

use std::time::{Duration, SystemTime};

use reqwest::header::HeaderMap;

use super::failure::plain;
use crate::providers::{self, Endpoint, ErrorClass, ProviderError, Retry, WireFormat};

/// Bytes of an error's body that are read.
pub const MAX_ERROR_BODY: usize = 64 << 10;
/// AWS refuses signatures whose date is further away than this.
const MAX_SKEW: Duration = Duration::from_secs(5 * 60);
/// Headers that are looked at, and bytes of each.
const MAX_HEADERS: usize = 100;
const MAX_VALUE: usize = 4096;

/// What comes after the head.
#[derive(Debug)]
pub enum Form {
    /// As it was asked for.
    Stream,
    /// One document.
    Json,
    Other(ProviderError),
}

pub fn headers(map: &HeaderMap) -> Vec<(String, String)> {
    map.iter()
        .take(MAX_HEADERS)
        .map(|(name, value)| {
            let value = value.as_bytes();
            (name.as_str().to_owned(), String::from_utf8_lossy(&value[..value.len().min(MAX_VALUE)]).into_owned())
        })
        .collect()
}

fn find<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Looks at type and encoding of an answer with a status from 200 to 299.
pub fn form(endpoint: &Endpoint, headers: &[(String, String)]) -> Form {
    let host = endpoint.host();
    let other = |message: String| Form::Other(plain(ErrorClass::Protocol, message, Retry::Never));
    if find(headers, "content-encoding").is_some_and(|encoding| !encoding.eq_ignore_ascii_case("identity")) {
        return other(format!("{host} sent a compressed answer, which was not asked for"));
    }
    let essence =
        find(headers, "content-type").and_then(|kind| kind.split(';').next()).map(str::trim).unwrap_or_default();
    let expected = match endpoint.wire_format() {
        WireFormat::BedrockConverse => "application/vnd.amazon.eventstream",
        _ => "text/event-stream",
    };
    match essence.to_ascii_lowercase().as_str() {
        kind if kind == expected => Form::Stream,
        "application/json" => Form::Json,
        "text/html" => {
            other(format!("{host} answered with a web page: is `cloud.providers.{}.baseUrl` right?", endpoint.name))
        }
        kind => {
            let kind: String = kind.chars().filter(char::is_ascii_graphic).take(60).collect();
            other(format!("{host} answered with {}", if kind.is_empty() { "no type" } else { &kind }))
        }
    }
}

/// What a status of 300 and above means.
pub fn rejection(
    endpoint: &Endpoint,
    status: u16,
    headers: &[(String, String)],
    body: &[u8],
    now: SystemTime,
    is_signed: bool,
) -> ProviderError {
    let answer = providers::Answer { status, headers, body };
    let mut error = providers::error_of(endpoint, answer, now);
    if (300..400).contains(&status) {
        error.class = ErrorClass::Protocol;
        error.retry = Retry::Never;
        error.message = format!(
            "{} wants the request sent elsewhere (status {status}), which is never done: is `cloud.providers.{}.baseUrl` right?",
            endpoint.host(),
            endpoint.name
        );
    }
    if is_signed
        && matches!(status, 400 | 401 | 403)
        && let Some(apart) = skew(headers, now)
    {
        error.message = format!("{apart}, so {} does not accept its signatures: set the clock right", endpoint.host());
    }
    error
}

/// How far this machine's clock is from the server's, if that is too far.
fn skew(headers: &[(String, String)], now: SystemTime) -> Option<String> {
    let theirs = httpdate::parse_http_date(find(headers, "date")?).ok()?;
    let (apart, side) = match now.duration_since(theirs) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    let minutes = apart.as_secs().div_ceil(60);
    (apart > MAX_SKEW).then(|| format!("the clock of this machine is {minutes} minutes {side} the provider's"))
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;
    use crate::config::ProviderSettings;

    fn endpoint() -> Endpoint {
        Endpoint::of("anthropic", &ProviderSettings::default()).unwrap_or_else(|error| panic!("{error}"))
    }

    fn said(headers: &[(&str, &str)]) -> String {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        match form(&endpoint(), &headers) {
            Form::Stream => "stream".to_owned(),
            Form::Json => "json".to_owned(),
            Form::Other(error) => error.message,
        }
    }

    #[test]
    fn an_answer_is_known_by_its_type() {
        assert_eq!(said(&[("content-type", "text/event-stream")]), "stream");
        assert_eq!(said(&[("content-type", "Text/Event-Stream; charset=utf-8")]), "stream");
        assert_eq!(said(&[("content-type", "application/json")]), "json");
        assert!(said(&[("content-type", "text/html")]).contains("a web page"));
        assert_eq!(said(&[("content-type", "image/\u{1b}[31mpng")]), "api.anthropic.com answered with image/[31mpng");
        assert_eq!(said(&[]), "api.anthropic.com answered with no type");
        let gzip = [("content-type", "text/event-stream"), ("content-encoding", "gzip")];
        assert!(said(&gzip).contains("compressed"));
    }

    #[test]
    fn a_clock_that_is_wrong_is_named_with_the_difference() {
        let at = |seconds| UNIX_EPOCH + Duration::from_secs(seconds);
        let headers = [("date".to_owned(), httpdate::fmt_http_date(at(1_000_000)))];
        assert_eq!(skew(&headers, at(1_000_299)), None);
        assert_eq!(
            skew(&headers, at(1_000_720)).as_deref(),
            Some("the clock of this machine is 12 minutes ahead of the provider's")
        );
        assert_eq!(
            skew(&headers, at(1_000_000 - 3600)).as_deref(),
            Some("the clock of this machine is 60 minutes behind the provider's")
        );
    }
}
