//! Nobody waits for it any more: the connection closes, and the server sees that.

use tandem::engine::{Engine, Event, Finish};

use super::support::{answer, ask, job, ready};
use crate::doubles::{Fault, Kind, Server, Setup};

const CODE: &str = "let a = $0\n";
const ALL: [Kind; 8] =
    [Kind::LlamaServer, Kind::Ollama, Kind::Vllm, Kind::LmStudio, Kind::OpenAi, Kind::Chat, Kind::Mistral, Kind::Tabby];

#[tokio::test]
async fn before_the_first_byte_a_dropped_job_closes_its_connection() {
    for kind in ALL {
        let server = Server::start(kind).await;
        let engine = ready(&server, kind).await;
        server.order(Fault::Silence);
        let generation = engine.generate(job(CODE));
        server.until(|record| record.running == 1).await;
        drop(generation);
        server.until(|record| record.aborted == 1 && record.running == 0).await;
        assert_eq!(ask(&engine, job(CODE)).await.text(), "b", "{kind:?}: the next one works");
    }
}

#[tokio::test]
async fn in_the_middle_of_a_text_a_dropped_job_closes_its_connection() {
    for kind in ALL.into_iter().filter(|kind| !matches!(kind, Kind::Tabby | Kind::Chat)) {
        let server = Server::with(Setup::writing(kind, "b + c + d")).await;
        let engine = ready(&server, kind).await;
        server.order(Fault::Hang(2));
        let mut generation = engine.generate(job(CODE));
        while let Some(event) = generation.next().await {
            if matches!(event, Event::Delta { .. }) {
                break;
            }
        }
        drop(generation);
        server.until(|record| record.aborted == 1 && record.running == 0).await;
    }
}

#[tokio::test]
async fn a_cancelled_job_ends_with_its_report() {
    let server = Server::with(Setup::writing(Kind::LlamaServer, "b + c + d")).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    server.order(Fault::Hang(2));
    let generation = engine.generate(job(CODE));
    let cancel = generation.cancel_flag();
    let (answer, _) = tokio::join!(answer(generation), async {
        server.until(|record| record.running == 1).await;
        cancel.cancel();
    });
    assert_eq!(answer.finishes, [Finish::Cancelled]);
    server.until(|record| record.aborted == 1).await;
}

#[tokio::test]
async fn an_engine_that_is_put_away_closes_all_its_connections() {
    let server = Server::start(Kind::LlamaServer).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    let generations: Vec<_> = (0..3)
        .map(|lane| {
            server.order(Fault::Silence);
            let mut job = job(CODE);
            job.lane = lane;
            engine.generate(job)
        })
        .collect();
    server.until(|record| record.running == 3).await;
    drop(engine);
    server.until(|record| record.aborted == 3).await;
    for generation in generations {
        assert_eq!(answer(generation).await.finishes, [Finish::Cancelled]);
    }
}

#[tokio::test]
async fn a_text_that_came_to_its_end_leaves_its_connection_for_the_next() {
    let server = Server::start(Kind::LlamaServer).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    ask(&engine, job(CODE)).await;
    // The end of the body is read in a task of its own.
    server.until(|record| record.finished == 1).await;
    let before = server.record().connections;
    for number in 0..5 {
        ask(&engine, job(CODE)).await;
        server.until(|record| record.finished == number + 2).await;
    }
    let opened = server.record().connections - before;
    assert!(opened <= 2, "{opened} connections for five texts");
}
