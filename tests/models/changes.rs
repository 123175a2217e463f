//! Files that change between two requests.

use std::time::Duration;

use tandem::models::download::Event;

use super::support::{FILE, User, file, plain, serving};
use crate::hub::{Hub, Said};

const SIZE: u64 = 12 << 20;

/// Stops a pull in the middle.
async fn begin(double: &Hub, user: &mut User, source: &tandem::models::download::Source) {
    double.change(|rules| rules.pace = Duration::from_millis(2));
    let stop = user.fetch.stop.clone();
    let pull = user.pull_from(source, None);
    let stopping = async {
        double.until(|record| record.sent > SIZE / 2).await;
        stop.cancel();
    };
    let (stopped, ()) = tokio::join!(pull, stopping);
    assert!(stopped.is_err() && user.journal().exists());
    user.fetch.stop = tokio_util::sync::CancellationToken::new();
    user.events();
    double.forget();
}

#[tokio::test(flavor = "multi_thread")]
async fn another_version_starts_anew() {
    for said in [Said::Linked, Said::Tag, Said::Date] {
        let double = serving(SIZE).await;
        double.change(|rules| rules.said = said);
        let source = if said == Said::Linked { file("main") } else { plain(&double) };
        let mut user = User::of(&double);
        begin(&double, &mut user, &source).await;
        double.change(|rules| rules.version = 5);
        let finished = user.pull_from(&source, None).await.unwrap();
        assert!(double.content(FILE).is_in(&finished.path), "{said:?}");
        assert_eq!(finished.reused, 0);
        let anew = "what was there already is of another version of the file".to_owned();
        assert!(user.events().contains(&Event::Anew { why: anew }));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_date_is_the_condition_where_there_is_no_tag() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.said = Said::Date);
    let mut user = User::of(&double);
    let source = plain(&double);
    begin(&double, &mut user, &source).await;
    let finished = user.pull_from(&source, None).await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    assert!(finished.reused > 0, "the same version is gone on with");
    let date = ("if-range".to_owned(), "Thu, 01 Jan 2026 00:00:00 GMT".to_owned());
    assert!(double.record().asked.iter().any(|asked| asked.headers.contains(&date)));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_no_version_is_named_nothing_is_gone_on_with() {
    let double = serving(SIZE).await;
    double.change(|rules| (rules.said, rules.pace) = (Said::Nothing, Duration::from_millis(2)));
    let mut user = User::of(&double);
    let source = plain(&double);
    let stop = user.fetch.stop.clone();
    let stopping = async {
        double.until(|record| record.sent > SIZE / 2).await;
        stop.cancel();
    };
    let (stopped, ()) = tokio::join!(user.pull_from(&source, None), stopping);
    assert!(stopped.is_err());
    user.fetch.stop = tokio_util::sync::CancellationToken::new();
    double.change(|rules| (rules.version, rules.pace) = (5, Duration::ZERO));
    let finished = user.pull_from(&source, None).await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path), "no byte of the older version");
    assert_eq!(finished.reused, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_changes_on_the_way_starts_anew() {
    let double = serving(SIZE).await;
    double.change(|rules| (rules.said, rules.pace) = (Said::Tag, Duration::from_millis(2)));
    let user = User::of(&double);
    let source = plain(&double);
    let changing = async {
        double.until(|record| record.sent > SIZE / 8).await;
        double.change(|rules| rules.version = 5);
    };
    let (finished, ()) = tokio::join!(user.pull_from(&source, None), changing);
    assert!(double.content(FILE).is_in(&finished.unwrap().path));
    assert!(user.events().iter().any(|event| matches!(event, Event::Anew { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_never_stops_changing_is_given_up() {
    let double = serving(SIZE).await;
    double.change(|rules| (rules.said, rules.pace) = (Said::Tag, Duration::from_millis(2)));
    let user = User::of(&double);
    let source = plain(&double);
    let changing = async {
        for version in 1.. {
            let before = double.record().sent;
            double.until(|record| record.sent > before + SIZE / 8).await;
            double.change(|rules| rules.version = version);
        }
    };
    tokio::select! {
        pulled = user.pull_from(&source, None) => {
            let error = pulled.unwrap_err().to_string();
            assert!(error.contains("is another file than before"), "{error}");
        }
        () = changing => unreachable!(),
    }
}
