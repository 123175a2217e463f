//! Suggestions of providers while somebody types, against doubles that were written from the vendors' documents: what is shown and
//! paid, what never leaves, and every way in which it can go wrong.

use std::time::Duration;

use tandem::budget::{Outcome, Purpose, State};
use tandem::cloud::Timeouts;
use tandem::config::ConsentMode;
use tandem::engine::{Engine, EngineState, Finish, Task, Urgency};
use tandem::gate::audit::{Verdict, verify};
use tandem::hosted::TIMEOUTS;

use super::typing_house::{House, PAUSE, came, kept};
use crate::provider::{Double, Fault, Kind, Reply, Trouble, Wait};

const FILLERS: [Kind; 2] = [Kind::Mistral, Kind::DeepSeek];

const TEXT: &str = "let answer = ask(question);\n    answer.len()";

async fn double(kind: Kind) -> Double {
    let mut setup = crate::provider::Setup::new(kind);
    setup.text = TEXT.to_owned();
    Double::with(setup).await
}

#[tokio::test]
async fn what_both_providers_write_is_shown_and_paid_as_they_count() {
    for kind in FILLERS {
        let double = double(kind).await;
        let house = House::new(&double, |_| ());
        let came = house.typed("src/a.rs", "fn a() {\n    ").await;
        assert_eq!((came.text.as_str(), came.finish), (TEXT, Finish::EndOfText), "{kind:?}");
        let record = double.record();
        let seen = &record.requests[0];
        let prompt = seen.prompt.as_ref().expect("a request that the provider takes");
        assert_eq!(prompt.model, kind.filler());
        assert!(prompt.segments[0].text.ends_with("src/a.rs\nfn a() {\n    "), "{:?}", prompt.segments[0].text);
        assert_eq!(prompt.segments[1].text, "\n}\n");
        let entries = house.entries();
        assert_eq!((entries.len(), entries[0].account.purpose), (1, Purpose::Suggestion));
        assert_eq!(entries[0].state, State::Settled(Outcome::Counted));
        assert_eq!(entries[0].money.0, record.money(), "{kind:?}");
        let cost = came.report.cost.expect("a cost");
        assert_eq!((cost.picodollars, cost.is_counted), (record.money(), true));
        assert_eq!(came.report.sent_bytes, seen.request.body.len() as u64);
        let audit = house.audit();
        assert!(audit.contains("\"purpose\":\"suggestion\"") && audit.contains("\"path\":\"src/a.rs\""), "{audit}");
        assert!(audit.contains("\"ranges\":[[0,16]]"), "the bytes of the file on both sides of the cursor: {audit}");
        let status = house.engine.status().borrow().clone();
        let paid = status.paid().expect("a paid service").clone();
        assert_eq!((paid.answered, paid.cost, paid.last_cost), (1, record.money(), Some(record.money())));
    }
}

#[tokio::test]
async fn nothing_leaves_that_a_rule_keeps_here() {
    let double = double(Kind::Mistral).await;
    let house = House::new(&double, |_| ());
    for (path, prefix, expected) in [
        ("src/secret.rs", "fn a() {", "localOnly"),
        (".env", "A=", "denied"),
        ("../outside.rs", "fn a() {", "denied"),
        ("inside.rs", "fn a() {", "internal"),
    ] {
        assert_eq!(kept(&house.typed(path, prefix).await), expected, "{path}");
    }
    let token = ["gh", "p_", "R4nd0mLyCh0senTokenF0rTests0123abcdEF"].concat();
    assert_eq!(kept(&house.typed("src/a.rs", &format!("let key = \"{token}\";\n")).await), "secret");
    // Where the cursor stands in the middle of one.
    let mut job = house.job("src/a.rs", &format!("let key = \"{}", &token[..20]));
    job.prompt.suffix = format!("{}\";\n", &token[20..]).into();
    assert_eq!(kept(&came(house.engine.generate(job)).await), "secret");
    let mut guess = house.job("src/a.rs", "fn a() {");
    guess.urgency = Urgency::Background;
    assert_eq!(came(house.engine.generate(guess)).await.finish, Finish::Superseded);
    let mut guess = house.job("src/a.rs", "fn a() {");
    guess.task = Task::Prefill;
    assert_eq!(came(house.engine.generate(guess)).await.finish, Finish::Superseded);
    // Of what else stands in the prompt, what may not leave is left out.
    let mut job = house.job("src/a.rs", "fn a() {");
    job.prompt.snippets = ["src/secret.rs", "inside.rs", ".env", "src/b.rs"]
        .map(|path| tandem::engine::Snippet { path: path.to_owned(), text: format!("from {path}\n") })
        .to_vec();
    assert_eq!(came(house.engine.generate(job)).await.text, TEXT);
    let record = double.record();
    assert_eq!(record.requests.len(), 1);
    let prompt = record.requests[0].prompt.as_ref().expect("a good request").text();
    assert!(
        prompt.contains("from src/b.rs") && !prompt.contains("secret.rs") && !prompt.contains("inside.rs"),
        "{prompt}"
    );
    assert!(!record.contains(&token[..20]));
}

