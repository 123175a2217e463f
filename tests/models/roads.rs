//! Where a hub leads, and where nobody follows.

use super::support::{User, address, file, hub, plain, serving};
use crate::hub::Place;
use tandem::models::download::Source;

const SIZE: u64 = 1 << 20;

async fn error_where_bytes_are(place: Place) -> String {
    let double = serving(SIZE).await;
    double.change(|rules| rules.place = place);
    User::of(&double).fails().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circle_ends() {
    assert_eq!(error_where_bytes_are(Place::Circle).await, "127.0.0.1 leads on and on: 5 times were followed");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_followed_out_of_encryption() {
    for (to, why) in [
        ("http://cdn.example/bytes", "an address without encryption"),
        ("ftp://cdn.example/bytes", "an address that is not of the web"),
        ("http://ann:secret@127.0.0.1/x", "an address with a name or a password in it"),
        ("http://", "nowhere"),
    ] {
        let error = error_where_bytes_are(Place::At(to.to_owned())).await;
        assert_eq!(error, format!("127.0.0.1 leads to {why}: it is not followed"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_stays_with_the_hub() {
    let double = serving(SIZE).await;
    let other = serving(SIZE).await;
    let elsewhere = format!("{}/plain/a-Q8_0.gguf", other.url());
    double.change(|rules| {
        rules.token = Some("secret-token".to_owned());
        rules.place = Place::At(elsewhere);
    });
    let user = User::with(hub(&double.url(), Some("secret-token"), &[]).unwrap());
    user.pull().await.unwrap();
    assert!(double.record().asked.iter().all(|asked| asked.token.as_deref() == Some("Bearer secret-token")));
    let asked = other.record().asked;
    assert!(!asked.is_empty());
    for asked in asked {
        assert!(asked.headers.iter().all(|(_, value)| !value.contains("secret-token")), "{asked:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_gets_no_token_and_needs_encryption() {
    let (double, other) = (serving(SIZE).await, serving(SIZE).await);
    let user = User::with(hub(&double.url(), Some("secret-token"), &[]).unwrap());
    user.pull_from(&plain(&other), None).await.unwrap();
    assert!(other.record().asked.iter().all(|asked| asked.token.is_none()));
    let refused = user.fetch.look(&Source::Address(address("http://models.example/a.gguf"))).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "an address without encryption is not asked for a model (models.example): use https"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn this_machine_is_not_reached_through_a_proxy_and_others_are() {
    let double = serving(SIZE).await;
    let variables = [("HTTPS_PROXY", "http://127.0.0.1:9")];
    let user = User::with(hub(&double.url(), None, &variables).unwrap());
    user.pull().await.unwrap();
    let away = User::with(hub("https://hub.example", None, &variables).unwrap());
    let error = away.fetch.look(&file("main")).await.unwrap_err().to_string();
    assert_eq!(error, "the proxy in `HTTPS_PROXY` cannot be reached");
}
