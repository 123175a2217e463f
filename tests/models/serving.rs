//! A hub that does what it should.

use tandem::models::download::Event;

use super::support::{FILE, User, file, plain, serving};
use crate::hub::{Content, Hub, Place, Said};

const SIZE: u64 = 6 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_in_parts_and_is_what_the_hub_said() {
    let double = serving(SIZE).await;
    let user = User::of(&double);
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    assert_eq!(finished.sha256.to_string(), double.content(FILE).sha256());
    assert_eq!((finished.bytes, finished.was_known, finished.reused), (SIZE, true, 0));
    assert_eq!(user.events(), [Event::Begun { there: 0, size: SIZE }, Event::Checking]);
    let record = double.record();
    assert_eq!(record.sent, SIZE, "nothing came twice");
    let ranges: Vec<_> = record.asked.iter().filter_map(|asked| asked.range.clone()).collect();
    assert!(ranges.len() >= 6, "{ranges:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_is_pinned_to_the_commit() {
    let double = serving(SIZE).await;
    let user = User::of(&double);
    let remote = user.fetch.look(&file("main")).await.unwrap();
    assert_eq!(remote.commit.as_deref(), Some("0000000000000000000000000000000000c0ffee"));
    user.pull().await.unwrap();
    let asked = double.record().asked;
    assert!(asked[0].path.contains("/resolve/main/"), "{asked:?}");
    assert!(
        asked.iter().skip(2).all(|asked| asked.path.contains("/resolve/0000000000000000000000000000000000c0ffee/"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_the_users_leaves() {
    let double = serving(SIZE).await;
    User::of(&double).pull().await.unwrap();
    for asked in double.record().asked {
        let mut names: Vec<&str> = asked.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names.retain(|name| *name != "range");
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
        let agent = asked.headers.iter().find(|(name, _)| name == "user-agent").map(|(_, value)| value.as_str());
        assert_eq!(agent, Some(concat!("tandem/", env!("CARGO_PKG_VERSION"))));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_all_sizes_come() {
    for size in [200, 4097, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, (3 << 20) + 12345] {
        let double = serving(size).await;
        let user = User::of(&double);
        let finished = user.pull().await.unwrap();
        assert!(double.content(FILE).is_in(&finished.path), "{size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_file_has_git_s_digest() {
    let double = serving(5000).await;
    double.change(|rules| rules.said = Said::Git);
    let finished = User::of(&double).pull().await.unwrap();
    assert!(finished.was_known);
    assert_eq!(finished.sha256.to_string(), double.content(FILE).sha256());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_has_a_file_without_a_promise() {
    for said in [Said::Tag, Said::Nothing] {
        let double = serving(SIZE).await;
        double.change(|rules| rules.said = said);
        let user = User::of(&double);
        let finished = user.pull_from(&plain(&double), None).await.unwrap();
        assert!(double.content(FILE).is_in(&finished.path));
        assert!(!finished.was_known);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_refuses_heads_is_asked_otherwise() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.refuses_heads = true);
    let user = User::of(&double);
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_download_goes_on_where_it_was() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.pace = std::time::Duration::from_millis(2));
    let mut user = User::of(&double);
    let stop = user.fetch.stop.clone();
    let pull = user.pull();
    let stopping = async {
        double.until(|record| record.sent > SIZE / 2).await;
        stop.cancel();
    };
    let (stopped, ()) = tokio::join!(pull, stopping);
    assert_eq!(stopped.unwrap_err().to_string(), "stopped");
    assert!(user.journal().exists());
    // What was on its way when it stopped is on its way for a while.
    let mut sent = double.record().sent;
    loop {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        let now = double.record().sent;
        if now == std::mem::replace(&mut sent, now) {
            break;
        }
    }
    double.forget();
    user.fetch.stop = tokio_util::sync::CancellationToken::new();
    user.events();
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    assert!(finished.reused > SIZE / 4, "{finished:?}");
    assert_eq!(user.events()[0], Event::Begun { there: finished.reused, size: SIZE });
    assert_eq!(double.record().sent, SIZE - finished.reused, "only what was missing came ({sent} before)");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_fast_enough_stays_alone() {
    for (enough, is_alone) in [(0, true), (u64::MAX, false)] {
        let double = serving(SIZE).await;
        double.change(|rules| rules.pace = std::time::Duration::from_millis(5));
        let mut user = User::of(&double);
        (user.fetch.options.enough, user.fetch.options.trial) = (enough, std::time::Duration::from_millis(1));
        let finished = user.pull().await.unwrap();
        assert!(double.content(FILE).is_in(&finished.path));
        let most_at_once = double.record().most_at_once;
        assert_eq!(most_at_once == 1, is_alone, "{most_at_once}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_file_is_not_asked_for_again() {
    let double = serving(SIZE).await;
    let user = User::of(&double);
    user.pull().await.unwrap();
    double.forget();
    let finished = user.pull().await.unwrap();
    assert_eq!((finished.reused, double.record().sent), (SIZE, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_bytes_may_be_elsewhere() {
    let double = serving(SIZE).await;
    double.change(|rules| {
        rules.place = Place::Elsewhere { uses: 1000 };
        rules.token = Some("secret-token".to_owned());
    });
    let user = User::with(super::support::hub(&double.url(), Some(" secret-token\n"), &[]).unwrap());
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    let asked = double.record().asked;
    let (hub, elsewhere): (Vec<_>, Vec<_>) = asked.iter().partition(|asked| asked.is_hub);
    assert!(hub.iter().all(|asked| asked.token.as_deref() == Some("Bearer secret-token")));
    assert!(elsewhere.len() >= 6 && elsewhere.iter().all(|asked| asked.token.is_none()), "{elsewhere:?}");
    assert!(hub.len() <= 6, "the hub is not asked for each part: {}", hub.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_is_used_up_is_asked_for_anew() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.place = Place::Elsewhere { uses: 2 });
    let user = User::of(&double);
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    assert!(user.events().iter().any(|event| matches!(event, Event::Again { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repository_is_listed() {
    let files = ["README.md", "m-Q4_K_M.gguf", "m-Q8_0.gguf"].map(|name| (name, Content::text("text")));
    let double = Hub::with(files.to_vec()).await;
    let user = User::of(&double);
    let repository = "owner/model".parse().unwrap();
    let listed = user.fetch.hub.files(&repository, "main").await.unwrap();
    let names: Vec<_> = listed.iter().map(|file| (file.path.as_str(), file.bytes)).collect();
    assert_eq!(names, [("README.md", 4), ("m-Q4_K_M.gguf", 4), ("m-Q8_0.gguf", 4)]);
}