#[tokio::test]
async fn nothing_leaves_without_trust_a_yes_and_a_budget() {
    let double = double(Kind::DeepSeek).await;
    let house = House::with(&double, false, TIMEOUTS, |_| ());
    assert_eq!(kept(&house.typed("src/a.rs", "fn a() {").await), "notTrusted");
    house.trust();
    assert_eq!(kept(&house.typed("src/a.rs", "fn a() {").await), "notAllowed");
    let status = house.engine.status().borrow().clone();
    let question = status.paid().and_then(|paid| paid.wants_yes.clone()).expect("the user is to be asked");
    assert!(question.contains("deepseek-v4-flash") && question.contains("per day for suggestions"), "{question}");
    house.engine.allow(&house.root()).expect("the user's yes");
    assert_eq!(house.typed("src/a.rs", "fn a() {").await.text, TEXT);
    // What is in the folder by now was looked at by nobody.
    std::fs::write(house.root().join(".tandem.toml"), "").expect("a file");
    assert_eq!(kept(&house.typed("src/a.rs", "fn a() {").await), "notTrusted");
    assert_eq!(double.record().requests.len(), 1);

    for (change, expected) in [
        ((|settings| settings.completion.cloud = false) as fn(&mut tandem::config::Settings), "off"),
        (|settings| settings.cloud.enabled = false, "off"),
        (|settings| settings.budget.limits = vec!["$1 per day".to_owned()], "off"),
        (|settings| settings.budget.limits.push("a lot".to_owned()), "off"),
        (|settings| settings.cloud.consent = ConsentMode::Every, "request"),
        (|settings| settings.budget.limits.push("$0 per day for suggestions".to_owned()), "budget"),
        (|settings| settings.budget.limits.push("$0.000001 per request for suggestions".to_owned()), "budget"),
        (|settings| settings.completion.cloud_model = "of-unknown-price".to_owned(), "price"),
    ] {
        let house = House::with(&double, false, TIMEOUTS, change);
        house.trust();
        let _ = house.engine.allow(&house.root());
        assert_eq!(kept(&house.typed("src/a.rs", "fn a() {").await), expected);
        assert!(house.entries().is_empty() && house.audit().is_empty());
    }
    assert_eq!(double.record().requests.len(), 1);
}

#[tokio::test]
async fn a_yes_to_questions_is_none_to_what_is_typed() {
    let double = double(Kind::Mistral).await;
    let house = House::new(&double, |_| ());
    let file = house.root().parent().expect("a place").join("state/consents.json");
    let allowed = std::fs::read_to_string(&file).expect("the yes");
    assert!(allowed.contains("\"purpose\": \"suggestion\""), "{allowed}");
    std::fs::write(&file, allowed.replace("suggestion", "question")).expect("a file");
    assert_eq!(kept(&house.typed("src/a.rs", "fn a() {").await), "notAllowed");
    assert!(double.record().requests.is_empty());
}

#[tokio::test]
async fn keys_in_a_row_are_one_request_after_a_pause() {
    let double = double(Kind::Mistral).await;
    let house = House::with(&double, true, TIMEOUTS, |_| ());
    house.trust();
    house.engine.allow(&house.root()).expect("the user's yes");
    let first = house.engine.generate(house.job("src/a.rs", "fn a() { a"));
    house.clock.pass(PAUSE - Duration::from_millis(1));
    let second = house.engine.generate(house.job("src/a.rs", "fn a() { ab"));
    assert_eq!(came(first).await.finish, Finish::Cancelled);
    tokio::task::yield_now().await;
    house.clock.pass(Duration::from_millis(1));
    assert!(double.record().requests.is_empty(), "it is a pause after the last key");
    house.clock.pass(PAUSE);
    assert_eq!(came(second).await.text, TEXT);
    let record = double.record();
    assert_eq!((record.requests.len(), record.connections), (1, 1));
    assert!(record.requests[0].prompt.as_ref().expect("a good request").segments[0].text.ends_with("ab"));
}

