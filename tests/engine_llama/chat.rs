//! Conversations with a model whose weights are noise: what it says is nonsense, but counts, stops, cancels, reuse and
//! priorities are real.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use tandem::engine::chat::{
    ChatEngine, ChatEvent, ChatFinish, ChatJob, ChatModel, ChatReport, ChatRole, ChatStarted, ChatStream, ChatTurn,
};
use tandem::engine::host::Role;
use tandem::engine::llama::{LlamaEngine, ModelConfig, TokenCounter};
use tandem::engine::{Engine, Finish};

use crate::support::{ask, cache_directory, config, job, start};
use crate::synth::{Spec, Weights, tiny};

const CHATML: &str = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}";

fn written(name: &str, spec: &Spec) -> PathBuf {
    let path = cache_directory().join(name);
    spec.write(&path, Weights::Random(7)).unwrap();
    path
}

/// Its vocabulary is the starter's with marks of turns.
pub fn model() -> PathBuf {
    static MODEL: LazyLock<PathBuf> = LazyLock::new(|| {
        let spec = Spec { vocabulary: 4096, ..tiny("qwen2") };
        written("chat.gguf", &spec.with_chat_template(CHATML))
    });
    MODEL.clone()
}

fn with(model: PathBuf) -> ModelConfig {
    ModelConfig { model: Some(model), ..config() }
}

fn described(engine: &LlamaEngine) -> Result<ChatModel, String> {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(engine.model())
}

fn turns(texts: &[&str]) -> Vec<ChatTurn> {
    let roles = [ChatRole::System].into_iter().chain([ChatRole::User, ChatRole::Assistant].into_iter().cycle());
    texts.iter().zip(roles).map(|(text, role)| ChatTurn::new(role, *text)).collect()
}

fn question(max_tokens: u32) -> ChatJob {
    ChatJob { turns: turns(&["Be brief.", "What does fn main() do?"]), max_tokens, ..ChatJob::default() }
}

#[derive(Debug, Default)]
struct Heard {
    started: ChatStarted,
    text: String,
    finish: Option<ChatFinish>,
    report: ChatReport,
}

fn heard(mut stream: ChatStream) -> Heard {
    let (mut heard, mut is_done) = (Heard::default(), false);
    while let Some(event) = stream.blocking_next() {
        assert!(!is_done, "Done is the last event");
        match event {
            ChatEvent::Started(started) => heard.started = started,
            ChatEvent::Text(text) | ChatEvent::Thinking(text) => heard.text.push_str(&text),
            ChatEvent::Finished(finish) => heard.finish = Some(finish),
            ChatEvent::Done(report) => (heard.report, is_done) = (report, true),
        }
    }
    assert!(is_done);
    heard
}

fn until_text(stream: &mut ChatStream) {
    while !matches!(stream.blocking_next().expect("it runs"), ChatEvent::Text(_)) {}
}

#[test]
fn a_model_says_what_it_is_and_counts_its_own_tokens() {
    let engine = start(with(model()));
    let chat = described(&engine).unwrap();
    assert_eq!((chat.window, chat.trained, chat.template.as_str()), (2048, 2048, "its own template"));
    assert!(chat.parameters > 100_000, "{chat:?}");
    let texts: Vec<Arc<str>> = vec![Arc::from("fn main() {}"), Arc::from("<|im_end|>"), Arc::from("")];
    let counted = engine.count(texts.clone()).unwrap();
    let counter = TokenCounter::load(&model()).unwrap();
    assert_eq!(counted, texts.iter().map(|text| counter.count(text) as u32).collect::<Vec<_>>());
    assert!(counted[1] > 1, "a mark in a file is text: {counted:?}");
    let all = heard(engine.chat(question(1)));
    let said = engine.count(question(1).turns.into_iter().map(|turn| turn.text).collect()).unwrap();
    assert!(all.started.tokens > said.iter().sum(), "{:?}", all.started);
}

#[test]
fn an_answer_is_the_same_again_and_ends_where_it_is_told_to() {
    let engine = start(with(model()));
    let one = heard(engine.chat(question(24)));
    assert!(!one.text.is_empty() && one.report.generated <= 24, "{one:?}");
    let again = heard(engine.chat(question(24)));
    assert_eq!((&again.text, &again.finish), (&one.text, &one.finish));
    assert_eq!(again.started.evaluated, 1, "the last token alone: {:?}", again.started);
    assert_eq!(heard(engine.chat(question(1))).finish, Some(ChatFinish::MaxTokens));
    let middle = one.text.char_indices().nth(one.text.chars().count() / 2).unwrap().0;
    let stop = one.text[middle..].chars().take(3).collect::<String>();
    let stopped = heard(engine.chat(ChatJob { stop: vec![stop.clone()], ..question(24) }));
    assert_eq!(stopped.finish, Some(ChatFinish::Complete));
    assert_eq!(stopped.text, one.text[..one.text.find(&stop).unwrap()]);
}

