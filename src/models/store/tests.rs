//! The store as those that fill it and those that ask it see it.

use super::*;

#[test]
fn a_store_that_is_not_there_is_empty() {
    let place = tempfile::tempdir().unwrap();
    let store = Store::open(place.path().join("models"));
    assert_eq!(store.list().unwrap(), []);
    assert!(!store.directory().exists(), "looking makes nothing");
}
