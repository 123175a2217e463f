//! Which models are on this machine, which are the user's, and which are neither.

use std::collections::BTreeMap;

use super::*;
use crate::config::{ProviderKind, ProviderSettings};

/// What is known of a server at this address before it is asked. Nobody is.
fn standing(base_url: &str, is_local: Option<bool>) -> Standing {
    let place = tempfile::tempdir().unwrap();
    let root = place.path().join("work");
    std::fs::create_dir(&root).unwrap();
    let environment = Arc::new(Environment::of(&[("HOME", place.path().to_str().unwrap())]));
    let paths = Paths::of(&environment);
    crate::config::create_private_dir(&paths.state).unwrap();
    let outside = Outside::new(OutsideParts {
        ledger: Err(LedgerError::Unusable("none is needed".to_owned())),
        audit: Arc::new(AuditLog::new(paths.audit_file(), 365)),
        prices: Arc::new(PriceTable::shipped(&paths.prices_file())),
        calibration: Arc::new(Calibration::in_memory()),
        breakers: Arc::default(),
        session: "5e55".to_owned(),
        clock: Arc::new(SystemTime::now),
        setup: Arc::new(Setup::default),
        backoff: Backoff::default(),
        environment,
        paths,
    });
    let mut settings = Settings::default();
    settings.cloud.provider = "shed".to_owned();
    settings.cloud.model = "large".to_owned();
    settings.cloud.providers = BTreeMap::from([(
        "shed".to_owned(),
        ProviderSettings {
            kind: Some(ProviderKind::Compatible),
            base_url: Some(base_url.to_owned()),
            is_local,
            ..ProviderSettings::default()
        },
    )]);
    let settings = Arc::new(settings);
    outside.site(&root, &settings, &settings).unwrap().standing().clone()
}

#[test]
fn a_server_elsewhere_is_the_user_s_and_not_this_machine() {
    for (base_url, is_local, expected) in [
        ("http://127.0.0.1:8080/v1", Some(true), (true, true)),
        ("http://localhost:8080/v1", Some(true), (true, true)),
        ("https://10.0.0.5:8080/v1", Some(true), (true, false)),
        ("https://shed.example/v1", Some(true), (true, false)),
        ("https://shed.example/v1", None, (false, false)),
        ("https://shed.example/v1", Some(false), (false, false)),
    ] {
        let Standing { is_local: is_own, stays, .. } = standing(base_url, is_local);
        assert_eq!((is_own, stays), expected, "{base_url} {is_local:?}");
    }
}