#[test]
fn the_next_turn_evaluates_what_is_new() {
    let engine = start(with(model()));
    let long = "let total = values.iter().sum::<u64>();\n".repeat(20);
    let first = ChatJob { turns: turns(&["Be brief.", &long]), max_tokens: 8, ..ChatJob::default() };
    let one = heard(engine.chat(first));
    assert_eq!(one.started.reused, 0);
    let next = ChatJob { turns: turns(&["Be brief.", &long, "It adds.", "Why?"]), max_tokens: 8, ..ChatJob::default() };
    let two = heard(engine.chat(next));
    assert!(two.started.reused >= one.started.tokens, "{:?} {:?}", one.started, two.started);
    assert_eq!(two.started.reused + two.started.evaluated, two.started.tokens);
    assert!(two.started.evaluated < 40, "{:?}", two.started);
}

#[test]
fn a_cancel_is_seen_and_what_is_too_long_is_cut() {
    let engine = start(with(model()));
    let mut stream = engine.chat(ChatJob { temperature: 1.5, ..question(1500) });
    until_text(&mut stream);
    stream.cancel();
    let cancelled = heard(stream);
    assert_eq!(cancelled.finish, Some(ChatFinish::Cancelled));
    assert!(cancelled.report.generated < 1500);
    let dropped = engine.chat(question(1500));
    drop(dropped);
    let huge = "value = value + 1\n".repeat(2000);
    let cut = ChatJob { turns: turns(&["Be brief.", &huge]), max_tokens: 4, ..ChatJob::default() };
    let cut = heard(engine.chat(cut)).started;
    assert!(cut.cut > 1000 && cut.tokens < cut.window, "{cut:?}");
}

#[test]
fn a_request_is_let_ahead_of_an_answer_and_writes_the_same() {
    let engine = start(with(model()));
    let alone = ask(&engine, job("fn main() {\n    let x = $0;\n}\n"));
    let mut stream = engine.chat(ChatJob { temperature: 1.5, ..question(1200) });
    until_text(&mut stream);
    for _ in 0..3 {
        let beside = ask(&engine, job("fn main() {\n    let x = $0;\n}\n"));
        assert_eq!((beside.text(), beside.finish()), (alone.text(), alone.finish()));
    }
    stream.cancel();
    let answer = heard(stream);
    assert!(answer.report.yielded_us > 0, "{answer:?}");
    assert_eq!(answer.finish, Some(ChatFinish::Cancelled), "it was still being written");
}

#[test]
fn a_model_for_questions_need_not_fill_holes() {
    let spec = Spec { has_holes: false, ..tiny("llama") };
    let path = written("chat-only.gguf", &spec.with_chat_template(CHATML));
    let mut config = with(path);
    config.life.role = Role::Chat;
    let engine = start(config);
    assert!(described(&engine).is_ok(), "{:?}", engine.status().borrow().state);
    assert!(heard(engine.chat(question(4))).finish.is_some());
    assert!(matches!(ask(&engine, job("let x = $0;")).finish(), Finish::Failed(why) if why.contains("questions")));
    let status = engine.status().borrow().clone();
    let model = status.model.expect("it is loaded");
    assert_eq!((model.kv_bytes, model.context, model.fim.as_str()), (0, 0, ""), "it takes no memory for completions");
}

#[test]
fn a_model_without_a_template_says_what_to_do() {
    let engine = start(config());
    let refused = described(&engine).unwrap_err();
    assert!(refused.contains("engine.chatModel"), "{refused}");
    let failed = heard(engine.chat(question(4)));
    assert_eq!(failed.finish, Some(ChatFinish::Failed(refused)));
    assert!(!matches!(ask(&engine, job("let x = $0;\n")).finish(), Finish::Failed(_)), "it completes");
}

#[test]
fn shutting_the_engine_down_ends_an_answer() {
    let engine = start(with(model()));
    let mut stream = engine.chat(ChatJob { temperature: 1.5, ..question(1500) });
    until_text(&mut stream);
    drop(engine);
    assert!(matches!(heard(stream).finish, Some(ChatFinish::Failed(_))));
}
