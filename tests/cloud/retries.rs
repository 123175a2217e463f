//! What is sent again, when, and how often: the retry table, row by row.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tandem::budget::Picodollars;
use tandem::cloud::{Circuit, Finish, Update};
use tandem::gate::{Ending, Withheld};
use tandem::providers::{ErrorClass, Reason};

use super::support::{Asked, Asker};
use crate::provider::{Double, Fault, Kind, Reply, Trouble, Wait};

/// Asks a double that refuses for ever.
async fn refused(kind: Kind, trouble: Trouble) -> (Asked, Double) {
    let double = Double::start(kind).await;
    for _ in 0..8 {
        double.reply(Reply::refuse(trouble));
    }
    (Asker::at(&double).ask().await, double)
}

/// How often a row of the table is sent, retries included.
fn attempts(kind: Kind, trouble: Trouble) -> usize {
    match trouble {
        Trouble::RequestTimeout
        | Trouble::Conflict
        | Trouble::RateLimited
        | Trouble::Ramp
        | Trouble::Server
        | Trouble::BadGateway
        | Trouble::Unavailable
        | Trouble::GatewayTimeout
        | Trouble::Overloaded => 3,
        Trouble::ModelError if kind == Kind::Bedrock => 2,
        // OpenRouter's body does not tell one 429 from another.
        Trouble::SpendLimit if kind == Kind::OpenRouter => 3,
        _ => 1,
    }
}

#[tokio::test]
async fn every_row_of_the_table_is_tried_as_often_as_it_says_and_costs_nothing() {
    for kind in Kind::ALL {
        for trouble in Trouble::ALL {
            if trouble == Trouble::ModelError && kind != Kind::Bedrock {
                continue;
            }
            let (asked, double) = refused(kind, trouble).await;
            assert_eq!(asked.attempts(), attempts(kind, trouble), "{kind:?} {trouble:?}: {:?}", asked.endings());
            assert_eq!(double.record().requests.len(), asked.attempts(), "{kind:?} {trouble:?}");
            let all_rejected = asked.endings().iter().all(|ending| matches!(ending, Ending::Rejected(_)));
            assert!(all_rejected, "{kind:?} {trouble:?}: {:?}", asked.endings());
            assert!(asked.exchange.answers.iter().all(|answer| answer.settled.settlement.is_none()));
            assert_eq!(double.record().money(), 0);
        }
    }
}

#[tokio::test]
async fn the_usual_waits_double() {
    let (asked, _double) = refused(Kind::Anthropic, Trouble::Overloaded).await;
    assert_eq!(asked.waits, [Duration::from_millis(500), Duration::from_secs(1)]);
}

#[tokio::test]
async fn the_servers_wait_is_kept_in_all_its_forms() {
    let seconds = |seconds| Duration::from_secs_f64(seconds);
    for (kind, wait, expected) in [
        (Kind::Anthropic, Wait::Seconds("7".to_owned()), seconds(7.0)),
        (Kind::OpenAi, Wait::Seconds("1.5".to_owned()), seconds(1.5)),
        (Kind::OpenAiChat, Wait::Milliseconds("250.5".to_owned()), seconds(0.2505)),
        (Kind::Azure, Wait::Milliseconds("900".to_owned()), seconds(0.9)),
        (Kind::Gemini, Wait::RetryInfo("21s".to_owned()), seconds(21.0)),
        (Kind::Gemini, Wait::RetryInfo("1.5s".to_owned()), seconds(1.5)),
    ] {
        let double = Double::start(kind).await;
        double.reply(Reply::refuse(Trouble::RateLimited).wait(wait.clone()));
        let asked = Asker::at(&double).ask().await;
        assert_eq!(asked.waits, [expected], "{kind:?} {wait:?}");
        assert_eq!(asked.exchange.finish, Finish::Answered(Reason::Complete));
    }
}

#[tokio::test]
async fn a_wait_until_a_date_is_kept() {
    let double = Double::start(Kind::Anthropic).await;
    double.reply(Reply::refuse(Trouble::RateLimited).wait(Wait::Date(Duration::from_secs(30))));
    let asked = Asker::at(&double).ask().await;
    // A date has whole seconds, and some time has passed since it was written.
    assert!(matches!(asked.waits[..], [wait] if wait <= Duration::from_secs(30)), "{:?}", asked.waits);
    assert_eq!(asked.attempts(), 2);
}

#[tokio::test]
async fn nobody_waits_for_an_hour() {
    let double = Double::start(Kind::OpenAi).await;
    double.reply(Reply::refuse(Trouble::RateLimited).wait(Wait::Seconds("3600".to_owned())));
    let asked = Asker::at(&double).ask().await;
    assert_eq!((asked.attempts(), asked.class()), (1, ErrorClass::RateLimited));
}

#[tokio::test]
async fn the_server_may_overrule_the_table() {
    let double = Double::start(Kind::Anthropic).await;
    double.reply(Reply::refuse(Trouble::Overloaded).wait(Wait::ShouldRetry(false)));
    assert_eq!(Asker::at(&double).ask().await.attempts(), 1);
}

