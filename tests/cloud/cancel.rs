//! The user does not want it any more: at each stage the connection is closed, and the double sees it.

use std::sync::Arc;

use tandem::cloud::{Finish, Update};
use tandem::gate::Ending;
use tandem::providers::Event;
use tokio::sync::mpsc;

use super::support::Asker;
use crate::provider::{Double, Fault, Kind, Reply, Trouble};

#[tokio::test]
async fn before_anything_was_sent_nothing_is_sent() {
    let double = Double::start(Kind::Anthropic).await;
    let ready = Asker::at(&double).ready();
    ready.cancel.cancel();
    let asked = ready.ask().await;
    assert_eq!((asked.exchange.finish.clone(), asked.is_unsent()), (Finish::Cancelled, true));
    assert_eq!(double.record().connections, 0);
    assert!(asked.exchange.answers.iter().all(|answer| answer.settled.settlement.is_none()));
}

#[tokio::test]
async fn while_the_provider_thinks_the_connection_closes() {
    for kind in Kind::ALL {
        let double = Double::start(kind).await;
        double.reply(Reply::fault(Fault::Silence));
        let ready = Asker::at(&double).ready();
        let cancel = async {
            double.until(|record| record.requests.len() == 1).await;
            ready.cancel.cancel();
            double.until(|record| record.closed.len() == 1).await
        };
        let (asked, record) = tokio::join!(ready.ask(), cancel);
        assert_eq!(asked.exchange.finish, Finish::Cancelled, "{kind:?}");
        assert!(matches!(asked.endings()[..], [Ending::Cancelled]), "{kind:?}: {:?}", asked.endings());
        assert_eq!(record.closed[0].events, 0);
    }
}

#[tokio::test]
async fn in_the_middle_of_an_answer_the_connection_closes() {
    for kind in Kind::ALL {
        let double = Double::start(kind).await;
        double.reply(Reply::fault(Fault::Endless));
        let ready = Asker::at(&double).ready();
        let cancel = ready.cancel.clone();
        let asked = ready
            .ask_and(|update| {
                if matches!(update, Update::Event(Event::Text(_))) {
                    cancel.cancel();
                }
            })
            .await;
        assert_eq!(asked.exchange.finish, Finish::Cancelled, "{kind:?}");
        let record = double.until(|record| record.closed.len() == 1).await;
        assert!(record.charges[0].is_cut, "{kind:?}");
    }
}

#[tokio::test]
async fn while_it_waits_to_try_again_nothing_more_is_sent() {
    let double = Double::start(Kind::OpenAi).await;
    double.reply(Reply::refuse(Trouble::Server));
    let ready = Asker::at(&double).ready();
    let cancel = ready.cancel.clone();
    let asked = ready
        .ask_and(|update| {
            if matches!(update, Update::Again { .. }) {
                cancel.cancel();
            }
        })
        .await;
    assert_eq!(asked.exchange.finish, Finish::Cancelled);
    assert_eq!(double.record().requests.len(), 1);
}

#[tokio::test]
async fn who_stops_listening_has_cancelled() {
    let double = Double::start(Kind::Anthropic).await;
    double.reply(Reply::fault(Fault::Stall { after: 6 }));
    let ready = Asker::at(&double).ready();
    let (sender, mut receiver) = mpsc::channel(1);
    let listen = async {
        receiver.recv().await;
        drop(receiver);
        double.until(|record| record.closed.len() == 1).await
    };
    let (house, consent) = (&ready.house, ready.house.consent());
    let asking = ready.cloud.ask(&house.door, &house.prompt, &consent, &house.last_look, &sender, &ready.cancel);
    let (exchange, _) = tokio::join!(asking, listen);
    assert_eq!(exchange.finish, Finish::Cancelled);
}

#[tokio::test]
async fn a_dropped_question_closes_the_connection_and_is_settled() {
    let double = Double::start(Kind::Anthropic).await;
    double.reply(Reply::fault(Fault::Stall { after: 6 }));
    let ready = Arc::new(Asker::at(&double).ready());
    let asking = ready.clone();
    let task = tokio::spawn(async move { drop(asking.ask().await) });
    double.until(|record| record.charges.first().is_some_and(|charge| charge.output > 0)).await;
    task.abort();
    double.until(|record| record.closed.len() == 1).await;
    while ready.house.settled() < 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn nobody_reads_ahead_of_who_listens() {
    let double = Double::start(Kind::OpenAiChat).await;
    double.reply(Reply::fault(Fault::Endless));
    let ready = Asker::at(&double).ready();
    let (sender, receiver) = mpsc::channel(1);
    let (house, consent) = (&ready.house, ready.house.consent());
    let asking = ready.cloud.ask(&house.door, &house.prompt, &consent, &house.last_look, &sender, &ready.cancel);
    // Nobody takes anything: buffers fill, and the double cannot write any more. All of it runs on this one thread, so that
    // many steps without a byte are an end, not a pause.
    let watching = async {
        let (mut before, mut quiet) = (0, 0);
        while quiet < 5_000 || before == 0 {
            tokio::task::yield_now().await;
            let now = double.sent();
            quiet = if now == before { quiet + 1 } else { 0 };
            before = now;
        }
        drop(receiver);
    };
    let (exchange, ()) = tokio::join!(asking, watching);
    assert_eq!(exchange.finish, Finish::Cancelled);
}
