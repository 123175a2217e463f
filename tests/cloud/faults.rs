//! Streams that break, stall, babble or lie. None of them ends in a crash, a hang, an answer that calls itself whole, or more
//! memory than an answer may have.

use std::time::Duration;

use tandem::budget::Outcome;
use tandem::cloud::Finish;
use tandem::gate::Ending;
use tandem::providers::{ErrorClass, Reason};

use super::support::{Asked, Asker};
use crate::provider::{Double, Fault, Kind, Reply, Trouble};

const TEXT: &str =
    "It begins in src/main.rs:1, where `main` calls `run`, and ends where the last request was answered.";

/// The same fault as often as it is asked for.
async fn asked(kind: Kind, fault: &Fault, idle: Duration) -> (Asked, Double) {
    let double = Double::start(kind).await;
    for _ in 0..3 {
        double.reply(Reply { fault: fault.clone(), ..Reply::text(TEXT) });
    }
    let mut asker = Asker::at(&double);
    asker.timeouts.idle = idle;
    (asker.ask().await, double)
}

const LONG: Duration = Duration::from_secs(60);

fn is_whole(asked: &Asked) -> bool {
    asked.exchange.finish == Finish::Answered(Reason::Complete)
}

/// It failed, or says itself that it is not whole.
fn is_broken(asked: &Asked) -> bool {
    matches!(&asked.exchange.finish, Finish::Failed(_) | Finish::Answered(Reason::Truncated))
}

