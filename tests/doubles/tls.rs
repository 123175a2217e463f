//! Certificates of a test's own authority: right ones, and all that are wrong.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

/// What a server shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certificate {
    /// For these names, by the authority.
    Right,
    /// For another host.
    WrongHost,
    /// Of the last century.
    Expired,
    /// By nobody but itself.
    SelfSigned,
}

/// An authority that nobody knows but who is told of it.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    /// What `cloud.caFile` holds.
    pub pem: String,
}

impl Default for Authority {
    fn default() -> Self {
        let key = KeyPair::generate().expect("a key");
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        // Other certificates call their issuer something else.
        params.distinguished_name.push(DnType::CommonName, "the authority of the doubles");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).expect("a certificate").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }
}

impl Authority {
    /// A server's side of TLS for these names.
    pub fn acceptor(&self, names: &[&str], certificate: Certificate) -> TlsAcceptor {
        let names = match certificate {
            Certificate::WrongHost => vec!["elsewhere.example".to_owned()],
            _ => names.iter().map(|name| (*name).to_owned()).collect(),
        };
        let mut params = CertificateParams::new(names).expect("names");
        if certificate == Certificate::Expired {
            params.not_before = date_time_ymd(1999, 1, 1);
            params.not_after = date_time_ymd(1999, 12, 31);
        }
        let key = KeyPair::generate().expect("a key");
        let shown = match certificate {
            Certificate::SelfSigned => params.self_signed(&key),
            _ => params.signed_by(&key, &self.issuer),
        }
        .expect("a certificate");
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_no_client_auth()
            .with_single_cert(vec![shown.der().clone()], private)
            .expect("a pair");
        TlsAcceptor::from(Arc::new(config))
    }
}
