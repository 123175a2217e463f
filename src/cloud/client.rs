//! The HTTP client of questions, the keys that they show, and how long is waited for what.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::keys::Keys;
use crate::config::{CloudSettings, Environment};
use crate::gate::Clock;
use crate::network::{self, Lookup, NetworkError};

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
        Self { timeouts: Timeouts::default(), lookup: network::of_the_system(), clock: Arc::new(SystemTime::now) }
    }
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
    pub fn new(settings: &CloudSettings, environment: &Arc<Environment>, setup: Setup) -> Result<Self, NetworkError> {
        let http = network::builder(environment, settings.ca_file.as_deref(), setup.lookup)?
            // No connection is kept: closing one is a cancel.
            .pool_max_idle_per_host(0)
            .connect_timeout(setup.timeouts.connect)
            .build()
            .map_err(|error| NetworkError::Tls(network::innermost(&error)))?;
        let keys = Keys::new(environment.clone(), settings);
        Ok(Self { http, keys, timeouts: setup.timeouts, clock: setup.clock })
    }

    pub(super) fn now(&self) -> SystemTime {
        (self.clock)()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;

    fn client(ca_file: Option<PathBuf>, variables: &[(&str, &str)]) -> Result<Client, NetworkError> {
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
