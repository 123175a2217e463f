//! Answers by the model on this machine.

use std::sync::Arc;
use std::time::Duration;

use super::*;
use crate::engine::chat::{ChatEngine, ChatFinish, ChatJob, ChatModel, ChatRole, ChatStream, FakeChat, chat_stream};
use futures_util::future::BoxFuture;

/// `remote` and a model here that answers so.
fn with(remote: Option<Arc<FakeRemote>>, chat: &Arc<FakeChat>) -> Asker {
    Asker::new(Parts { chat: Some(chat.clone()), ..parts(remote) })
}

fn answers(text: &'static str) -> Arc<FakeChat> {
    Arc::new(FakeChat::new(move |_| text.to_owned()))
}

const ANSWER: &str = "A request is saved by `save` (src/store.rs:8), see ![x](https://evil.example/a.png).";

async fn asked(asker: &Asker, question: Question, fixture: &Fixture) -> Vec<Step> {
    steps(asker, question, fixture, ConsentReply::Refused).await
}

#[tokio::test]
async fn it_is_packed_checked_and_told_like_any_other() {
    let (fixture, chat) = (Fixture::small(), answers(ANSWER));
    let steps = asked(&with(None, &chat), question("How does handle_request save a row?"), &fixture).await;
    let (text, footer) = (text(&steps), footer(&steps));
    assert!(text.contains("src/store.rs:8") && text.contains("![x\\](https"), "{text}");
    assert_eq!(footer.answered_by, "fake-coder (1.5B parameters, a small model) on this machine");
    assert!(!footer.is_cloud && !footer.has_left && footer.cited == 1 && footer.incomplete.is_none(), "{footer:?}");
    assert_eq!(footer.cost, crate::budget::Picodollars::ZERO);
    assert!(footer.usage.input_uncached > 0 && footer.usage.output > 0, "{footer:?}");
    assert_eq!(notices(&steps), "");
    let job = &chat.jobs()[0];
    assert_eq!(job.turns.iter().map(|turn| turn.role).collect::<Vec<_>>(), [ChatRole::System, ChatRole::User]);
    assert!(job.turns[1].text.contains("pub fn handle_request") && job.turns[1].text.contains("save a row?"));
    assert_eq!(job.temperature, 0.0);
}

#[tokio::test]
async fn lookups_are_the_indexs() {
    let (fixture, chat) = (Fixture::small(), answers(ANSWER));
    let steps = asked(&with(None, &chat), question("where is handle_request"), &fixture).await;
    assert_eq!(footer(&steps).answered_by, "the index");
    assert!(chat.jobs().is_empty());
}

#[tokio::test]
async fn a_thread_goes_on_with_the_same_beginning() {
    let (fixture, chat) = (Fixture::small(), answers("It saves a row."));
    let asker = with(None, &chat);
    let first = asked(&asker, question("How does handle_request save a row?"), &fixture).await;
    let thread = footer(&first).thread.clone();
    let next = asked(&asker, Question { thread, ..question("And what could go wrong?") }, &fixture).await;
    let jobs = chat.jobs();
    assert!(jobs[1].turns.starts_with(&jobs[0].turns), "{jobs:#?}");
    assert_eq!(jobs[1].turns.len(), 4);
    assert!(footer(&next).usage.cache_read > 0);
    assert_eq!(footer(&next).thread, footer(&first).thread);
}

#[tokio::test]
async fn what_stays_here_may_be_read_and_then_the_thread_stays() {
    let mut fixture = Fixture::small();
    fixture.set(|settings| settings.privacy.local_only.push("src/store.rs".to_owned()));
    let remote = FakeRemote::new("from the cloud");
    remote.stays.lock().unwrap().push("src/store.rs".to_owned());
    let chat = answers("It saves a row.");
    let asker = with(Some(remote.clone()), &chat);
    let first = asked(&asker, question("How does `save` in src/store.rs work?"), &fixture).await;
    assert!(footer(&first).route_reason.contains("privacy.localOnly"), "{:?}", footer(&first));
    assert!(chat.jobs()[0].turns[1].text.contains("pub fn save"), "{:#?}", chat.jobs());
    let on = Question {
        thread: footer(&first).thread.clone(),
        route: Some(RouteChoice::Cloud),
        ..question("And who calls handle_request, in general, and why does it matter to anybody at all?")
    };
    let next = steps(&asker, on, &fixture, ConsentReply::Once).await;
    assert_ne!(footer(&next).thread, footer(&first).thread);
    let drafts = remote.drafts();
    let turns = drafts.iter().flat_map(|draft| &draft.turns).flat_map(|turn| &turn.sections);
    let sent: String = turns.flat_map(|section| &section.pieces).map(|piece| &*piece.text).collect();
    assert!(sent.contains("why does it matter") && !sent.contains("It saves a row."), "nothing of the thread leaves");
}

#[tokio::test]
async fn it_answers_where_the_cloud_does_not_and_says_so() {
    let (fixture, chat) = (Fixture::small(), answers("It saves a row."));
    let asks = |remote: &Arc<FakeRemote>| with(Some(remote.clone()), &chat);
    let remote = FakeRemote::new("from the cloud");
    let refused = asked(&asks(&remote), question("How does handle_request save a row?"), &fixture).await;
    assert!(notices(&refused).contains("you did not allow it"), "{}", notices(&refused));
    assert!(footer(&refused).answered_by.starts_with("fake-coder"));

    *remote.refusal.lock().unwrap() = Some(Withheld::Secret { rules: vec!["key".to_owned()] });
    let secret = asked(&asks(&remote), question("How does handle_request save a row?"), &fixture).await;
    assert!(footer(&secret).answered_by.starts_with("fake-coder"));
    assert!(footer(&secret).route_reason.contains("because"), "{:?}", footer(&secret));
    assert_eq!(remote.sent(), 0);

    let failing = FakeRemote::new("");
    *failing.finish.lock().unwrap() = Finish::Answered(Reason::Complete);
    let empty = steps(
        &asks(&failing),
        Question { route: Some(RouteChoice::Cloud), ..question("How does handle_request save a row?") },
        &fixture,
        ConsentReply::Once,
    )
    .await;
    let footer = footer(&empty);
    assert!(footer.has_left && footer.cost > crate::budget::Picodollars::ZERO, "what was paid for is told: {footer:?}");
    assert!(footer.answered_by.starts_with("fake-coder"));
}