#[tokio::test]
async fn an_answer_in_single_bytes_or_between_pings_is_the_same_answer() {
    for kind in Kind::ALL {
        for fault in [Fault::Bytewise, Fault::KeepAlives(5)] {
            let (asked, _double) = asked(kind, &fault, LONG).await;
            assert!(is_whole(&asked), "{kind:?} {fault:?}: {:?}", asked.exchange.finish);
            assert_eq!(asked.text(), TEXT, "{kind:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn a_cut_anywhere_is_never_a_whole_answer() {
    for kind in Kind::ALL {
        for bytes in [1, 17, 160, 700, 1400] {
            let (asked, double) = asked(kind, &Fault::CutAt(bytes), LONG).await;
            assert!(is_broken(&asked), "{kind:?} {bytes}: {:?}", asked.exchange.finish);
            assert!(TEXT.starts_with(&asked.text()), "{kind:?} {bytes}: {}", asked.text());
            // Every attempt reached a provider that may bill it.
            assert!(asked.endings().iter().all(|ending| !matches!(ending, Ending::Unsent(_) | Ending::Rejected(_))));
            assert_eq!(asked.attempts(), double.record().requests.len());
        }
    }
}

#[tokio::test]
async fn an_end_without_the_event_that_ends_is_truncated() {
    for kind in Kind::ALL {
        let (asked, _double) = asked(kind, &Fault::NoEnd { after: 8 }, LONG).await;
        assert!(is_broken(&asked), "{kind:?}: {:?}", asked.exchange.finish);
        assert!(!asked.text().is_empty() && TEXT.starts_with(&asked.text()), "{kind:?}: {}", asked.text());
    }
}

#[tokio::test]
async fn a_stall_ends_and_the_connection_with_it() {
    for kind in Kind::ALL {
        let (asked, double) = asked(kind, &Fault::Stall { after: 9 }, Duration::from_millis(700)).await;
        assert!(is_broken(&asked), "{kind:?}: {:?}", asked.exchange.finish);
        if let Some(Ending::Failed(error)) = asked.endings().last() {
            assert_eq!(error.class, ErrorClass::Timeout, "{kind:?}");
        }
        double.until(|record| record.closed.len() == asked.attempts()).await;
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_may_have_been_paid() {
    let (asked, double) = asked(Kind::OpenAi, &Fault::Silence, Duration::from_millis(300)).await;
    assert_eq!((asked.class(), asked.attempts()), (ErrorClass::Timeout, 3));
    assert!(asked.endings().iter().all(|ending| matches!(ending, Ending::Failed(_))), "{:?}", asked.endings());
    double.until(|record| record.closed.len() == 3).await;
}

#[tokio::test]
async fn too_long_altogether_is_not_tried_again() {
    let double = Double::start(Kind::Anthropic).await;
    double.reply(Reply { pace: Duration::from_millis(20), fault: Fault::Endless, ..Reply::text(TEXT) });
    let mut asker = Asker::at(&double);
    asker.timeouts.total = Duration::from_millis(300);
    let asked = asker.ask().await;
    assert_eq!((asked.class(), asked.attempts()), (ErrorClass::Timeout, 1));
    double.until(|record| record.closed.len() == 1).await;
}

#[tokio::test]
async fn a_reset_after_the_request_was_read_may_have_been_paid() {
    for kind in Kind::ALL {
        let (asked, _double) = asked(kind, &Fault::ResetAfter, LONG).await;
        assert_eq!((asked.class(), asked.attempts()), (ErrorClass::Network, 3), "{kind:?}");
        assert!(asked.endings().iter().all(|ending| matches!(ending, Ending::Failed(_))), "{kind:?}");
    }
}

#[tokio::test]
async fn a_reset_before_it_was_read_is_tried_again() {
    let double = Double::start(Kind::Anthropic).await;
    double.reply(Reply::fault(Fault::ResetBefore));
    let asked = Asker::at(&double).ask().await;
    assert!(is_whole(&asked), "{:?}", asked.exchange.finish);
    assert_eq!((asked.attempts(), double.record().requests.len()), (2, 1));
}

#[tokio::test]
async fn garbage_is_no_part_of_an_answer() {
    for kind in Kind::ALL {
        for after in [0, 1, 9] {
            let (asked, _double) = asked(kind, &Fault::Garble { after }, LONG).await;
            // A decoder may pass over what it does not know, but not over what is no event at all.
            assert!(is_broken(&asked), "{kind:?} {after}: {:?}", asked.exchange.finish);
            assert!(TEXT.starts_with(&asked.text()), "{kind:?} {after}: {}", asked.text());
        }
    }
}

#[tokio::test]
async fn events_that_come_twice_end_once() {
    for kind in Kind::ALL {
        let (asked, _double) = asked(kind, &Fault::Duplicate, LONG).await;
        assert_eq!(asked.attempts(), 1, "{kind:?}");
        assert!(matches!(asked.exchange.finish, Finish::Answered(_) | Finish::Failed(_)), "{kind:?}");
    }
}

#[tokio::test]
async fn an_event_without_end_is_not_read_to_its_end() {
    for kind in Kind::ALL {
        let (asked, _double) = asked(kind, &Fault::Oversized(20 << 20), LONG).await;
        assert!(is_broken(&asked), "{kind:?}: {:?}", asked.exchange.finish);
        assert!(TEXT.starts_with(&asked.text()), "{kind:?}");
    }
}

#[tokio::test]
async fn what_is_no_stream_is_no_answer() {
    for fault in [Fault::WrongType, Fault::Gzip, Fault::HugeHeaders(2 << 20)] {
        for kind in Kind::ALL {
            let (asked, _double) = asked(kind, &fault, LONG).await;
            assert_eq!(asked.class(), ErrorClass::Protocol, "{kind:?} {fault:?}: {}", asked.error());
            assert_eq!(asked.attempts(), 1, "{kind:?} {fault:?}");
        }
    }
}

#[tokio::test]
async fn another_status_of_success_is_no_refusal() {
    let stream = include_bytes!("../fixtures/providers/answers/openai-chat/normal.sse").to_vec();
    let event_stream = vec![("content-type".to_owned(), "text/event-stream".to_owned())];
    for status in [201, 202, 206] {
        let fault = Fault::Raw { status, headers: event_stream.clone(), body: stream.clone() };
        let (asked, _double) = asked(Kind::OpenAiChat, &fault, LONG).await;
        assert!(is_whole(&asked) && !asked.text().is_empty(), "{status}: {:?}", asked.exchange.finish);
        let settled = asked.exchange.answers[0].settled.settlement;
        assert!(settled.is_some_and(|settled| settled.outcome == Outcome::Counted), "{status}: {settled:?}");
    }
    let json = vec![("content-type".to_owned(), "application/json".to_owned())];
    for (status, headers, body) in [(202, json, &b"{\"status\":\"queued\"}"[..]), (204, Vec::new(), b"")] {
        let fault = Fault::Raw { status, headers, body: body.to_vec() };
        let (asked, _double) = asked(Kind::Bedrock, &fault, LONG).await;
        let [Ending::Failed(error)] = &asked.endings()[..] else { panic!("{status}: {:?}", asked.endings()) };
        assert_eq!(error.class, ErrorClass::Protocol, "{status}");
        // Somebody took it, and may be at work.
        let settled = asked.exchange.answers[0].settled.settlement;
        assert!(settled.is_some_and(|settled| settled.outcome == Outcome::Presumed), "{status}: {settled:?}");
    }
}

#[tokio::test]
async fn an_error_that_calls_itself_an_answer_is_an_error() {
    for (kind, trouble, class, attempts) in [
        (Kind::OpenRouter, Trouble::NoCredit, ErrorClass::NoCredit, 1),
        (Kind::OpenRouter, Trouble::BadGateway, ErrorClass::Server, 3),
        (Kind::Compatible, Trouble::RateLimited, ErrorClass::RateLimited, 3),
    ] {
        let (asked, _double) = asked(kind, &Fault::ErrorAsAnswer(trouble), LONG).await;
        assert_eq!((asked.class(), asked.attempts()), (class, attempts), "{kind:?} {trouble:?}: {}", asked.error());
    }
}

#[tokio::test]
async fn an_error_in_the_stream_is_one_of_the_same_classes() {
    for kind in Kind::ALL {
        for (trouble, attempts) in [(Trouble::Overloaded, 3), (Trouble::ContextOverflow, 1)] {
            let (asked, _double) = asked(kind, &Fault::ErrorInside { after: 0, trouble }, LONG).await;
            assert_eq!(asked.attempts(), attempts, "{kind:?} {trouble:?}: {:?}", asked.endings());
            assert!(asked.endings().iter().all(|ending| matches!(ending, Ending::Failed(_))), "{kind:?} {trouble:?}");
            assert!(asked.text().is_empty());
        }
    }
}

#[tokio::test]
async fn what_is_not_http_is_a_protocol_error() {
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let served = tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut bytes = [0; 1024];
            drop(tokio::io::AsyncReadExt::read(&mut stream, &mut bytes).await);
            drop(tokio::io::AsyncWriteExt::write_all(&mut stream, b"SSH-2.0-OpenSSH_9.2\r\n\r\n").await);
        }
    });
    let mut asker = Asker::of_compatible();
    asker.settings.base_url = Some(format!("http://{address}/v1"));
    let asked = asker.ask().await;
    assert_eq!((asked.class(), asked.attempts()), (ErrorClass::Protocol, 1), "{}", asked.error());
    served.abort();
}
