//! Search by meaning as a user has it: `tandem index`, `tandem search`, `tandem ask`, `tandem doctor`.
//!
//! The model is a real one to llama.cpp whose weights are written by hand: it knows which words mean the same.

use serde_json::Value;

use super::model::json;
use super::model::synth::Thesaurus;
use super::support::User;

const GROUPS: &[&[&str]] = &[
    &["charge", "bill"],
    &["client", "customer"],
    &["letter", "mail"],
    &["deliver", "send", "transmit"],
    &["message", "notice"],
];
const PAY: &str = "/// Takes money.\npub fn charge_client(amount: u64) -> u64 {\n    amount + 1\n}\n\n/// Gives it back.\npub fn refund(amount: u64) -> u64 {\n    amount - 1\n}\n";
const POST: &str = "/// Off it goes.\npub fn deliver_letter(text: &str) -> usize {\n    text.len()\n}\n";

/// A user whose settings name the model.
fn user() -> User {
    let user = User::new();
    let model = user.path("thesaurus.gguf");
    Thesaurus { groups: GROUPS }.write(&model).unwrap();
    let config = format!(
        "[engine]\nembeddingModel = \"{}\"\nthreads = 1\nhostIdleSeconds = 1\nunloadUnderPressure = false\n\n[index]\ncpuShare = 100\n",
        model.display()
    );
    user.write(".config/tandem/config.toml", &config);
    user.write("work/src/pay.rs", PAY);
    user.write("work/src/post.rs", POST);
    user.write("work/.env", "CHARGE_CLIENT_KEY=sk_live_zyzzyva_secret_secret\n");
    user.write("work/.tandemignore", "private/\n");
    user.write("work/private/plan.rs", "pub fn charge_client_secretly() {}\n");
    user
}

fn vectors(user: &User) -> Value {
    user.run(&["index", "--json"]).expect_code(0).json()["index"]["vectors"].clone()
}

#[test]
fn a_place_is_found_by_what_it_means() {
    let user = user();
    let query = ["bill", "a", "customer"];
    let before = user.run(&[&["search", "--json"][..], &query].concat());
    assert_eq!(before.code, Some(1), "nothing has vectors yet: {}", before.stdout);

    let indexed = user.run(&["index"]).expect_code(0);
    assert!(indexed.stdout.contains("4 of 4 pieces have vectors of thesaurus"), "{}", indexed.stdout);
    user.run(&[&["search", "--words"][..], &query].concat()).expect_code(1);
    let found = user.run(&[&["search", "--json"][..], &query].concat()).expect_code(0).json();
    let first = &found["hits"][0];
    assert_eq!((&first["name"], &first["path"]), (&"charge_client".into(), &"src/pay.rs".into()), "{found:#}");
    assert_eq!((&first["by"], &first["ranks"]), (&"meaning".into(), &serde_json::json!({"meaning": 1})));
    // With a word of its own it is in both lists.
    let both = user.run(&["search", "charge", "customer"]).expect_code(0).stdout;
    assert!(both.starts_with("src/pay.rs:1-4  function charge_client  words 1, meaning 1\n"), "{both}");
    let alone = user.run(&["search", "--meaning", "--limit", "1", "mail", "to", "send"]).expect_code(0).stdout;
    assert!(alone.starts_with("src/post.rs:1-4  function deliver_letter  meaning 1\n"), "{alone}");
    let everything = user.run(&["search", "--json", "--limit", "50", "bill"]).stdout;
    assert!(!everything.contains("secret"), "what nobody may look at has no vectors: {everything}");
}

#[test]
fn what_changed_is_made_anew_and_what_is_gone_goes() {
    let user = user();
    let whole = vectors(&user);
    assert_eq!((&whole["vectors"], &whole["isDone"], &whole["problem"]), (&4.into(), &true.into(), &Value::Null));
    user.write("work/src/post.rs", &POST.replace("deliver_letter", "charge_letter"));
    assert_eq!(vectors(&user)["vectors"], 4);
    let hit = user.run(&["search", "--meaning", "--json", "bill mail"]).expect_code(0).json()["hits"][0].clone();
    assert_eq!(hit["name"], "charge_letter");
    std::fs::remove_file(user.path("work/src/post.rs")).unwrap();
    let rest = vectors(&user);
    assert_eq!((&rest["pieces"], &rest["vectors"]), (&3.into(), &3.into()));

    // Another model under the same name: its vectors are not those of before.
    Thesaurus { groups: &[&["refund", "bill"]] }.write(&user.path("thesaurus.gguf")).unwrap();
    assert_eq!(vectors(&user)["vectors"], 3);
    let hit = user.run(&["search", "--meaning", "--json", "bill"]).expect_code(0).json()["hits"][0].clone();
    assert_eq!(hit["name"], "refund");
}

#[test]
fn doctor_and_questions_know_of_the_vectors() {
    let user = user();
    let section = |user: &User| {
        let report = json(&user.run(&["doctor", "--json"]));
        let sections = report["sections"].as_array().unwrap().clone();
        sections.into_iter().find(|section| section["id"] == "index").unwrap()
    };
    let before = section(&user);
    assert!(before.to_string().contains("vectors-none"), "{before:#}");
    vectors(&user);
    let after = section(&user);
    assert!(after.to_string().contains("4 vectors of thesaurus"), "{after:#}");
    assert!(!after.to_string().contains("vectors-none"), "{after:#}");

    let answer = user.run(&["ask", "--local", "where is a customer billed? bill"]).expect_code(0).stdout;
    assert!(answer.contains("charge_client"), "found by meaning alone: {answer}");
    // A model that is not there any more leaves words, and says so.
    std::fs::remove_file(user.path("thesaurus.gguf")).unwrap();
    let words = user.run(&["ask", "--local", "where is charge_client?"]).expect_code(0);
    assert!(words.stdout.contains("src/pay.rs"), "{}", words.stdout);
    assert!(words.stderr.contains("search is by words alone"), "{}", words.stderr);
}

#[test]
fn whether_it_is_worth_it_is_measured_with_one_command() {
    let user = user();
    user.write("work/src/mail.rs", "pub fn send_message(text: &str) -> usize {\n    text.len()\n}\n");
    let measured = user.run(&["search", "--measure", "--json"]).expect_code(0).json()["measured"].clone();
    assert_eq!(measured["ofNames"]["words"]["recall"]["hits"], 0, "{measured:#}");
    assert_eq!(measured["ofNames"]["both"]["recall"]["hits"], 1, "transmit notice: {measured:#}");
    assert_eq!(measured["questions"].as_array().unwrap().len(), 1, "{measured:#}");
    let text = user.run(&["search", "--measure"]).expect_code(0).stdout;
    assert!(text.contains("both − words") && text.contains("few questions"), "{text}");
    assert_eq!(std::fs::read_to_string(user.path("work/src/post.rs")).unwrap(), POST, "nothing is written");
}
