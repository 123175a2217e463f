//! A server that comes, goes and comes back, and what is found out of its model.

use std::sync::Arc;

use tandem::engine::SelfTest;
use tandem::engine::http::{HttpEngine, ServerKind};

use super::support::{ask, config, engine, job, kind_of, ready, until};
use crate::doubles::{Kind, Server, Setup};

const CODE: &str = "let a = $0\n";

#[tokio::test]
async fn a_server_that_dies_is_missed_by_a_job_and_found_again_by_itself() {
    let first = Server::start(Kind::LlamaServer).await;
    let port = first.address.port();
    let engine = ready(&first, Kind::LlamaServer).await;
    drop(first);
    let answer = ask(&engine, job(CODE)).await;
    assert!(
        answer.failure().contains("takes no connections") || answer.failure().contains("broke"),
        "{:?}",
        answer.finishes
    );
    until(&engine, |status| !status.is_ready()).await;
    let mut setup = Setup::writing(Kind::LlamaServer, "c");
    setup.port = port;
    let _second = Server::with(setup).await;
    until(&engine, |status| status.is_ready()).await;
    assert_eq!(ask(&engine, job(CODE)).await.text(), "c");
}

/// What the self-test says of a double that writes so.
async fn tested(setup: Setup) -> (SelfTest, String, Server) {
    let kind = setup.kind;
    let server = Server::with(setup).await;
    let mut config = config(kind_of(kind), &server.url());
    config.self_test = true;
    let engine: HttpEngine = engine(config);
    let has_test =
        |status: &tandem::engine::EngineStatus| status.model.as_ref().is_some_and(|model| model.self_test.is_some());
    let model = until(&engine, has_test).await.model.expect("a model");
    (model.self_test.expect("a test"), model.fim, server)
}

fn fills(before: &str) -> String {
    let ends = [
        ("a + ", "b"),
        ("result += ", "value"),
        ("console.log(", "name"),
        ("return ", "err"),
        ("x, ", "y"),
        ("    ", "main()"),
    ];
    ends.iter().find(|(end, _)| before.ends_with(end)).map_or("?", |(_, text)| text).to_owned()
}

#[tokio::test]
async fn a_good_model_passes() {
    let (test, fim, _server) = tested(Setup { writes: Arc::new(fills), ..Setup::new(Kind::LlamaServer) }).await;
    assert_eq!((test.holes, test.holes_filled), (6, 6));
    assert!(test.stops && test.can_reuse_prefix && !test.leaks_special_tokens && test.warnings.is_empty(), "{test:?}");
    assert_eq!(fim, "qwen-coder (/completion, our prompt)");
}

#[tokio::test]
async fn a_way_that_fills_nothing_makes_room_for_the_next() {
    // In our prompt the model writes nonsense; asked by the server's own tokens it fills holes.
    let server_side = |before: &str| if before.contains("<|") { "?".to_owned() } else { fills(before) };
    let mut setup = Setup { writes: Arc::new(server_side), ..Setup::new(Kind::OpenAi) };
    setup.model = "qwen2.5-coder".to_owned();
    let (test, fim, _server) = tested(setup).await;
    assert_eq!((test.holes_filled, fim.as_str()), (6, "qwen-coder (/v1/completions, our prompt)"));

    let (test, fim, _server) = tested(Setup::writing(Kind::OpenAi, "nonsense")).await;
    assert_eq!((test.holes, test.holes_filled), (6, 0));
    assert!(test.warnings.iter().any(|warning| warning.contains("filled none of 6 simple holes")), "{test:?}");
    assert!(fim.contains("our prompt"), "nothing filled any, so it is left at the best: {fim}");
}

#[tokio::test]
async fn services_that_cost_money_are_not_tested() {
    let server = Server::start(Kind::Mistral).await;
    let mut config = config(ServerKind::Mistral, &server.url());
    config.self_test = true;
    let engine = engine(config);
    until(&engine, |status| status.is_ready()).await;
    ask(&engine, job(CODE)).await;
    assert_eq!(server.record().asked().len(), 1);
}
