//! The HTTP client of all that opens connections: TLS by rustls against the system's roots, the user's proxy, no redirects, no
//! cookies, no retries, no memory.
//!
//! Who may open one is said in tests/tidy: questions that have a permit, engines on servers of the user's, and downloads that the
//! user asked for.

mod names;
mod proxy;

use std::error::Error;
use std::path::{Path, PathBuf};

pub use names::{Lookup, of_the_system};

use crate::config::Environment;

/// Says what program asks, and nothing of who asks or on what machine.
const USER_AGENT: &str = concat!("tandem/", env!("CARGO_PKG_VERSION"));
/// Longest head of an answer over HTTP/2, in bytes; HTTP/1 has a limit of hyper's, 400 KiB and 100 headers.
const MAX_HEADERS: u32 = 64 << 10;
/// Largest file of certificates, in bytes. The system's own have a quarter of a megabyte.
const MAX_CA_FILE: u64 = 8 << 20;

/// Why there is no client. Sentences for the user.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    #[error("`cloud.caFile`: {}: {why}", path.display())]
    CaFile { path: PathBuf, why: String },
    #[error("{0}")]
    Proxy(String),
    #[error("TLS cannot be set up: {0}")]
    Tls(String),
}

/// A client's beginnings. Reads the system's certificates, when it is built, and those of `ca_file`, which takes some
/// milliseconds. Opens no connection. Times out nothing: that is for who knows what is asked.
pub fn builder(
    environment: &Environment,
    ca_file: Option<&Path>,
    lookup: Lookup,
) -> Result<reqwest::ClientBuilder, NetworkError> {
    // Only the first one in a process counts; there is but this one.
    drop(rustls::crypto::ring::default_provider().install_default());
    let mut builder = reqwest::Client::builder()
        .user_agent(USER_AGENT)
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        // What is sent again is another request, which this library knows nothing of.
        .retry(reqwest::retry::never())
        .http2_max_header_list_size(MAX_HEADERS)
        .dns_resolver(names::Names(lookup))
        // What the system or a desktop says about proxies does not count, what the user's environment says does.
        .no_proxy();
    if let Some(proxy) = proxy::of(environment).map_err(NetworkError::Proxy)? {
        builder = builder.proxy(proxy);
    }
    if let Some(path) = ca_file {
        builder = builder.tls_certs_merge(certificates(path)?);
    }
    Ok(builder)
}

/// What finally went wrong, for people: without control characters, 200 of them at most.
pub fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut cause = error;
    while let Some(next) = source(cause) {
        cause = next;
    }
    cause.to_string().chars().filter(|character| !character.is_control()).take(200).collect()
}

/// An `io::Error` shows the source of what it wraps, not what it wraps.
pub fn source<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a (dyn Error + 'static)> {
    match error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref) {
        Some(wrapped) => Some(wrapped),
        None => error.source(),
    }
}

fn certificates(path: &Path) -> Result<Vec<reqwest::Certificate>, NetworkError> {
    let wrong = |why: &str| NetworkError::CaFile { path: path.to_owned(), why: why.to_owned() };
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
