//! Which models are on this machine, which are the user's, and which are neither; and what holds from folder to folder.

use std::collections::BTreeMap;

use super::*;
use crate::config::{ProviderKind, ProviderSettings};

/// A user's machine with a folder `work`.
fn outside(place: &Path, breakers: Arc<Breakers>) -> Outside {
    std::fs::create_dir(place.join("work")).unwrap();
    let environment = Arc::new(Environment::of(&[("HOME", place.to_str().unwrap())]));
    let paths = Paths::of(&environment);
    crate::config::create_private_dir(&paths.state).unwrap();
    Outside::new(OutsideParts {
        ledger: Err(LedgerError::Unusable("none is needed".to_owned())),
        audit: Arc::new(AuditLog::new(paths.audit_file(), 365)),
        prices: Arc::new(PriceTable::shipped(&paths.prices_file())),
        calibration: Arc::new(Calibration::in_memory()),
        breakers,
        session: "5e55".to_owned(),
        clock: Arc::new(SystemTime::now),
        setup: Arc::new(Setup::default),
        backoff: Backoff::default(),
        environment,
        paths,
    })
}

fn settings(base_url: &str, is_local: Option<bool>) -> Settings {
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
    settings
}

/// What is known of a server at this address before it is asked. Nobody is.
fn standing(base_url: &str, is_local: Option<bool>) -> Standing {
    let place = tempfile::tempdir().unwrap();
    let outside = outside(place.path(), Arc::default());
    standing_with(&outside, place.path(), &settings(base_url, is_local))
}

fn standing_with(outside: &Outside, place: &Path, settings: &Settings) -> Standing {
    let settings = Arc::new(settings.clone());
    outside.site(&place.join("work"), &settings, &settings).unwrap().standing().clone()
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

#[test]
fn what_failed_is_remembered_from_folder_to_folder_until_its_provider_is_set_up_anew() {
    let place = tempfile::tempdir().unwrap();
    let breakers = Arc::<Breakers>::default();
    let outside = outside(place.path(), breakers.clone());
    let one = settings("https://shed.example/v1", None);
    let endpoint = Endpoint::chosen(&one.cloud).unwrap().unwrap();
    let is_down = |settings: &Settings| standing_with(&outside, place.path(), settings).down.is_some();
    assert!(!is_down(&one));
    breakers.failed(&endpoint, &refused());
    // Another folder wants shorter answers of another model, and asks each time.
    let mut other = one.clone();
    other.cloud.max_output_tokens = 500;
    other.cloud.model = "small".to_owned();
    other.cloud.consent = crate::config::ConsentMode::Every;
    for _ in 0..2 {
        assert!(is_down(&one) && is_down(&other));
    }
    let client = |settings: &Settings| outside.cloud("shed", &settings.cloud).unwrap();
    assert!(Arc::ptr_eq(&client(&one), &client(&other)), "one client, and one memory of keys");
    // Somebody else's settings say nothing of this provider.
    other.cloud.providers.insert("barn".to_owned(), ProviderSettings::default());
    assert!(is_down(&other));
    let mended = other.cloud.providers.get_mut("shed").unwrap();
    mended.key_env = Some("SHED_KEY".to_owned());
    assert!(!is_down(&other), "another key may be a better one, and at once");
}

fn refused() -> crate::providers::ProviderError {
    let endpoint = Endpoint::chosen(&settings("https://shed.example/v1", None).cloud).unwrap().unwrap();
    let answer = crate::providers::Answer { status: 401, headers: &[], body: b"" };
    crate::providers::error_of(&endpoint, answer, SystemTime::now())
}

#[test]
fn a_tier_begins_sooner_where_more_tokens_were_seen_than_are_counted() {
    let tier = |above| crate::budget::Tier { above, rates: crate::budget::Rates::default() };
    let row = PriceRow { tiers: vec![tier(100_000), tier(272_000)], ..PriceRow::free() };
    assert_eq!(tiers(&row, 1000), [100_000, 272_000]);
    assert_eq!(tiers(&row, 800), [100_000, 272_000], "less is proven of nothing that is not ordinary");
    assert_eq!(tiers(&row, 1300), [76_923, 209_230]);
}
