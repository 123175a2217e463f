//! The HTTP client: TLS by rustls against the system's roots, the user's proxy, no redirects, no cookies, no memory.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::keys::Keys;
use super::names::{self, Lookup, Names};
use super::proxy;
use crate::config::{CloudSettings, Environment};
use crate::gate::Clock;

/// Says what program asks, and nothing of who asks or on what machine.
const USER_AGENT: &str = concat!("tandem/", env!("CARGO_PKG_VERSION"));
/// Longest head of an answer over HTTP/2, in bytes; HTTP/1 has a limit of hyper's, 400 KiB and 100 headers.
const MAX_HEADERS: u32 = 64 << 10;
/// Largest file of certificates, in bytes. The system's own have a quarter of a megabyte.
const MAX_CA_FILE: u64 = 8 << 20;

/// How long is waited for what. As the providers' own libraries have it (cloud.md A0).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For a connection, TLS and proxy included.
    pub connect: Duration,
    /// For the next byte. Models that think may be silent for a minute.
    pub idle: Duration,
    /// For all of an answer.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), idle: Duration::from_secs(90), total: Duration::from_secs(600) }
    }
}

/// What a client is made of; tests replace what they need.
pub struct Setup {
    pub timeouts: Timeouts,
    pub lookup: Lookup,
    pub clock: Clock,
}

impl Default for Setup {
    fn default() -> Self {
        Self { timeouts: Timeouts::default(), lookup: names::of_the_system(), clock: Arc::new(SystemTime::now) }
    }
}

/// Why there is no client. Sentences for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClientError {
    #[error("`cloud.caFile`: {}: {why}", path.display())]
    CaFile { path: PathBuf, why: String },
    #[error("{0}")]
    Proxy(String),
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// Connections, keys and times for requests. One for all requests under the same settings.
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) keys: Keys,
    pub(super) timeouts: Timeouts,
    pub(super) clock: Clock,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("timeouts", &self.timeouts).finish_non_exhaustive()
    }
}

impl Client {
    /// Reads the system's certificates and those of `cloud.caFile`, which takes some milliseconds. Opens no connection.
    pub fn new(settings: &CloudSettings, environment: &Arc<Environment>, setup: Setup) -> Result<Self, ClientError> {
        // Only the first one in a process counts; there is but this one.
        drop(rustls::crypto::ring::default_provider().install_default());
        let mut builder = reqwest::Client::builder()
            .user_agent(USER_AGENT)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            // What is sent again is reserved again, which this library knows nothing of.
            .retry(reqwest::retry::never())
            // No connection is kept: closing one is a cancel.
            .pool_max_idle_per_host(0)
            .connect_timeout(setup.timeouts.connect)
            .http2_max_header_list_size(MAX_HEADERS)
            .dns_resolver(Names(setup.lookup))
            // What the system or a desktop says about proxies does not count, what the user's environment says does.
            .no_proxy();
        if let Some(proxy) = proxy::of(environment).map_err(ClientError::Proxy)? {
            builder = builder.proxy(proxy);
        }
        if let Some(path) = &settings.ca_file {
            builder = builder.tls_certs_merge(certificates(path)?);
        }
        let http = builder.build().map_err(|error| ClientError::Tls(super::failure::innermost(&error)))?;
        let keys = Keys::new(environment.clone(), settings);
        Ok(Self { http, keys, timeouts: setup.timeouts, clock: setup.clock })
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

fn certificates(path: &std::path::Path) -> Result<Vec<reqwest::Certificate>, ClientError> {
    let wrong = |why: &str| ClientError::CaFile { path: path.to_owned(), why: why.to_owned() };
    let size = std::fs::metadata(path).map_err(|error| wrong(&error.kind().to_string()))?.len();
    if size > MAX_CA_FILE {
        return Err(wrong("it is too large for a file of certificates"));
    }
    let pem = std::fs::read(path).map_err(|error| wrong(&error.kind().to_string()))?;
    let found = reqwest::Certificate::from_pem_bundle(&pem).map_err(|_| wrong("it is not in PEM"))?;
    if found.is_empty() {
        return Err(wrong("there is no certificate in it"));
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(ca_file: Option<PathBuf>, variables: &[(&str, &str)]) -> Result<Client, ClientError> {
        let settings = CloudSettings { ca_file, ..CloudSettings::default() };
        Client::new(&settings, &Arc::new(Environment::of(variables)), Setup::default())
    }

    #[test]
    fn bad_settings_are_sentences() {
        let folder = tempfile::tempdir().unwrap_or_else(|error| panic!("{error}"));
        let said = |name: &str, text: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap_or_else(|error| panic!("{error}"));
            client(Some(path), &[]).map(drop).map_err(|error| error.to_string().rsplit(": ").next().map(str::to_owned))
        };
        assert_eq!(said("a", ""), Err(Some("there is no certificate in it".to_owned())));
        let broken = "-----BEGIN CERTIFICATE-----\n%%%\n-----END CERTIFICATE-----\n";
        assert_eq!(said("b", broken), Err(Some("it is not in PEM".to_owned())));
        let missing = client(Some(folder.path().join("c")), &[]).map(drop).map_err(|error| error.to_string());
        assert!(missing.is_err_and(|error| error.ends_with("entity not found")));
        let proxy = client(None, &[("HTTPS_PROXY", "ftp://ann:secret@x")]).map(drop);
        assert!(
            proxy
                .is_err_and(|error| error.to_string().contains("HTTPS_PROXY") && !error.to_string().contains("secret"))
        );
    }

    #[test]
    fn a_client_shows_its_times_and_no_key() {
        let shown = client(None, &[("ANTHROPIC_API_KEY", "sk-not-for-you")]).map(|client| format!("{client:?}"));
        assert!(shown.is_ok_and(|shown| shown.starts_with("Client { timeouts: ") && !shown.contains("sk-")));
    }
}
