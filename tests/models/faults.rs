//! Connections that stall, end and break, and servers that give no parts or wrong ones.

use std::time::Duration;

use tandem::models::download::{Event, Failure};
use tandem::models::hub::Trouble;

use super::support::{FILE, User, plain, serving};
use crate::hub::{Fault, Parts};

const SIZE: u64 = 6 << 20;

async fn comes_in_spite_of(faults: Vec<Fault>) -> (Vec<Event>, Vec<Duration>) {
    let double = serving(SIZE).await;
    double.order(faults);
    let user = User::of(&double);
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    (user.events(), user.pauses())
}

fn whys(events: &[Event]) -> Vec<&str> {
    events
        .iter()
        .filter_map(|event| match event {
            Event::Again { why, .. } => Some(why.as_str()),
            _ => None,
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_connection_is_given_up() {
    let (events, _) = comes_in_spite_of(vec![Fault::Stall(0), Fault::Stall(300_000), Fault::Stall(1)]).await;
    let whys = whys(&events);
    assert_eq!(whys.len(), 3, "{events:?}");
    assert!(whys.iter().all(|why| why.ends_with("sent nothing for 0.4 s")), "{whys:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broken_connection_goes_on_where_it_was() {
    for fault in [Fault::Cut as fn(u64) -> Fault, Fault::Reset] {
        // Each is shorter than what any connection is asked for, however many there are by then.
        let (events, pauses) = comes_in_spite_of(vec![fault(0), fault(50_000), fault(1), fault(100_000)]).await;
        assert_eq!(whys(&events).len(), 4, "{events:?}");
        assert_eq!(pauses.len(), 4);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_in_trouble_is_asked_again_and_one_that_asks_for_a_pause_gets_it() {
    let pause = vec![("retry-after".to_owned(), "7".to_owned())];
    let (_, pauses) = comes_in_spite_of(vec![Fault::Status(500, vec![]), Fault::Status(429, pause)]).await;
    assert!(pauses.contains(&Duration::from_millis(500)) && pauses.contains(&Duration::from_secs(7)), "{pauses:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_tries_for_ever_and_what_came_is_kept() {
    let double = serving(SIZE).await;
    double.order(vec![Fault::Cut(700_000)]);
    double.order(std::iter::repeat_n(Fault::Cut(0), 100));
    let user = User::of(&double);
    let Failure::Hub(error) = user.pull().await.unwrap_err() else { panic!("of the hub") };
    assert_eq!(error.trouble, Trouble::Passing);
    assert!(user.pauses().len() <= 4 * 7, "each connection has some tries");
    assert!(user.path().exists() && user.journal().exists());
    double.order([]);
    while double.record().asked.len() < 500 && user.pull().await.is_err() {}
    assert!(double.content(FILE).is_in(&user.path()), "the faults end and the file comes");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_takes_one_connection_only_is_not_given_up() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.pace = Duration::from_millis(2));
    // The first one goes on; those beside it are refused for as long as they try.
    double.order([Fault::Cut(400_000)]);
    double.order(std::iter::repeat_n(Fault::Status(503, vec![]), 18));
    let user = User::of(&double);
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_parts_it_comes_in_one_stream() {
    for parts in [Parts::Ignored, Parts::Refused, Parts::Shifted, Parts::Longer] {
        let double = serving(SIZE).await;
        double.change(|rules| rules.parts = parts);
        let user = User::of(&double);
        let finished = user.pull().await.unwrap();
        assert!(double.content(FILE).is_in(&finished.path), "{parts:?}");
        let events = user.events();
        assert!(events.iter().any(|event| matches!(event, Event::OneStream { .. })), "{parts:?}: {events:?}");
        let whole = double.record().asked.into_iter().filter(|asked| asked.method == "GET" && asked.range.is_none());
        assert_eq!(whole.count(), 1, "{parts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_stream_begins_anew_where_it_breaks() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.parts = Parts::Refused);
    double.order([Fault::Cut(0), Fault::Cut(3 << 20), Fault::Stall(100), Fault::Reset(5 << 20)]);
    let user = User::of(&double);
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    assert_eq!(user.pauses().len(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn shorter_parts_are_taken_as_they_come() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.parts = Parts::Shorter);
    let user = User::of(&double);
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    assert!(!user.events().iter().any(|event| matches!(event, Event::OneStream { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_error_page_in_place_of_a_model_is_noticed_at_once() {
    let page = "<html>Please sign in to this network</html>".repeat(100_000);
    let double = crate::hub::Hub::with(vec![(FILE, crate::hub::Content::text(&page))]).await;
    double.change(|rules| rules.pace = Duration::from_millis(5));
    let user = User::of(&double);
    let error = user.pull_from(&plain(&double), None).await.unwrap_err().to_string();
    assert_eq!(error, format!("what comes for {FILE} is no GGUF file: nothing of it was kept"));
    assert!(double.record().sent < page.len() as u64 && !user.path().exists());
}
