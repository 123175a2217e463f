//! Hubs that say one thing and give another, and disks that lose what was on them.

use std::os::unix::fs::FileExt;

use tandem::models::Sha256;
use tandem::models::download::{Event, Failure};

use super::support::{FILE, User, file, plain, serving};
use crate::hub::{Content, Said};

const SIZE: u64 = 3 << 20;

fn sha(content: &Content) -> Sha256 {
    content.sha256().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_lies_about_the_digest_is_refused() {
    for said in [Said::Linked, Said::Git] {
        let double = serving(SIZE).await;
        double.change(|rules| (rules.lies, rules.said) = (true, said));
        let user = User::of(&double);
        let failure = user.pull().await.unwrap_err();
        let Failure::Lie { by, said: promised, found, .. } = &failure else { panic!("{failure}") };
        assert_eq!(*by, "the hub");
        assert_ne!(promised, found);
        if said == Said::Linked {
            assert_eq!(*found, format!("sha256:{}", double.content(FILE).sha256()));
        }
        assert!(!user.path().exists() && !user.journal().exists());
        assert_eq!(double.record().sent, SIZE, "once is enough");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hub_that_lies_about_the_size_is_refused() {
    let double = serving(SIZE).await;
    double.change(|rules| rules.size_lie = 1000);
    let error = User::of(&double).fails().await;
    assert!(
        error.ends_with("is another file than before at 127.0.0.1, and not the one that was promised: try again later"),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_later_pull_must_be_the_same_file() {
    let double = serving(SIZE).await;
    let other = sha(&Content::model(SIZE, 99));
    // The hub names another digest than before: nothing is brought at all.
    let user = User::of(&double);
    let failure = user.pull_from(&file("main"), Some(other)).await.unwrap_err();
    assert!(matches!(&failure, Failure::Lie { by: "an earlier pull", .. }), "{failure}");
    assert_eq!(double.record().sent, 0);
    // A host that promises nothing gives another file than before.
    double.change(|rules| rules.said = Said::Tag);
    let failure = user.pull_from(&plain(&double), Some(other)).await.unwrap_err();
    assert!(matches!(&failure, Failure::Lie { by: "an earlier pull", .. }), "{failure}");
    assert!(!user.path().exists());
    // The same one is welcome.
    let same = sha(&double.content(FILE));
    assert_eq!(user.pull_from(&plain(&double), Some(same)).await.unwrap().sha256, same);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_disk_lost_is_brought_again() {
    let double = serving(SIZE).await;
    let user = User::of(&double);
    user.pull().await.unwrap();
    user.events();
    let damaged = std::fs::File::options().write(true).open(user.path()).unwrap();
    damaged.write_all_at(&[0; 8192], SIZE / 2).unwrap();
    double.forget();
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    assert!(user.events().contains(&Event::Anew { why: "what was there already is damaged".to_owned() }));
    assert_eq!(double.record().sent, SIZE);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_journal_or_a_file_without_one_counts_for_nothing() {
    let double = serving(SIZE).await;
    let user = User::of(&double);
    for spoil in ["remove", "garbage", "shorten"] {
        user.pull().await.unwrap();
        match spoil {
            "remove" => std::fs::remove_file(user.journal()).unwrap(),
            "garbage" => std::fs::write(user.journal(), b"{\"version\":1,\"identity\"").unwrap(),
            _ => std::fs::File::options().write(true).open(user.path()).unwrap().set_len(1000).unwrap(),
        }
        let finished = user.pull().await.unwrap();
        assert!(double.content(FILE).is_in(&finished.path), "{spoil}");
        assert_eq!(finished.reused, 0, "{spoil}");
    }
}
