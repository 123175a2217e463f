//! What is counted of requests that left or did not, and the end of an engine in whose place another stands.

use super::*;

/// Requests and bytes that the status tells of, and bytes that the guard puts on record.
fn counted(stage: &Stage, censor: &Censor) -> (u64, u64, u64) {
    let told = stage.told();
    (told.requests, told.bytes, *censor.sent.lock().unwrap())
}

#[tokio::test]
async fn what_may_have_left_is_counted_and_nothing_else() {
    let censor = Arc::<Censor>::default();
    let stage = stage_with(true, Some(censor.clone()));
    let ends = |out: &GenerationSender, reason: Finish, sent_bytes| {
        out.send(Event::Finished { candidate: 0, reason });
        out.send(Event::Done(Report { sent_bytes, ..Report::default() }));
    };
    let failed = |why: &str| Finish::Failed(why.to_owned());
    let mut expected = (0, 0, 0);
    // A refusal has read the request; a connection that was refused has not. The state is failed by then in both cases.
    for (why, sent) in [("401: no such key", 700), ("404: no such path", 300), ("connection refused", 0)] {
        stage.served().await;
        let served = counted(&stage, &censor);
        let (stream, here) = (stage.ask("x").await, stage.here.asked());
        stage.server.say(EngineState::Failed { reason: why.to_owned() });
        ends(&stage.server.job(), failed(why), sent);
        until("the model here is asked", || stage.here.asked() > here).await;
        answer(&stage.here.job(), "from here");
        assert_eq!(read(stream).await, from_here(), "{why}");
        expected = (served.0 + u64::from(sent > 0), served.1 + sent, served.2 + sent);
        assert_eq!(counted(&stage, &censor), expected, "{why}");
        stage.server.say(EngineState::Ready);
        until("it is back", || stage.told().down.is_none()).await;
    }
    // A guess that found no free slot, and a job that was cancelled in its lane.
    for reason in [Finish::Superseded, Finish::Cancelled] {
        let asked = stage.server.asked();
        let stream = stage.fallback.generate(Job { urgency: Urgency::Background, ..job("x") });
        until("the server is asked", || stage.server.asked() > asked).await;
        ends(&stage.server.job(), reason.clone(), 0);
        assert_eq!(read(stream).await.1, reason);
        assert_eq!(counted(&stage, &censor), expected, "{reason:?}");
    }
    let stream = stage.ask("x").await;
    let out = stage.server.job();
    stream.cancel();
    until("the server hears of it", || out.is_cancelled()).await;
    ends(&out, Finish::Cancelled, 90);
    assert_eq!(read(stream).await.1, Finish::Cancelled);
    expected = (expected.0 + 1, expected.1 + 90, expected.2 + 90);
    until("what was sent is counted", || counted(&stage, &censor) == expected).await;
}

#[tokio::test]
async fn an_engine_that_was_replaced_sends_nothing_more() {
    let stage = stage_with(true, Some(Arc::<Censor>::default()));
    let (silent, writing) = (stage.ask("x").await, stage.ask("y").await);
    let out = stage.server.job();
    write(&out, "some ");
    tokio::task::yield_now().await;
    let first = stage.server.jobs.lock().unwrap()[0].1.clone();
    stage.fallback.retire();
    until("the server hears of it", || first.is_cancelled() && out.is_cancelled()).await;
    assert_eq!(read(silent).await.1, Finish::Cancelled);
    out.finish(Finish::Cancelled);
    assert_eq!(read(writing).await.1, Finish::Cancelled);
    let (asked, asked_here) = (stage.server.asked(), stage.here.asked());
    assert_eq!(read(stage.fallback.generate(job("x"))).await.1, Finish::Cancelled);
    assert_eq!((stage.server.asked(), stage.here.asked()), (asked, asked_here));
}