#[tokio::test]
async fn the_cloud_stays_on_offer() {
    let (mut fixture, chat) = (Fixture::small(), answers("It saves a row."));
    fixture.set(|settings| settings.ask.route = RouteChoice::Local);
    let remote = FakeRemote::new("from the cloud");
    let steps = asked(&with(Some(remote), &chat), question("How does handle_request save a row?"), &fixture).await;
    assert_eq!(notices(&steps), "anthropic large can be asked: `--cloud`, or `ask.route` in the settings.");
    assert!(footer(&steps).answered_by.starts_with("fake-coder"));
}

#[tokio::test]
async fn where_it_cannot_answer_the_index_does_and_the_reason_is_told() {
    let (fixture, chat) = (Fixture::small(), answers(""));
    let asker = with(None, &chat);
    let empty = asked(&asker, question("How does handle_request save a row?"), &fixture).await;
    assert!(notices(&empty).contains("its answer is empty"), "{}", notices(&empty));
    assert_eq!(footer(&empty).answered_by, "the index");
    chat.set_finish(ChatFinish::Failed("the engine host ended".to_owned()));
    let failed = asked(&asker, question("How does handle_request save a row?"), &fixture).await;
    assert!(footer(&failed).route_reason.contains("the engine host ended"));
    chat.set_model(Err("base.gguf has no chat template; set engine.chatModel".to_owned()));
    let none = asked(&asker, question("How does handle_request save a row?"), &fixture).await;
    assert!(notices(&none).contains("set engine.chatModel"), "{}", notices(&none));
    assert_eq!(footer(&none).answered_by, "the index");
}

#[tokio::test]
async fn what_came_of_a_broken_answer_is_kept() {
    let (fixture, chat) = (Fixture::small(), answers("It saves"));
    for (finish, part) in [
        (ChatFinish::Failed("the engine host ended unexpectedly".to_owned()), "host ended"),
        (ChatFinish::MaxTokens, "limit"),
        (ChatFinish::Repeating, "repeat"),
    ] {
        chat.set_finish(finish);
        let steps = asked(&with(None, &chat), question("How does handle_request save a row?"), &fixture).await;
        assert_eq!(text(&steps).trim(), "It saves");
        let incomplete = footer(&steps).incomplete.clone().unwrap_or_default();
        assert!(incomplete.contains(part), "{incomplete}");
    }
}

#[tokio::test]
async fn a_cancel_reaches_the_model() {
    let fixture = Fixture::small();
    let endless = Arc::new(FakeChat::new(|_| "word ".repeat(200)).with_pace(Duration::from_millis(20)));
    let mut asked =
        with(None, &endless).ask(question("How does handle_request save a row?"), fixture.workspace.clone());
    let mut end = None;
    while let Some(step) = asked.steps.recv().await {
        match step {
            Step::Text(_) => asked.cancel.cancel(),
            Step::Done(footer) => end = footer.incomplete,
            _ => {}
        }
    }
    assert_eq!(end.as_deref(), Some("you cancelled it"));
    assert_eq!(endless.cancelled(), 1);
}

/// Takes questions and comes to none of them.
#[derive(Default)]
struct Deaf(std::sync::Mutex<Vec<crate::engine::chat::ChatSender>>);

impl ChatEngine for Deaf {
    fn chat(&self, _: ChatJob) -> ChatStream {
        let (sender, stream) = chat_stream();
        self.0.lock().unwrap().push(sender);
        stream
    }

    fn model(&self) -> BoxFuture<'static, Result<ChatModel, String>> {
        FakeChat::new(|_| String::new()).model()
    }

    fn count(&self, _: Vec<Arc<str>>) -> Option<Vec<u32>> {
        None
    }
}

#[tokio::test]
async fn a_cancel_waits_for_no_model_that_does_not_hear_it() {
    let (fixture, deaf) = (Fixture::small(), Arc::new(Deaf::default()));
    let asker = Asker::new(Parts { chat: Some(deaf.clone()), ..parts(None) });
    let mut asked = asker.ask(question("How does handle_request save a row?"), fixture.workspace.clone());
    let mut end = None;
    while let Some(step) = asked.steps.recv().await {
        match step {
            Step::Progress(line) if line.starts_with("asking") => asked.cancel.cancel(),
            Step::Failed(why) => end = Some(why),
            _ => {}
        }
    }
    assert_eq!(end.as_deref(), Some("cancelled; it did cost nothing"));
    assert_eq!(deaf.0.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn thinking_is_no_part_of_the_answer() {
    let (fixture, chat) = (Fixture::small(), answers("<think>I wonder</think>It saves a row."));
    let steps = asked(&with(None, &chat), question("How does handle_request save a row?"), &fixture).await;
    assert_eq!(text(&steps).trim(), "It saves a row.");
    assert!(footer(&steps).usage.reasoning > 0);
    assert!(steps.iter().any(|step| matches!(step, Step::Progress(line) if line.contains("thinking"))));
}
