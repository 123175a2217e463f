//! Where the database is, and whether the way there needs TLS. The password stays in here.

use std::fmt;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use postgres::config::{Host, SslMode};
use postgres::{Client, Config, NoTls};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::adapter;
use crate::budget::LedgerError;

const CONNECT: Duration = Duration::from_secs(5);
/// A server that acknowledges nothing for so long is gone.
const UNANSWERED: Duration = Duration::from_secs(8);

pub(super) struct Address {
    config: Config,
    /// Certificates of one's own; None for the system's.
    roots: Option<PathBuf>,
    shown: String,
}

impl Address {
    pub fn parse(address: &str) -> Result<Self, LedgerError> {
        let (address, roots) = without_roots(address);
        // The parser's words may quote a piece of the password.
        let mut config: Config = address.parse().map_err(|_| {
            LedgerError::Unusable(
                "`budget.ledger` is no address of a PostgreSQL database: `postgres://user:password@host/database`, with \
                 special characters of the password written as `%40`"
                    .to_owned(),
            )
        })?;
        let shown = shown(&config);
        if !is_local(&config) {
            if config.get_ssl_mode() == SslMode::Disable {
                return Err(LedgerError::Unusable(format!(
                    "`budget.ledger` would send its password to {shown} in the clear; remove `sslmode=disable`"
                )));
            }
            config.ssl_mode(SslMode::Require);
        }
        config.application_name("tandem").connect_timeout(CONNECT);
        config.keepalives_idle(Duration::from_secs(30)).tcp_user_timeout(UNANSWERED);
        Ok(Self { config, roots, shown })
    }

    /// Host and port.
    pub fn shown(&self) -> &str {
        &self.shown
    }

    pub fn connect(&self) -> Result<Client, LedgerError> {
        let connected = match self.config.get_ssl_mode() {
            SslMode::Disable | SslMode::Prefer => self.config.connect(NoTls),
            _ => self.config.connect(MakeRustlsConnect::new(self.tls()?)),
        };
        connected.map_err(|error| adapter::explain(&self.shown, &error))
    }

    pub fn silent(&self, patience: Duration) -> LedgerError {
        let seconds = patience.as_secs();
        LedgerError::Unusable(format!("the database at {} did not answer for {seconds} seconds", self.shown))
    }

    fn tls(&self) -> Result<ClientConfig, LedgerError> {
        let unusable = |reason: &dyn fmt::Display| LedgerError::Unusable(format!("TLS to {}: {reason}", self.shown));
        let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| unusable(&error))?;
        let verified = match &self.roots {
            Some(file) => builder.with_root_certificates(read_roots(file).map_err(|reason| unusable(&reason))?),
            None => builder.with_platform_verifier().map_err(|error| unusable(&error))?,
        };
        Ok(verified.with_no_client_auth())
    }
}

fn read_roots(file: &Path) -> Result<RootCertStore, String> {
    let mut roots = RootCertStore::empty();
    let told = |reason: &dyn fmt::Display| format!("the certificates in {}: {reason}", file.display());
    for certificate in CertificateDer::pem_file_iter(file).map_err(|error| told(&error))? {
        let certificate = certificate.map_err(|error| told(&error))?;
        roots.add(certificate).map_err(|error| told(&error))?;
    }
    if roots.is_empty() {
        return Err(told(&"there are none"));
    }
    Ok(roots)
}

/// The parser does not know `sslrootcert`. `system` means what leaving it out means.
fn without_roots(address: &str) -> (String, Option<PathBuf>) {
    let Some((rest, options)) = address.split_once('?') else { return (address.to_owned(), None) };
    let mut roots = None;
    let others: Vec<&str> = options
        .split('&')
        .filter(|option| match option.strip_prefix("sslrootcert=") {
            Some("system") => false,
            Some(file) => {
                roots = Some(PathBuf::from(decoded(file)));
                false
            }
            None => !option.is_empty(),
        })
        .collect();
    let address = if others.is_empty() { rest.to_owned() } else { format!("{rest}?{}", others.join("&")) };
    (address, roots)
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let code = after.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match (first, code.and_then(|digits| u8::from_str_radix(digits, 16).ok())) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// On this machine whatever it is called: only then the password may go without TLS.
fn is_local(config: &Config) -> bool {
    let loopback = |host: &Host| match host {
        Host::Tcp(name) => name == "localhost" || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        #[cfg(unix)]
        Host::Unix(_) => true,
    };
    config.get_hosts().iter().all(loopback) && config.get_hostaddrs().iter().all(IpAddr::is_loopback)
}

fn shown(config: &Config) -> String {
    let name = |host: &Host| match host {
        Host::Tcp(name) => name.clone(),
        #[cfg(unix)]
        Host::Unix(path) => path.display().to_string(),
    };
    let hosts: Vec<String> = config.get_hosts().iter().map(name).collect();
    let port = config.get_ports().first().copied().unwrap_or(5432);
    format!("{}:{port}", hosts.join(","))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(address: &str) -> String {
        Address::parse(address).err().map(|error| error.to_string()).unwrap_or_default()
    }

    fn mode(address: &str) -> SslMode {
        Address::parse(address).unwrap().config.get_ssl_mode()
    }

    #[test]
    fn only_this_machine_is_spoken_to_without_tls() {
        for local in ["localhost", "127.0.0.1", "%2Fvar%2Frun%2Fpostgresql"] {
            assert_eq!(mode(&format!("postgres://ann@{local}/team")), SslMode::Prefer, "{local}");
        }
        assert_eq!(mode("postgres://ann@localhost/team?sslmode=require"), SslMode::Require);
        assert_eq!(mode("postgres://ann@db.example/team"), SslMode::Require);
        assert_eq!(mode("postgres://ann@localhost,db.example/team"), SslMode::Require);
        // A name of this machine, and an address of another.
        assert_eq!(mode("postgres://ann@localhost/team?hostaddr=192.0.2.7"), SslMode::Require);
        let told = refused("postgres://ann:hunter2@db.example/team?sslmode=disable");
        assert!(told.contains("db.example:5432 in the clear") && !told.contains("hunter2"), "{told}");
    }

    #[test]
    fn a_password_is_in_no_sentence() {
        for address in
            ["postgres://ann@db/team?hunter2=hunter2", "postgres://ann:hunter2@db:port/team", "postgres://[hunter2"]
        {
            let told = refused(address);
            assert!(told.contains("%40") && !told.contains("hunter2"), "{told}");
        }
        assert_eq!(Address::parse("postgres://ann:hunter2@db:77/team").unwrap().shown(), "db:77");
    }

    #[test]
    fn certificates_of_ones_own_are_named_in_the_address() {
        let (address, roots) =
            without_roots("postgres://ann@db/team?sslrootcert=%2Fetc%2Fteam%20ca.pem&sslmode=require");
        assert_eq!(address, "postgres://ann@db/team?sslmode=require");
        assert_eq!(roots, Some(PathBuf::from("/etc/team ca.pem")));
        assert_eq!(without_roots("postgres://db/t?sslrootcert=system"), ("postgres://db/t".to_owned(), None));
        let told = read_roots(Path::new("no/such.pem")).unwrap_err();
        assert!(told.contains("no/such.pem"), "{told}");
    }
}
