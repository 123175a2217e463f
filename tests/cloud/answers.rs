//! Every provider answers, counts, and charges what the ledger holds.

use tandem::cloud::Finish;
use tandem::gate::Ending;
use tandem::providers::Reason;

use super::support::{Asked, Asker};
use crate::provider::{Charge, Double, Kind, Reply};

fn is_complete(asked: &Asked) -> bool {
    asked.exchange.finish == Finish::Answered(Reason::Complete)
}

/// The provider's own count, as the ledger would have it.
fn counted(asked: &Asked) -> Charge {
    let Some(Ending::Ended { usage: Some(usage), .. }) = asked.endings().last() else {
        panic!("{:?}", asked.endings())
    };
    let input = asked.exchange.answers.last().map(|answer| answer.settled.usage).expect("an answer");
    assert_eq!(&input, usage, "what is settled is what was told");
    Charge {
        model: String::new(),
        input: crate::provider::Input {
            uncached: usage.input_uncached,
            read: usage.cache_read,
            write_short: usage.cache_write_short,
            write_long: usage.cache_write_long,
        },
        output: usage.output,
        reasoning: usage.reasoning,
        money: 0,
        is_cut: false,
    }
}

#[tokio::test]
async fn every_provider_answers_and_its_own_count_is_understood() {
    for kind in Kind::ALL {
        let double = Double::start(kind).await;
        let reply = Reply { reasoning: 40, ..Reply::text("It begins in `main`, src/main.rs:1 — “here”.") };
        double.reply(reply);
        let asked = Asker::at(&double).ask().await;
        assert!(is_complete(&asked), "{kind:?}: {:?}", asked.exchange.finish);
        assert_eq!(asked.text(), "It begins in `main`, src/main.rs:1 — “here”.", "{kind:?}");
        let record = double.record();
        let charge = &record.charges[0];
        let (told, billed) = (counted(&asked), charge);
        assert_eq!((told.input.total(), told.input.read), (billed.input.total(), billed.input.read), "{kind:?}");
        assert_eq!(told.output, billed.output, "{kind:?}");
        // Bedrock says nothing of reasoning.
        assert!(told.reasoning == billed.reasoning || kind == Kind::Bedrock, "{kind:?}: {told:?} {billed:?}");
        assert_eq!((record.requests.len(), record.connections), (1, 1), "{kind:?}");
    }
}

#[tokio::test]
async fn the_limit_on_output_is_sent_and_holds() {
    for kind in Kind::ALL {
        let double = Double::start(kind).await;
        double.reply(Reply::text(&"many words ".repeat(1000)));
        let mut asker = Asker::at(&double);
        asker.max_output = 300;
        let asked = asker.ask().await;
        assert_eq!(asked.exchange.finish, Finish::Answered(Reason::Length), "{kind:?}");
        let record = double.record();
        assert_eq!(record.charges[0].output, 300, "{kind:?}");
        assert_eq!(record.requests[0].prompt.as_ref().map(|prompt| prompt.max_output), Ok(300), "{kind:?}");
    }
}

#[tokio::test]
async fn the_second_question_finds_the_stable_part_in_the_cache() {
    for kind in Kind::ALL {
        let double = Double::start(kind).await;
        let ready = Asker::at(&double).ready();
        let first = counted(&ready.ask().await);
        let second = counted(&ready.ask().await);
        assert_eq!(first.input.read, 0, "{kind:?}");
        // Azure marks nothing, and the same prompt once more is all that it knows.
        assert!(second.input.read * 10 >= second.input.total() * 8, "{kind:?}: {second:?}");
    }
}

#[tokio::test]
async fn a_request_says_what_it_must_and_nothing_more() {
    let usual = ["accept", "content-length", "content-type", "host", "user-agent"];
    for (kind, own) in [
        (Kind::Anthropic, &["anthropic-version", "x-api-key"][..]),
        (Kind::OpenAi, &["authorization"]),
        (Kind::OpenAiChat, &["authorization"]),
        (Kind::Gemini, &["x-goog-api-key"]),
        (Kind::Bedrock, &["authorization"]),
        (Kind::Azure, &["api-key"]),
        (Kind::OpenRouter, &["authorization"]),
        (Kind::Mistral, &["authorization"]),
        (Kind::DeepSeek, &["authorization"]),
        (Kind::Compatible, &["authorization"]),
    ] {
        let double = Double::start(kind).await;
        assert!(is_complete(&Asker::at(&double).ask().await), "{kind:?}");
        let record = double.record();
        let mut names: Vec<&str> = record.requests[0].request.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        let mut expected = [&usual[..], own].concat();
        expected.sort_unstable();
        assert_eq!(names, expected, "{kind:?}");
        let agent = record.requests[0].request.header("user-agent").unwrap_or_default().to_owned();
        assert_eq!(agent, format!("tandem/{}", env!("CARGO_PKG_VERSION")));
        assert!(!record.requests[0].request.query.contains("key"), "{kind:?}");
    }
}

#[tokio::test]
async fn what_the_gate_cleared_is_what_leaves() {
    for kind in Kind::ALL {
        let double = Double::start(kind).await;
        let ready = Asker::at(&double).ready();
        let cleared = tandem::providers::encode(ready.house.prompt.endpoint(), ready.house.prompt.request()).body;
        assert!(is_complete(&ready.ask().await), "{kind:?}");
        assert_eq!(double.record().requests[0].request.body, cleared, "{kind:?}");
    }
}

#[tokio::test]
async fn a_server_without_keys_is_asked_without_one() {
    let mut setup = crate::provider::Setup::new(Kind::Compatible);
    setup.key = String::new();
    let double = Double::with(setup).await;
    let mut asker = Asker::at(&double);
    asker.settings.key_env = None;
    asker.settings.is_local = Some(true);
    assert!(is_complete(&asker.ask().await));
    assert_eq!(double.record().requests[0].request.header("authorization"), None);
}

#[tokio::test]
async fn a_large_question_arrives_whole() {
    let double = Double::start(Kind::Anthropic).await;
    let mut asker = Asker::at(&double);
    asker.texts.0 = "let x = call(1, 2);\n".repeat(100_000);
    let asked = asker.ask().await;
    assert!(is_complete(&asked), "{:?}", asked.exchange.finish);
    let prompt = double.record().requests[0].prompt.clone().expect("a good request");
    assert!(prompt.text().len() > 2_000_000);
}
