//! A key on its way into a request, and only into one to the key's own host.

use std::time::SystemTime;

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::key::Credentials;
use super::sigv4::Signing;
use crate::providers::{AuthScheme, Endpoint};

/// The address of a request: the endpoint's, and the path after it. Errors are sentences for the user.
///
/// What comes after the base URL may not lead anywhere else, and without encryption nothing leaves this machine.
pub fn address(endpoint: &Endpoint, path: &str) -> Result<Url, String> {
    let wrong = |why: &str| format!("`cloud.providers.{}.baseUrl`: {why}", endpoint.name);
    let base = Url::parse(&endpoint.base_url).map_err(|_| wrong("it is no address"))?;
    let url = Url::parse(&format!("{}{path}", endpoint.base_url)).map_err(|_| wrong("it is no address"))?;
    let is_same_place = url.scheme() == base.scheme()
        && url.host() == base.host()
        && url.port_or_known_default() == base.port_or_known_default();
    if !is_same_place || !url.username().is_empty() || url.password().is_some() || base.host().is_none() {
        return Err(wrong("requests would leave its host"));
    }
    match url.scheme() {
        "https" => Ok(url),
        "http" if is_loopback(&url) => Ok(url),
        _ => Err(wrong("`https` only, except on this machine")),
    }
}

fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let plain = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost") || plain.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// Adds what the provider wants to see. `headers`: those of the request so far. The values are marked, so that nothing that
/// prints headers prints them.
pub fn attach(
    endpoint: &Endpoint,
    credentials: &Credentials,
    url: &Url,
    body: &[u8],
    time: SystemTime,
    headers: &mut HeaderMap,
) -> Result<(), String> {
    let unfit = || "the key has characters that no header can hold".to_owned();
    let mut add = |name: &'static str, value: &str| {
        let mut value = HeaderValue::from_str(value).map_err(|_| unfit())?;
        value.set_sensitive(true);
        headers.insert(HeaderName::from_static(name), value);
        Ok(())
    };
    let bearer = |key: &str| zeroize::Zeroizing::new(format!("Bearer {key}"));
    match (credentials, endpoint.auth()) {
        (Credentials::Nothing, _) => Ok(()),
        (Credentials::Key(key), AuthScheme::Header(name)) => add(name, key.reveal()),
        (Credentials::Key(key), AuthScheme::Bearer | AuthScheme::BearerOrSigV4 { .. }) => {
            add("authorization", &bearer(key.reveal()))
        }
        (Credentials::Aws(keys), AuthScheme::BearerOrSigV4 { service, region }) => {
            let host = url.host_str().unwrap_or_default();
            let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
            let signing = Signing {
                method: "POST",
                host: &host,
                path: url.path(),
                query: url.query().unwrap_or_default(),
                headers: &[],
                body,
                region: &region,
                service,
                time,
            };
            signing.sign(keys).iter().try_for_each(|(name, value)| add(name, value))
        }
        (Credentials::Aws(_), _) => Err(format!("`cloud.providers.{}` takes one key, not AWS's", endpoint.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ProviderKind;

    fn endpoint(base_url: &str) -> Endpoint {
        Endpoint {
            name: "x".to_owned(),
            kind: ProviderKind::Compatible,
            base_url: base_url.to_owned(),
            region: None,
            api_version: None,
            price_as: None,
            shows_bearer: false,
            is_local: false,
        }
    }

    #[test]
    fn no_path_leads_to_another_host() {
        let good = address(&endpoint("https://a.example/v1"), "/chat?x=1");
        assert_eq!(good.map(String::from), Ok("https://a.example/v1/chat?x=1".to_owned()));
        for path in [".evil.example/", "@evil.example/", ":444/", ":a@evil.example/"] {
            assert!(address(&endpoint("https://a.example"), path).is_err(), "{path}");
        }
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_encryption() {
        for url in ["http://127.0.0.1:1", "http://localhost:1", "http://[::1]:1", "http://127.9.9.9"] {
            assert!(address(&endpoint(url), "/x").is_ok(), "{url}");
        }
        for url in ["http://a.example", "http://192.168.0.2", "http://localhost.evil.example", "ftp://127.0.0.1", "x"] {
            assert!(address(&endpoint(url), "/x").is_err(), "{url}");
        }
    }
}
