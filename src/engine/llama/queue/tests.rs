//! Who gets the engine when: awaited jobs before all guesses, and guesses that give way.

use super::*;
use crate::engine::chat::{ChatEvent, ChatStream, chat_stream};
use crate::engine::{Event, FimPrompt, Generation, PromptBudget, Task, generation};

fn push(inbox: &Inbox, client: u64, lane: u64, urgency: Urgency) -> Generation {
    let (sender, stream) = generation();
    let job = Job {
        lane,
        urgency,
        task: Task::Write,
        prompt: FimPrompt::default(),
        budget: PromptBudget { prefix: 1, suffix: 1, snippets: 1 },
        max_tokens: 1,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    };
    inbox.push(client, job, sender);
    stream
}

fn awaited(inbox: &Inbox, client: u64, lane: u64) -> Generation {
    push(inbox, client, lane, Urgency::Awaited)
}

fn background(inbox: &Inbox, client: u64, lane: u64) -> Generation {
    push(inbox, client, lane, Urgency::Background)
}

/// Client and lane of the next job, and whether it was told to end.
fn next(inbox: &Inbox) -> (u64, u64, GenerationSender) {
    let Call::Work(ticket) = inbox.next(false, None) else { panic!("no job waits") };
    (ticket.client, ticket.job.lane, ticket.sender)
}