#[tokio::test]
async fn a_cancel_closes_the_connection_and_is_paid() {
    for kind in FILLERS {
        let double = double(kind).await;
        let house = House::new(&double, |_| ());
        double.reply(Reply::fault(Fault::Stall { after: 3 }));
        let mut stream = house.engine.generate(house.job("src/a.rs", "fn a() {"));
        while !matches!(stream.next().await, Some(tandem::engine::Event::Delta { .. })) {}
        drop(stream);
        let record = double.until(|record| record.closed.len() == 1).await;
        // The next one waits for the end of that in the ledger.
        double.reply(Reply::text("next"));
        assert_eq!(house.typed("src/a.rs", "fn a() { b").await.text, "next");
        assert_eq!(house.open(), 0);
        assert!(house.entries()[0].money.0 >= record.charges[0].money, "{kind:?}");
        assert_ne!(house.entries()[0].state, State::Released);
    }
}

#[tokio::test]
async fn one_request_at_a_time_and_the_next_key_ends_it() {
    let double = double(Kind::Mistral).await;
    let house = House::new(&double, |_| ());
    double.reply(Reply::fault(Fault::Silence));
    let first = house.engine.generate(house.job("src/a.rs", "fn a() {"));
    double.until(|record| record.requests.len() == 1).await;
    let second = house.typed("src/a.rs", "fn a() { b").await;
    assert_eq!((came(first).await.finish, second.text.as_str()), (Finish::Cancelled, TEXT));
    let record = double.until(|record| record.closed.len() == 1).await;
    assert_eq!(record.requests.len(), 2);
}

#[tokio::test]
async fn a_service_that_wants_to_be_left_alone_is() {
    let double = double(Kind::Mistral).await;
    let house = House::new(&double, |_| ());
    double.reply(Reply::refuse(Trouble::RateLimited).wait(Wait::Seconds("42".to_owned())));
    let came = house.typed("src/a.rs", "fn a() {").await;
    assert!(matches!(came.finish, Finish::Failed(_)), "{:?}", came.finish);
    for passed in [0, 20, 21] {
        house.clock.pass(Duration::from_secs(passed));
        assert_eq!(kept(&house.typed("src/a.rs", "fn a() { b").await), "resting", "{passed}");
        assert!(matches!(house.engine.status().borrow().state, EngineState::Failed { .. }));
    }
    assert_eq!((double.record().requests.len(), house.money()), (1, 0), "a no costs nothing");
    house.clock.pass(Duration::from_secs(1));
    assert_eq!(house.typed("src/a.rs", "fn a() { c").await.text, TEXT);
    assert_eq!(house.engine.status().borrow().state, EngineState::Ready);
}

