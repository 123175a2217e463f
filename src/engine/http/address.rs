//! A server's address: where it is, and whether that is a place that code may go to as it does within this machine.
//!
//! What is read here as the host is what the HTTP client takes for it: both use the same parsed URL.

use std::net::IpAddr;

use reqwest::Url;

/// Longest address, in bytes.
const MAX_URL: usize = 2048;

/// Why an address is none. Sentences for the user without the address in them: there may be a password in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    #[error("`engine.server.url` is no address: it begins with `http://` or `https://`, then host and port")]
    NoUrl,
    #[error(
        "`engine.server.url` holds a name or a password: name the source of a key in `engine.server.keyEnv`, `keyCommand` or \
         `keyring` instead"
    )]
    Password,
    #[error("`engine.server.url` has a query or a fragment: it ends with host, port and, where there is one, a path")]
    Query,
    #[error(
        "`engine.server.url` is plain http to {0}, where everybody on the way could read code: use https. Where the way is \
         private, for example a VPN or a network of your own, say so with `engine.server.isLocal`"
    )]
    PlainHttp(String),
    #[error(
        "{0} is neither this machine nor declared as yours: set `engine.server.isLocal` if the machine is yours; a provider \
         is asked for suggestions by `completion.cloud` and `completion.cloudProvider`"
    )]
    NotYours(String),
}

/// A base address, without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    base: Url,
    is_loopback: bool,
}

impl Address {
    /// Reads `engine.server.url`. `http` leads to this machine only, unless `is_local` says that another one is the user's, too.
    pub fn parse(url: &str, is_local: bool) -> Result<Self, AddressError> {
        let url = url.trim();
        if url.len() > MAX_URL {
            return Err(AddressError::NoUrl);
        }
        let spelled = if url.contains("://") { url.to_owned() } else { format!("http://{url}") };
        let mut base = Url::parse(&spelled).map_err(|_| AddressError::NoUrl)?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none_or(str::is_empty) {
            return Err(AddressError::NoUrl);
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(AddressError::Password);
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(AddressError::Query);
        }
        // People copy the address that other tools want; the paths of requests bring their own `/v1`.
        let path = base.path().trim_end_matches('/');
        let path = path.strip_suffix("/v1").unwrap_or(path).to_owned();
        base.set_path(&path);
        let host = base.host_str().unwrap_or_default().to_owned();
        let is_loopback = host == "localhost"
            || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if base.scheme() == "http" && !is_loopback && !is_local {
            return Err(AddressError::PlainHttp(host));
        }
        Ok(Self { base, is_loopback })
    }

    /// On this machine.
    pub fn is_loopback(&self) -> bool {
        self.is_loopback
    }

    /// Readable on the way to another machine.
    pub fn is_plain(&self) -> bool {
        self.base.scheme() == "http" && !self.is_loopback
    }

    /// Lower case, without a port; IPv6 in brackets.
    pub fn host(&self) -> &str {
        self.base.host_str().unwrap_or_default()
    }

    /// Host, and port where it is not the scheme's own.
    pub fn authority(&self) -> &str {
        let rest = self.text().split_once("://").map_or("", |(_, rest)| rest);
        rest.split('/').next().unwrap_or_default()
    }

    /// As it is shown: scheme, host, port and path.
    pub fn text(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }

    /// Of a request; `path` begins with a slash.
    pub(super) fn join(&self, path: &str) -> Url {
        let (path, query) = path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
        let mut url = self.base.clone();
        url.set_path(&format!("{}{path}", self.base.path().trim_end_matches('/')));
        url.set_query(query);
        url
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str, is_local: bool) -> Result<(String, bool), AddressError> {
        Address::parse(url, is_local).map(|address| (address.text().to_owned(), address.is_loopback()))
    }

    #[test]
    fn addresses_are_taken_as_people_write_them() {
        for (given, text) in [
            ("http://localhost:8080", "http://localhost:8080"),
            (" localhost:11434/ ", "http://localhost:11434"),
            ("http://127.0.0.1:8000/v1/", "http://127.0.0.1:8000"),
            ("http://[::1]:8080", "http://[::1]:8080"),
            // Whatever spelling it has, the client goes where this says.
            ("http://127.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(read(given, false), Ok((text.to_owned(), true)), "{given}");
        }
        assert_eq!(read("HTTPS://GPU.example/llm/v1", false), Ok(("https://gpu.example/llm".to_owned(), false)));
        let address = Address::parse("https://gpu.example/llm", false).expect("an address");
        assert_eq!(
            address.join("/slots?fail_on_no_slot=1").as_str(),
            "https://gpu.example/llm/slots?fail_on_no_slot=1"
        );
    }

    #[test]
    fn plain_http_leads_to_another_machine_only_where_the_user_says_that_it_is_theirs() {
        let refused = AddressError::PlainHttp("10.0.0.7".to_owned());
        assert_eq!(read("http://10.0.0.7:8000", false), Err(refused));
        assert_eq!(read("http://10.0.0.7:8000", true), Ok(("http://10.0.0.7:8000".to_owned(), false)));
        for elsewhere in ["http://localhost.evil.example", "http://127.0.0.1.evil.example", "http://0.0.0.0:80"] {
            assert!(matches!(read(elsewhere, false), Err(AddressError::PlainHttp(_))), "{elsewhere}");
        }
    }

    #[test]
    fn what_is_no_address_is_a_sentence_without_it() {
        for (url, error) in [
            ("", AddressError::NoUrl),
            ("ftp://gpu.example", AddressError::NoUrl),
            ("file:///etc/passwd", AddressError::NoUrl),
            ("https://ann:secret@gpu.example", AddressError::Password),
            ("https://gpu.example?key=secret", AddressError::Query),
            ("https://gpu.example#x", AddressError::Query),
        ] {
            assert_eq!(read(url, true), Err(error.clone()), "{url}");
            assert!(!error.to_string().contains("secret"));
        }
        assert_eq!(read(&format!("https://a.example/{}", "x".repeat(3000)), true), Err(AddressError::NoUrl));
    }
}
