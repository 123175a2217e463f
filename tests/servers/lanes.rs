//! Several documents at one server: the newest job of each wins, guesses give way, and nobody is starved.

use tandem::engine::{Engine, Finish, Task, Urgency};

use super::support::{answer, ask, job, ready};
use crate::doubles::{Fault, Kind, Server, Setup};

const CODE: &str = "let a = $0\n";

#[tokio::test]
async fn the_newest_job_of_a_document_replaces_the_older() {
    let server = Server::start(Kind::LlamaServer).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    server.order(Fault::Silence);
    let first = engine.generate(job(CODE));
    server.until(|record| record.running == 1).await;
    let second = engine.generate(job(CODE));
    let third = engine.generate(job(CODE));
    let (first, second, third) = tokio::join!(answer(first), answer(second), answer(third));
    assert_eq!((first.finishes, second.finishes), (vec![Finish::Cancelled], vec![Finish::Superseded]));
    assert_eq!(third.text(), "b");
    let record = server.record();
    assert_eq!((record.aborted, record.asked().len()), (1, 2), "the one between was never sent");
}

#[tokio::test]
async fn documents_are_served_side_by_side_and_each_keeps_its_slot() {
    let server = Server::start(Kind::LlamaServer).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    let of = |lane: u64| {
        let mut job = job(CODE);
        job.lane = lane;
        job
    };
    for _ in 0..2 {
        server.order(Fault::Silence);
    }
    let held: Vec<_> = [1, 2].map(|lane| engine.generate(of(lane))).into_iter().collect();
    server.until(|record| record.running == 2).await;
    drop(held);
    server.until(|record| record.aborted == 2).await;
    for lane in [1, 2, 1, 2] {
        ask(&engine, of(lane)).await;
    }
    let record = server.record();
    let slots: Vec<_> = record.asked().iter().filter_map(|request| request.json()?["id_slot"].as_u64()).collect();
    assert_eq!(slots.len(), 6);
    assert_eq!((slots[2], slots[3]), (slots[4], slots[5]), "{slots:?}");
    assert_ne!(slots[2], slots[3]);
}

#[tokio::test]
async fn no_document_waits_for_the_typing_in_another() {
    let mut setup = Setup::writing(Kind::Vllm, "b");
    setup.pace = std::time::Duration::from_millis(1);
    let server = Server::with(setup).await;
    let engine = ready(&server, Kind::Vllm).await;
    // One lane is asked for again and again, the others once.
    let mut others = Vec::new();
    let mut typed = Vec::new();
    for round in 0..20 {
        typed.push(engine.generate(job(CODE)));
        if round < 5 {
            let mut job = job(CODE);
            job.lane = 100 + round;
            others.push(engine.generate(job));
        }
        tokio::task::yield_now().await;
    }
    for other in others {
        assert_eq!(answer(other).await.text(), "b");
    }
    let mut finished = 0;
    for generation in typed {
        finished += usize::from(answer(generation).await.finishes == [Finish::EndOfText]);
    }
    assert!(finished >= 1, "the last one of the busy lane, at least");
}

#[tokio::test]
async fn a_guess_ends_when_somebody_waits() {
    let server = Server::start(Kind::LlamaServer).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    let mut guess = job(CODE);
    (guess.lane, guess.urgency) = (2, Urgency::Background);
    server.order(Fault::Silence);
    let guess = engine.generate(guess);
    server.until(|record| record.running == 1).await;
    assert_eq!(ask(&engine, job(CODE)).await.text(), "b");
    assert_eq!(answer(guess).await.finishes, [Finish::Cancelled]);
    server.until(|record| record.aborted == 1).await;
}

#[tokio::test]
async fn a_guess_is_not_sent_where_the_server_has_no_slot_free() {
    let mut setup = Setup::new(Kind::LlamaServer);
    setup.slots = 1;
    let server = Server::with(setup).await;
    let engine = ready(&server, Kind::LlamaServer).await;
    let other = ready(&server, Kind::LlamaServer).await;
    server.order(Fault::Silence);
    let _held = other.generate(job(CODE));
    server.until(|record| record.running == 1).await;
    let mut guess = job(CODE);
    (guess.urgency, guess.task) = (Urgency::Background, Task::Prefill);
    assert_eq!(ask(&engine, guess).await.finishes, [Finish::Superseded], "another user has it");
    assert_eq!(server.record().asked().len(), 1);
}

#[tokio::test]
async fn a_service_that_costs_money_gets_no_guesses() {
    let server = Server::start(Kind::Mistral).await;
    let engine = ready(&server, Kind::Mistral).await;
    let mut guess = job(CODE);
    guess.urgency = Urgency::Background;
    assert_eq!(ask(&engine, guess).await.finishes, [Finish::Superseded]);
    assert!(server.record().asked().is_empty());
}
