//! Who answers when the cloud does not, and that nothing leaves then.

use std::time::Duration;

use tandem::ask::{ConsentReply, Question, Step};
use tandem::budget::{Guards, Picodollars};

use super::house::{Came, House, cloud};
use crate::provider::{Reply, Trouble};

/// The index answers and says why; nothing was sent.
#[track_caller]
fn is_local(came: &Came, house: &House, why: &str) {
    assert!(came.notices.contains(why), "{}", came.notices);
    assert_eq!(came.footer.answered_by, "the index");
    assert!(came.text.contains("src/part_"), "{}", came.text);
    assert_eq!(house.double.record().connections, 0, "{why}");
    assert_eq!(house.spent(), Picodollars::ZERO);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_of_the_user_or_of_the_settings() {
    let house = House::new().await;
    *house.reply.lock().unwrap() = ConsentReply::Refused;
    is_local(&house.ask(cloud("How is a request handed on?")).await, &house, "you did not allow it");
    let house = House::with(|settings| settings.cloud.enabled = false).await;
    is_local(&house.ask(cloud("How is a request handed on?")).await, &house, "switched off");
    let house = House::with(|settings| settings.budget.limits.clear()).await;
    is_local(&house.ask(cloud("How is a request handed on?")).await, &house, "monthly limit");
    let house = House::with(|settings| settings.cloud.model = "made-up".to_owned()).await;
    is_local(&house.ask(cloud("How is a request handed on?")).await, &house, "made-up");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_while_the_user_thinks() {
    let question = || cloud("How is a request handed on?");
    let house = House::new().await;
    let (root, state) = (house.workspace.index.root().to_owned(), house.paths.state.clone());
    let revoke = |step: &Step| {
        if matches!(step, Step::Consent(_)) {
            tandem::privacy::Trust::new(&state).revoke(&root).expect("a word that can be taken back");
        }
    };
    is_local(&house.ask_and(question(), |step, _| revoke(step)).await, &house, "not trusted");
    let house = House::new().await;
    let hidden = house.workspace.index.root().join("src");
    let ignore = |step: &Step| {
        if matches!(step, Step::Consent(_)) {
            // Deeper than what trust looks at.
            std::fs::write(hidden.join(".aiignore"), "*.rs\n").expect("a file");
        }
    };
    let came = house.ask_and(question(), |step, _| ignore(step)).await;
    assert!(came.notices.contains("may not be sent"), "{}", came.notices);
    assert_eq!((house.double.record().connections, house.spent()), (0, Picodollars::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changes_between_two_attempts() {
    let house = House::new().await;
    house.double.reply(Reply::refuse(Trouble::Overloaded));
    let (root, state) = (house.workspace.index.root().to_owned(), house.paths.state.clone());
    *house.between.lock().unwrap() = Some(Box::new(move || {
        tandem::privacy::Trust::new(&state).revoke(&root).expect("a word that can be taken back");
    }));
    let came = house.ask(cloud("How is a request handed on?")).await;
    assert!(came.notices.contains("not trusted"), "{}", came.notices);
    assert_eq!((house.double.record().requests.len(), house.spent()), (1, Picodollars::ZERO));

    let house = House::new().await;
    house.double.reply(Reply::refuse(Trouble::Overloaded));
    let hidden = house.workspace.index.root().join("src");
    *house.between.lock().unwrap() = Some(Box::new(move || {
        std::fs::write(hidden.join(".aiignore"), "*.rs\n").expect("a file");
    }));
    let came = house.ask(cloud("How is a request handed on?")).await;
    assert!(came.notices.contains("may not be sent"), "{}", came.notices);
    assert_eq!((house.double.record().requests.len(), house.spent()), (1, Picodollars::ZERO));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_of_the_budget() {
    let house = House::with(|settings| settings.budget.limits.push("$0.0001 per request".to_owned())).await;
    is_local(&house.ask(cloud("How is a request handed on?")).await, &house, "would be passed");
    let house = House::new().await;
    let question = Question { limit: Some(Picodollars(1_000_000)), ..cloud("How is a request handed on?") };
    is_local(&house.ask(question).await, &house, "would be passed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_question_again_and_again_is_asked_about() {
    let house = House::new().await;
    let question = || cloud("How is a request handed on?");
    for _ in 0..Guards::REPEATS {
        house.ask(question()).await;
    }
    let mut guards = 0;
    let came = house
        .ask_and(question(), |step, _| guards += u32::from(matches!(step, Step::Consent(request) if request.is_guard)))
        .await;
    assert_eq!((guards, came.footer.is_cloud), (1, true), "the user said yes to it: {}", came.notices);
    *house.reply.lock().expect("the reply") = ConsentReply::Refused;
    let came = house.ask(question()).await;
    assert_eq!(came.footer.answered_by, "the index");
    assert!(came.notices.contains("you did not allow it"), "{}", came.notices);
    assert_eq!(house.entries().len(), Guards::REPEATS as usize + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_loop_that_is_allowed_may_still_be_a_burst() {
    let house = House::with(|settings| {
        settings.budget.limits.push("$5 per day".to_owned());
        settings.budget.burst_percent = 1;
    });
    let house = house.await;
    let mut reasons = Vec::new();
    let mut times = 0;
    // Until it is both.
    while reasons.len() < 2 && times < 40 {
        reasons.clear();
        times += 1;
        let guards = |step: &Step, _: &_| {
            if let Step::Consent(request) = step
                && request.is_guard
            {
                reasons.extend(request.why.clone());
            }
        };
        let came = house.ask_and(cloud("How is a request handed on?"), guards).await;
        assert!(came.footer.is_cloud, "{}", came.notices);
    }
    let both = reasons.iter().map(|why| (why.contains("same question"), why.contains("1 % of a day")));
    assert_eq!(both.collect::<Vec<_>>(), [(true, false), (false, true)], "{reasons:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_in_the_question() {
    let house = House::with(|settings| settings.privacy.secrets = tandem::config::SecretsMode::Local).await;
    let key = format!("ghp_{}", "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8");
    let came = house.ask(cloud(&format!("Is a request signed with {key}?"))).await;
    is_local(&came, &house, "a secret was found");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redacted_secret_does_not_leave() {
    let house = House::new().await;
    let key = ["q7Zp3xK9vT2m", "W8sL4nR6yB4"].concat();
    let came = house.ask(cloud(&format!("Is a request signed with password = \"{key}\"?"))).await;
    let record = house.double.record();
    assert_eq!(record.requests.len(), 1);
    assert!(!record.contains(&key));
    assert!(came.footer.redactions >= 1, "{:?}", came.footer);
    for entry in walk(&house.paths.state) {
        let bytes = std::fs::read(&entry).unwrap();
        assert!(!bytes.windows(key.len()).any(|window| window == key.as_bytes()), "it is in {entry:?}");
    }
}

fn walk(directory: &std::path::Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_stays_here() {
    let house = House::with(|settings| settings.privacy.local_only = vec!["src/part_07.rs".to_owned()]).await;
    is_local(&house.ask(cloud("What does `request_7` do?")).await, &house, "src/part_07.rs may not leave");
    // A question that is not about it goes without it.
    let came = house.ask(cloud("How is a request handed on?")).await;
    assert!(came.notices.contains("left out"), "{}", came.notices);
    assert!(!house.double.record().contains("request_7("));
    assert_eq!(house.double.record().requests.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_fails() {
    let house = House::new().await;
    for _ in 0..3 {
        house.double.reply(Reply::refuse(Trouble::Overloaded));
    }
    let came = house.ask(cloud("How is a request handed on?")).await;
    assert_eq!(came.footer.answered_by, "the index", "{}", came.text);
    assert!(came.notices.contains("did not answer"), "{}", came.notices);
    assert_eq!(house.double.record().requests.len(), 3, "one question, and two retries of their own");
    assert!(came.footer.has_left && !came.footer.is_cloud && !came.footer.files.is_empty(), "{:?}", came.footer);
    // Three in a row open the breaker: the next question stays here at once.
    let came = house.ask(cloud("How is a request checked?")).await;
    assert!(came.notices.contains("asked again"), "{}", came.notices);
    assert!(!came.footer.has_left && came.footer.files.is_empty(), "{:?}", came.footer);
    assert_eq!(house.double.record().requests.len(), 3);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_leaves_the_provider_alone_for_ten_minutes() {
    let house = House::new().await;
    house.double.reply(Reply::refuse(Trouble::NoCredit));
    let came = house.ask(cloud("How is a request handed on?")).await;
    assert!(came.notices.contains("did not answer"), "{}", came.notices);
    house.wait(Duration::from_secs(599));
    let came = house.ask(cloud("How is a request checked?")).await;
    assert_eq!(came.footer.answered_by, "the index");
    assert!(came.notices.contains("asked again in some minutes"), "{}", came.notices);
    assert_eq!(house.double.record().requests.len(), 1);
    house.wait(Duration::from_secs(1));
    let came = house.ask(cloud("How is a request read?")).await;
    assert_eq!((came.footer.is_cloud, house.double.record().requests.len()), (true, 2), "{}", came.notices);
}
