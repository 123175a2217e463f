//! Conversations over the socket: answers, counts, cancels, and what becomes of them when a host dies.

use std::sync::Arc;

use tandem::engine::chat::{ChatEngine, ChatEvent, ChatFinish, ChatJob, ChatRole, ChatStream, ChatTurn, FakeChat};
use tandem::engine::fake::FakeEngine;
use tandem::engine::{Engine, EngineState, Event};

use super::support::{Place, Test, complete, drain, job, signal, text, wait};

pub const TESTS: &[Test] = &[
    ("a_conversation_goes_through_the_host", a_conversation_goes_through_the_host),
    ("tokens_are_counted_by_the_host", tokens_are_counted_by_the_host),
    ("a_dropped_conversation_is_cancelled_in_the_host", a_dropped_conversation_is_cancelled_in_the_host),
    ("a_host_that_dies_ends_an_answer_with_a_sentence", a_host_that_dies_ends_an_answer_with_a_sentence),
    ("a_question_wakes_a_host_that_sleeps", a_question_wakes_a_host_that_sleeps),
    ("an_engine_without_conversations_says_so", an_engine_without_conversations_says_so),
    ("completions_go_on_beside_an_answer", completions_go_on_beside_an_answer),
];

fn conversation(text: &str) -> ChatJob {
    let turns = vec![ChatTurn::new(ChatRole::System, "Be brief."), ChatTurn::new(ChatRole::User, text)];
    ChatJob { turns, ..ChatJob::default() }
}

/// The answer, how it ended, and whether its last event was the last.
pub fn heard(mut stream: ChatStream) -> (String, ChatFinish) {
    let (mut answer, mut finish, mut is_done) = (String::new(), None, false);
    while let Some(event) = stream.blocking_next() {
        assert!(!is_done, "Done is the last event");
        match event {
            ChatEvent::Text(more) => answer.push_str(&more),
            ChatEvent::Finished(reason) => finish = Some(reason),
            ChatEvent::Done(_) => is_done = true,
            ChatEvent::Started(_) | ChatEvent::Thinking(_) => {}
        }
    }
    assert!(is_done);
    (answer, finish.expect("a finish"))
}

fn a_conversation_goes_through_the_host() {
    let place = Place::new(&["--chat", "<think>hm</think>It is 🙂."]);
    let engine = place.engine();
    let model = place.runtime.block_on(engine.model()).expect("a model, and a host that was started for it");
    assert_eq!((model.name.as_str(), model.window), ("fake-coder", 8192));
    assert_eq!(heard(engine.chat(conversation("What is it?"))), ("It is 🙂.".to_owned(), ChatFinish::Complete));
    let mut started = engine.chat(conversation("What is it, again?"));
    assert!(matches!(started.blocking_next(), Some(ChatEvent::Started(started)) if started.reused == 3));
}

fn tokens_are_counted_by_the_host() {
    let place = Place::new(&["--chat", "yes"]);
    let engine = place.ready();
    assert_eq!(engine.count(vec![Arc::from("abcd"), Arc::from("")]), Some(vec![2, 0]));
    let none = place.engine();
    assert_eq!(none.count(vec![Arc::from("abcd")]), None, "without a host nothing is counted, and none is started");
}

fn a_dropped_conversation_is_cancelled_in_the_host() {
    let place = Place::new(&[]);
    let chat = FakeChat::new(|_| "word ".repeat(1000)).with_pace(std::time::Duration::from_millis(5));
    let served = Arc::new(FakeEngine::new(|_| "x".to_owned()).with_chat(chat));
    let _host = place.serve(&place.config.identity, served.clone());
    let engine = place.ready();
    let mut stream = engine.chat(conversation("What is it?"));
    while !matches!(stream.blocking_next(), Some(ChatEvent::Text(_))) {}
    drop(stream);
    let cancelled = || served.chat().map_or(0, FakeChat::cancelled);
    wait("the engine knows", || cancelled() == 1);
    let stream = engine.chat(conversation("What is it?"));
    stream.cancel();
    assert_eq!(heard(stream).1, ChatFinish::Cancelled);
}

fn a_host_that_dies_ends_an_answer_with_a_sentence() {
    let place = Place::new(&["--chat", &"word ".repeat(200)]);
    let engine = place.ready();
    let mut stream = engine.chat(conversation("What is it?"));
    while !matches!(stream.blocking_next(), Some(ChatEvent::Text(_))) {}
    signal(engine.host_process().expect("connected"), libc::SIGKILL);
    match heard(stream).1 {
        ChatFinish::Failed(sentence) => assert!(sentence.contains("ended unexpectedly"), "{sentence}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(engine.count(vec![Arc::from("abcd")]), None, "who counts does not wait for ever");
    assert!(place.runtime.block_on(engine.model()).is_ok(), "the next question has another host");
}

/// Holds conversations, and sleeps until work is announced.
struct Sleepy(FakeEngine);

impl Engine for Sleepy {
    fn conversations(&self) -> Option<&dyn ChatEngine> {
        self.0.conversations()
    }

    fn generate(&self, job: tandem::engine::Job) -> tandem::engine::Generation {
        self.0.generate(job)
    }

    fn wake(&self) {
        self.0.set_state(EngineState::Ready);
    }

    fn status(&self) -> tokio::sync::watch::Receiver<tandem::engine::EngineStatus> {
        self.0.status()
    }
}

fn a_question_wakes_a_host_that_sleeps() {
    let asleep = |wakes| EngineState::Asleep { reason: "it was not used for 30 minutes".to_owned(), wakes };
    let place = Place::new(&[]);
    let served = Arc::new(Sleepy(FakeEngine::new(|_| "x".to_owned()).with_chat(FakeChat::new(|_| "yes".to_owned()))));
    served.0.set_state(asleep(true));
    let _host = place.serve(&place.config.identity, served.clone());
    // Who asks first connects, so that it learns of the sleep while it waits already.
    let engine = place.engine();
    let model = place.runtime.block_on(engine.model()).expect("it is woken");
    assert_eq!(model.name, "fake-coder");
    // And again, by one who is connected.
    served.0.set_state(asleep(true));
    wait("it is known to sleep", || !engine.status().borrow().is_ready());
    assert!(place.runtime.block_on(engine.model()).is_ok());
    served.0.set_state(asleep(false));
    wait("it is known to sleep", || !engine.status().borrow().is_ready());
    let refused = place.runtime.block_on(engine.model()).unwrap_err();
    assert!(refused.contains("not used"), "one that may not wake says why: {refused}");
}

fn an_engine_without_conversations_says_so() {
    let place = Place::new(&[]);
    let engine = place.ready();
    let refused = place.runtime.block_on(engine.model()).unwrap_err();
    assert!(refused.contains("model"), "{refused}");
    match heard(engine.chat(conversation("What is it?"))).1 {
        ChatFinish::Failed(sentence) => assert_eq!(sentence, "this engine answers no questions"),
        other => panic!("{other:?}"),
    }
    assert_eq!(complete(&engine), "answer");
}

fn completions_go_on_beside_an_answer() {
    let place = Place::new(&["--chat", &"word ".repeat(200), "--text", "done"]);
    let engine = place.ready();
    let mut stream = engine.chat(conversation("What is it?"));
    while !matches!(stream.blocking_next(), Some(ChatEvent::Text(_))) {}
    let events = drain(engine.generate(job(1, "fn ")));
    assert!(matches!(events.last(), Some(Event::Done(_))));
    assert_eq!(text(&events), "done");
    assert!(matches!(stream.blocking_next(), Some(ChatEvent::Text(_))), "and the answer goes on");
}
