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