fn ended_as(stream: &mut Generation) -> Option<Finish> {
    match stream.blocking_next()? {
        Event::Finished { reason, .. } => Some(reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_guess_runs_when_nobody_waits() {
    let inbox = Inbox::default();
    let _streams = (background(&inbox, 1, 1), awaited(&inbox, 1, 2), awaited(&inbox, 2, 1));
    let order: Vec<_> = (0..3).map(|_| next(&inbox)).map(|(client, lane, _)| (client, lane)).collect();
    assert_eq!(order, [(1, 2), (2, 1), (1, 1)]);
}

#[test]
fn a_request_of_any_client_ends_the_guess_that_runs() {
    for (client, lane) in [(1, 1), (1, 2), (2, 1)] {
        let inbox = Inbox::default();
        let _guess = background(&inbox, 1, 1);
        let (.., running) = next(&inbox);
        assert!(!running.is_cancelled());
        let _request = awaited(&inbox, client, lane);
        assert!(running.is_cancelled(), "{client} {lane}");
        assert_eq!((next(&inbox).0, lane), (client, lane));
    }
}

#[test]
fn a_guess_ends_no_request_and_no_guess_of_another_lane() {
    let inbox = Inbox::default();
    let _running = awaited(&inbox, 1, 1);
    let (.., running) = next(&inbox);
    let _waiting = awaited(&inbox, 1, 2);
    assert_eq!(ended_as(&mut background(&inbox, 1, 1)), Some(Finish::Superseded), "its lane's request runs");
    assert_eq!(ended_as(&mut background(&inbox, 1, 2)), Some(Finish::Superseded), "its lane's request waits");
    let mut older = background(&inbox, 1, 3);
    let _newer = background(&inbox, 1, 3);
    let _other = background(&inbox, 2, 3);
    assert_eq!(ended_as(&mut older), Some(Finish::Superseded), "the lane has a newer guess");
    assert!(!running.is_cancelled());
    let order: Vec<_> = (0..3).map(|_| next(&inbox)).map(|(client, lane, _)| (client, lane)).collect();
    assert_eq!(order, [(1, 2), (2, 3), (1, 3)]);
}

#[test]
fn a_request_ends_the_guess_of_its_lane_that_waits() {
    let inbox = Inbox::default();
    let _running = awaited(&inbox, 1, 9);
    next(&inbox);
    let mut guess = background(&inbox, 1, 1);
    let _other = background(&inbox, 1, 2);
    let _request = awaited(&inbox, 1, 1);
    assert_eq!(ended_as(&mut guess), Some(Finish::Superseded));
    let order: Vec<_> = (0..2).map(|_| next(&inbox)).map(|(_, lane, _)| lane).collect();
    assert_eq!(order, [1, 2]);
}

#[test]
fn guesses_that_wait_are_bounded_cancelled_and_closed_like_requests() {
    let inbox = Inbox::default();
    let mut first = background(&inbox, 1, 0);
    let mut rest: Vec<_> = (1..=MOST_BACKGROUND as u64).map(|lane| background(&inbox, 1, lane)).collect();
    assert_eq!(ended_as(&mut first), Some(Finish::Superseded));
    rest[0].cancel();
    inbox.answer_cancelled();
    assert_eq!(ended_as(&mut rest[0]), Some(Finish::Cancelled));
    inbox.close("over");
    assert_eq!(ended_as(&mut rest[1]), Some(Finish::Failed("over".into())));
}

/// In the past: whoever has nothing to do looks.
fn at_once() -> Option<Instant> {
    Some(Instant::now())
}

#[test]
fn a_worker_looks_when_it_is_time_or_when_it_is_nudged_but_jobs_come_first() {
    let inbox = Inbox::default();
    assert!(matches!(inbox.next(false, at_once()), Call::Look));
    inbox.nudge();
    let _stream = awaited(&inbox, 1, 1);
    assert!(matches!(inbox.next(false, None), Call::Work(_)));
    assert!(matches!(inbox.next(false, None), Call::Look), "the nudge was not lost");
    inbox.close("over");
    assert!(matches!(inbox.next(false, None), Call::Closed));
}

#[test]
fn a_quiet_inbox_takes_no_guesses_and_ends_those_that_are_there() {
    let inbox = Inbox::default();
    let mut waiting = background(&inbox, 1, 2);
    let _running = background(&inbox, 1, 1);
    let (_, lane, running) = next(&inbox);
    assert_eq!(lane, 1, "the newest guess first");
    inbox.set_quiet(true);
    assert!(running.is_cancelled());
    let ended = [ended_as(&mut waiting), ended_as(&mut background(&inbox, 1, 3))];
    assert_eq!(ended, [Some(Finish::Superseded), Some(Finish::Superseded)]);
    let _request = awaited(&inbox, 1, 1);
    assert_eq!(next(&inbox).1, 1, "requests are served");
    inbox.set_quiet(false);
    let _guess = background(&inbox, 1, 4);
    assert_eq!(next(&inbox).1, 4);
}

#[test]
fn a_job_that_waits_or_an_announcement_wakes_the_model() {
    let inbox = Inbox::default();
    assert_eq!(inbox.rest(at_once(), None), Rouse::Look);
    inbox.wake();
    assert_eq!(inbox.rest(None, None), Rouse::Wake);
    assert_eq!(inbox.rest(at_once(), None), Rouse::Look, "once");
    let _request = awaited(&inbox, 1, 1);
    assert_eq!(inbox.rest(None, None), Rouse::Wake);
    assert_eq!(next(&inbox).1, 1, "it is served by the model that it woke");
    let mut guess = background(&inbox, 1, 2);
    assert_eq!(inbox.rest(at_once(), None), Rouse::Look, "nobody loads a model for a guess");
    assert_eq!(ended_as(&mut guess), Some(Finish::Superseded));
    inbox.close("over");
    assert_eq!(inbox.rest(None, None), Rouse::Closed);
}

#[test]
fn nobody_wakes_a_model_that_has_to_sleep() {
    let inbox = Inbox::default();
    let mut request = awaited(&inbox, 1, 1);
    inbox.wake();
    assert_eq!(inbox.rest(None, Some("memory is short")), Rouse::Look);
    assert_eq!(ended_as(&mut request), Some(Finish::Failed("memory is short".into())));
    assert_eq!(inbox.rest(at_once(), None), Rouse::Look, "the announcement was answered, too");
}

#[test]
fn who_had_the_engine_for_less_time_is_next() {
    let inbox = Inbox::default();
    let _streams: Vec<_> = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3)].map(|(c, l)| awaited(&inbox, c, l)).into();
    let order: Vec<_> = (0..6)
        .map(|_| {
            let (client, ..) = next(&inbox);
            // No two sums of these are alike, so that the time that really passes decides nothing.
            let more = if client == 1 { 1_500_000 } else { 1_000_000 };
            inbox.lock().turns.ran(client, more);
            client
        })
        .collect();
    assert_eq!(order, [1, 2, 2, 1, 2, 1]);
}

fn chat(inbox: &Inbox) -> ChatStream {
    let (sender, stream) = chat_stream();
    inbox.push_chat(ChatJob::default(), sender);
    stream
}

fn finish_of(stream: &mut ChatStream) -> Option<ChatFinish> {
    match stream.blocking_next()? {
        ChatEvent::Finished(finish) => Some(finish),
        other => panic!("{other:?}"),
    }
}

#[test]
fn jobs_come_before_an_answer_and_an_answer_before_all_else() {
    let inbox = Inbox::default();
    let _streams = (background(&inbox, 1, 1), chat(&inbox));
    let _request = awaited(&inbox, 1, 2);
    assert!(matches!(inbox.next(true, None), Call::Work(ticket) if ticket.job.lane == 2));
    assert!(matches!(inbox.next(true, None), Call::Step));
    assert!(matches!(inbox.next(false, None), Call::Chat(_)));
    assert!(matches!(inbox.next(false, None), Call::Work(ticket) if ticket.job.lane == 1));
    assert!(matches!(inbox.next(false, Some(Instant::now())), Call::Look));
}

#[test]
fn a_question_ends_a_guess() {
    let inbox = Inbox::default();
    let _guess = background(&inbox, 1, 1);
    let (.., running) = next(&inbox);
    let _question = chat(&inbox);
    assert!(running.is_cancelled());
}

#[test]
fn too_many_questions_are_refused_and_cancelled_ones_make_room() {
    let inbox = Inbox::default();
    let mut waiting: Vec<ChatStream> = (0..16).map(|_| chat(&inbox)).collect();
    assert!(matches!(finish_of(&mut chat(&inbox)), Some(ChatFinish::Failed(why)) if why.contains("wait")));
    waiting[3].cancel();
    let mut fits = chat(&inbox);
    assert_eq!(finish_of(&mut waiting[3]), Some(ChatFinish::Cancelled));
    inbox.close("over");
    assert_eq!(finish_of(&mut fits), Some(ChatFinish::Failed("over".to_owned())));
    assert_eq!(finish_of(&mut chat(&inbox)), Some(ChatFinish::Failed("over".to_owned())));
    assert!(matches!(inbox.next(true, None), Call::Closed));
}

#[test]
fn a_question_that_waits_and_was_cancelled_ends_at_the_next_step() {
    let inbox = Inbox::default();
    let ask = || {
        let (sender, stream) = chat_stream();
        inbox.push_chat(ChatJob::default(), sender);
        stream
    };
    let (_first, mut second, _third) = (ask(), ask(), ask());
    assert!(matches!(inbox.next(false, None), Call::Chat(_)));
    second.cancel();
    // The first answer goes on.
    assert!(matches!(inbox.next(true, None), Call::Step));
    assert_eq!(second.blocking_next(), Some(ChatEvent::Finished(ChatFinish::Cancelled)));
    assert!(matches!(inbox.next(false, None), Call::Chat(_)), "the third comes next");
    assert!(matches!(inbox.next(false, Some(Instant::now())), Call::Look));
}