#[tokio::test]
async fn each_attempt_is_reserved_settled_and_told() {
    let double = Double::start(Kind::Anthropic).await;
    double.reply(Reply::refuse(Trouble::Server));
    double.reply(Reply::fault(Fault::ErrorInside { after: 1, trouble: Trouble::Overloaded }));
    let ready = Asker::at(&double).ready();
    let asked = ready.ask().await;
    assert_eq!(asked.exchange.finish, Finish::Answered(Reason::Complete));
    let numbers: Vec<u32> = asked.exchange.answers.iter().map(|answer| answer.attempt).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert!(matches!(asked.endings()[..], [Ending::Rejected(_), Ending::Failed(_), Ending::Ended { .. }]));
    let told = asked.updates.iter().filter(|update| matches!(update, Update::Again { .. })).count();
    assert_eq!(told, 2);
    assert_eq!(ready.house.settled(), 3);
    // The first cost nothing, the second may have.
    let spent: Vec<bool> = asked.exchange.answers.iter().map(|answer| answer.settled.settlement.is_some()).collect();
    assert_eq!(spent, [false, true, true]);
}

#[tokio::test]
async fn nothing_is_sent_again_after_something_was_shown() {
    for kind in Kind::ALL {
        for fault in [
            Fault::ErrorInside { after: 9, trouble: Trouble::Overloaded },
            Fault::NoEnd { after: 9 },
            Fault::CutAt(1500),
        ] {
            let double = Double::start(kind).await;
            let text = "some words of an answer that goes on for quite a while, ".repeat(10);
            double.reply(Reply { fault: fault.clone(), ..Reply::text(&text) });
            let asked = Asker::at(&double).ask().await;
            assert!(
                !asked.text().is_empty() && text.starts_with(&asked.text()),
                "{kind:?} {fault:?}: {}",
                asked.text()
            );
            assert_eq!((asked.attempts(), double.record().requests.len()), (1, 1), "{kind:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_retry_that_the_budget_has_no_room_for_is_not_sent() {
    let double = Double::start(Kind::Gemini).await;
    for _ in 0..3 {
        // What was read may be paid for, so it stays on the account.
        double.reply(Reply::fault(Fault::ResetAfter));
    }
    let most = Asker::at(&double).ready().house.most();
    let mut asker = Asker::at(&double);
    asker.limit = Some(Picodollars(most.0 + most.0 / 2));
    let ready = asker.ready();
    let asked = ready.ask().await;
    let Finish::Withheld(Withheld::Budget(_), Some(error)) = &asked.exchange.finish else {
        panic!("{:?}", asked.exchange.finish)
    };
    assert_eq!((error.class, double.record().requests.len()), (ErrorClass::Network, 1));
    assert!(ready.house.money() <= most && ready.house.money().0 >= double.record().money());
}

#[tokio::test]
async fn what_may_not_leave_any_more_is_not_sent_once_more() {
    let double = Double::start(Kind::Anthropic).await;
    double.reply(Reply::refuse(Trouble::Overloaded));
    let mut ready = Asker::at(&double).ready();
    let looks = AtomicUsize::new(0);
    ready.house.last_look = Arc::new(move |prompt| {
        assert_eq!(prompt.manifest().files.len(), 1);
        // Trust is taken back between the first attempt and the second.
        if looks.fetch_add(1, Ordering::SeqCst) == 0 { Ok(()) } else { Err(Withheld::Untrusted) }
    });
    let asked = ready.ask().await;
    let Finish::Withheld(Withheld::Untrusted, Some(error)) = &asked.exchange.finish else {
        panic!("{:?}", asked.exchange.finish)
    };
    assert_eq!((error.class, double.record().requests.len()), (ErrorClass::Overloaded, 1));
    assert_eq!(ready.house.entries().len(), 1, "nothing is reserved for what is not sent");
}

#[tokio::test]
async fn a_refused_key_opens_the_circuit_until_somebody_acts() {
    for trouble in [Trouble::Auth, Trouble::NoCredit, Trouble::SpendLimit] {
        let double = Double::start(Kind::Anthropic).await;
        double.reply(Reply::refuse(trouble));
        let ready = Asker::at(&double).ready();
        ready.ask().await;
        assert!(matches!(ready.cloud.circuit(&ready.house.prompt), Circuit::Open { .. }), "{trouble:?}");
        let again = ready.ask().await;
        assert!(matches!(again.exchange.finish, Finish::Failed(_)) && again.attempts() == 0);
        assert_eq!(double.record().requests.len(), 1);
        ready.cloud.breakers.reset(&ready.house.prompt.endpoint().name);
        assert_eq!(ready.ask().await.exchange.finish, Finish::Answered(Reason::Complete));
    }
}

#[tokio::test]
async fn a_server_that_fails_again_and_again_gets_a_pause() {
    let (asked, double) = refused(Kind::Gemini, Trouble::Unavailable).await;
    assert_eq!(asked.attempts(), 3);
    let ready = Asker::at(&double).ready();
    ready.ask().await;
    assert!(matches!(ready.cloud.circuit(&ready.house.prompt), Circuit::Paused { .. }));
    assert_eq!(ready.ask().await.attempts(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_token_that_has_run_out_is_fetched_anew_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("token");
    // The first token is an old one.
    let script =
        format!("if [ -e '{0}' ]; then echo key-of-the-double; else touch '{0}'; echo old; fi", file.display());
    let double = Double::start(Kind::OpenAi).await;
    let mut asker = Asker::at(&double);
    asker.settings.key_env = None;
    asker.settings.key_command = ["/bin/sh", "-c", &script].map(str::to_owned).to_vec();
    let asked = asker.ask().await;
    assert_eq!((asked.attempts(), asked.exchange.finish.clone()), (2, Finish::Answered(Reason::Complete)));

    let mut asker = Asker::at(&double);
    asker.settings.key_env = None;
    asker.settings.key_command = ["/bin/echo", "never-right"].map(str::to_owned).to_vec();
    let asked = asker.ask().await;
    assert_eq!((asked.attempts(), asked.class()), (2, ErrorClass::Auth));
}