#[tokio::test]
async fn what_goes_wrong_is_a_sentence_once_and_then_silence() {
    let quick = Timeouts { idle: Duration::from_millis(300), ..TIMEOUTS };
    let double = double(Kind::Mistral).await;
    for (fault, part) in [
        (Fault::Refuse(Trouble::Auth), "key"),
        (Fault::Refuse(Trouble::NoCredit), "limit at the provider's side"),
        (Fault::Refuse(Trouble::Server), "asked again in a while"),
        (Fault::Refuse(Trouble::NotFound), "completion.cloudModel"),
        (Fault::Silence, "said nothing"),
        (Fault::ResetAfter, "broke"),
        (Fault::WrongType, "web page"),
    ] {
        let house = House::with(&double, false, quick, |_| ());
        house.trust();
        house.engine.allow(&house.root()).expect("the user's yes");
        double.reply(Reply::fault(fault.clone()));
        let came = house.typed("src/a.rs", "fn a() {").await;
        let Finish::Failed(sentence) = &came.finish else { panic!("{fault:?}: {:?}", came.finish) };
        assert!(sentence.contains(part), "{fault:?}: {sentence}");
        assert_eq!(house.open(), 0, "{fault:?}");
        if fault != Fault::WrongType {
            let requests = double.record().requests.len();
            assert_eq!(kept(&house.typed("src/a.rs", "fn a() { b").await), "resting", "{fault:?}");
            assert_eq!(double.record().requests.len(), requests);
        }
    }
    // Nobody at the address.
    let house = House::new(&double, |settings| {
        for provider in settings.cloud.providers.values_mut() {
            provider.base_url = Some("http://127.0.0.1:9/v1".to_owned());
        }
    });
    let came = house.typed("src/a.rs", "fn a() {").await;
    assert!(matches!(&came.finish, Finish::Failed(why) if why.contains("takes no connections")), "{:?}", came.finish);
    assert_eq!(house.money(), 0, "nothing was sent");
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_shown_as_far_as_it_came() {
    for kind in FILLERS {
        let double = double(kind).await;
        let house = House::new(&double, |_| ());
        double.reply(Reply::fault(Fault::NoEnd { after: 4 }));
        let came = house.typed("src/a.rs", "fn a() {").await;
        assert!(TEXT.starts_with(&came.text) && !came.text.is_empty(), "{:?}", came.text);
        assert_eq!(came.finish, Finish::MaxTokens);
        let record = double.record();
        assert!(house.money() >= record.money(), "{kind:?}");
        assert_eq!(came.report.cost.map(|cost| cost.is_counted), Some(false));
    }
}

/// Splitmix64: the same seed, the same run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

/// Two hundred requests, half of them with a fault, under a limit that does not suffice for all: the ledger never has less than the
/// double bills, exactly as much where the double counted, and never more than the limit.
#[tokio::test]
async fn two_hundred_requests_with_faults_cost_what_the_ledger_says_and_never_more_than_the_limit() {
    const LIMIT: u64 = 12_000_000_000;
    for kind in FILLERS {
        let double = double(kind).await;
        let quick = Timeouts { idle: Duration::from_millis(200), ..TIMEOUTS };
        let house = House::with(&double, false, quick, |settings| {
            settings.budget.limits.push("$0.012 per day for suggestions".to_owned());
        });
        house.trust();
        house.engine.allow(&house.root()).expect("the user's yes");
        let mut dice = Dice(7);
        let mut kept = 0;
        for number in 0..200 {
            let fault = match dice.below(20) {
                0 => Fault::Refuse(Trouble::Server),
                1 => Fault::Refuse(Trouble::RateLimited),
                2 => Fault::NoEnd { after: dice.below(8) as usize },
                3 => Fault::CutAt(dice.below(900) as usize),
                4 if number % 4 == 0 => Fault::Stall { after: dice.below(6) as usize },
                5 => Fault::ErrorInside { after: dice.below(6) as usize, trouble: Trouble::Overloaded },
                6 => Fault::Garble { after: dice.below(6) as usize },
                7 => Fault::ResetBefore,
                8 => Fault::ResetAfter,
                9 => Fault::Duplicate,
                _ => Fault::None,
            };
            let before = double.record().connections;
            double.reply(Reply::fault(fault));
            let prefix = format!("fn a{number}() {{\n{}    ", "    let x = f(y);\n".repeat(dice.below(40) as usize));
            let came = house.typed("src/a.rs", &prefix).await;
            kept += usize::from(matches!(came.finish, Finish::Withheld { .. }));
            if double.record().connections == before {
                // What was not asked has to be ordered no more.
                double.forget_orders();
            }
            // Pauses of its own are over by the next key.
            house.clock.pass(Duration::from_secs(700));
        }
        assert_eq!(house.open(), 0);
        let (entries, record) = (house.entries(), double.record());
        let spent: Vec<_> = entries.iter().filter(|entry| entry.state != State::Released).collect();
        assert_eq!(spent.len(), record.charges.len(), "{kind:?}");
        for (entry, charge) in spent.iter().zip(&record.charges) {
            let is_counted = entry.state == State::Settled(Outcome::Counted);
            assert!(entry.money.0 >= charge.money, "{entry:?} {charge:?}");
            assert!(!is_counted || entry.money.0 == charge.money, "{entry:?} {charge:?}");
        }
        assert!(record.money() <= house.money() && house.money() <= LIMIT, "{} {}", record.money(), house.money());
        assert!(kept > 0, "the limit was reached: {} of {LIMIT}", house.money());
        assert!(spent.len() > 20, "{}", spent.len());
        let log = house.root().parent().expect("a place").join("state/audit.jsonl");
        assert_eq!(verify(&log).expect("a log").verdict, Verdict::Whole);
    }
}
