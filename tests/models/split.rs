//! Models in several files, as a user pulls them: whole, or not at all.

use super::command::Home;
use crate::hub::{Content, Hub, Said};

const SIZE: u64 = 3 << 20;
const PARTS: [&str; 2] = ["q6/big-Q6_K-00001-of-00002.gguf", "q6/big-Q6_K-00002-of-00002.gguf"];

async fn serving(one: Content, other: Content) -> Hub {
    Hub::with(vec![(PARTS[0], one), (PARTS[1], other), ("big-Q2_K.gguf", Content::model(SIZE, 9))]).await
}

async fn well() -> Hub {
    serving(Content::part(SIZE, 1, 1, 2), Content::part(SIZE + 1, 2, 2, 2)).await
}

#[track_caller]
fn installed(home: &Home, double: &Hub) {
    for name in PARTS {
        let file = home.models().join("big/q6_k").join(name.rsplit('/').next().unwrap());
        assert!(double.content(name).is_in(&file), "{}", file.display());
    }
    assert_eq!(home.left_over(), [""; 0]);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_parts_come_by_the_quantisation_and_by_the_name_of_any() {
    let double = well().await;
    for wanted in ["owner/model:Q6_K", "hf:owner/model/q6/big-Q6_K-00002-of-00002.gguf"] {
        let home = Home::of(&double);
        let ended = home.run(&[wanted]).await.expect(0);
        assert!(ended.stderr.contains("in 2 files from owner/model"), "{ended:?}");
        installed(&home, &double);
        let sent = double.record().sent;
        let again = home.run(&[wanted]).await.expect(0);
        assert!(again.stdout.contains("It is there already"), "{again:?}");
        assert_eq!(double.record().sent, sent, "nothing came");
    }
    let unknown = Home::of(&double).run(&["owner/model:Q8_0"]).await.expect(2);
    assert!(
        unknown.stderr.contains("has no file of q8_0; there is q6/big-Q6_K-00001-of-00002.gguf, big-Q2_K.gguf"),
        "{unknown:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_of_one_part_is_that_of_all() {
    let double = well().await;
    double.change(|rules| rules.said = Said::Tag);
    let home = Home::of(&double);
    let address = |part: &str| format!("{}/plain/{part}", double.url());
    home.run(&[&address(PARTS[1])]).await.expect(0);
    installed(&home, &double);
    let sent = double.record().sent;
    let again = home.run(&[&address(PARTS[0])]).await.expect(0);
    assert!(again.stdout.contains("It is there already"), "{again:?}");
    double.change(|rules| rules.version = 4);
    let refused = home.run(&[&address(PARTS[0])]).await.expect(1);
    assert!(refused.stderr.contains("type `tandem model rm big:q6_k` and pull again"), "{refused:?}");
    assert_eq!(double.record().sent, sent, "nothing came");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_lies_keeps_the_model_out_and_the_others_for_the_next_pull() {
    let double = well().await;
    double.change(|rules| (rules.lies, rules.lies_of) = (true, PARTS[1]));
    let home = Home::of(&double);
    let ended = home.run(&["owner/model:Q6_K"]).await.expect(1);
    assert!(ended.stderr.contains("00002-of-00002.gguf is not what it should be: the hub said sha256:"), "{ended:?}");
    assert_eq!(home.lock(), "");
    assert!(!home.left_over().iter().any(|name| name.contains("00002-of")), "{:?}", home.left_over());
    double.change(|rules| rules.lies = false);
    double.forget();
    home.run(&["owner/model:Q6_K"]).await.expect(0);
    installed(&home, &double);
    assert_eq!(double.record().sent, SIZE + 1, "only the second part");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_that_the_hub_has_not_is_named_before_anything_comes() {
    let double = Hub::with(vec![(PARTS[0], Content::part(SIZE, 1, 1, 2))]).await;
    let home = Home::of(&double);
    let ended = home.run(&["hf:owner/model/q6/big-Q6_K-00001-of-00002.gguf"]).await.expect(1);
    assert!(ended.stderr.contains("big-Q6_K-00002-of-00002.gguf"), "{ended:?}");
    assert_eq!((double.record().sent, home.left_over(), home.lock()), (0, vec![], String::new()));
}

#[tokio::test(flavor = "multi_thread")]
async fn parts_that_are_not_what_their_names_say_are_refused() {
    for (one, other, words) in [
        (
            Content::part(SIZE, 1, 2, 2),
            Content::part(SIZE, 2, 1, 2),
            "it says that it is part 2 of 2, and stands in the place",
        ),
        (Content::part(SIZE, 1, 1, 2), Content::part(SIZE, 2, 2, 3), "it says that it is part 2 of 3, and not of 2"),
        (Content::part(SIZE, 1, 1, 2), Content::model(SIZE, 2), "by its name it is part 2 of 2, and it says nothing"),
        (Content::part_of(SIZE, 1, 1, 2, 5), Content::part(SIZE, 2, 2, 2), "its parts do not belong together"),
    ] {
        let double = serving(one, other).await;
        let home = Home::of(&double);
        let ended = home.run(&["owner/model:Q6_K"]).await.expect(2);
        assert!(ended.stderr.contains(words) && ended.stderr.contains("was kept"), "{words}: {ended:?}");
        assert_eq!(home.lock(), "", "{words}");
    }
}
