//! The whole way with the shipped binary and the shipped model: `tandem engine` with llama.cpp in it.

use std::sync::Arc;

use tandem::config::Settings;
use tandem::engine::chat::{ChatEngine, ChatJob, ChatRole, ChatTurn};
use tandem::engine::embed::{EmbedEngine, EmbedJob, Purpose};
use tandem::engine::host::{Holding, HostConfig, HostEngine, Register, Role};
use tandem::engine::llama::{LlamaEmbedder, LlamaEngine, ModelConfig};
use tandem::engine::{CancelFlag, Engine, EngineState, Event, Finish, Job, Task, Urgency};

use super::chat::heard;
use super::support::{Place, Test, complete, drain, is_alive, job, reason, sentence, signal, text, wait};

use crate::synth::{Spec, Thesaurus, Weights, tiny};

pub const TESTS: &[Test] = &[
    ("the_starter_model_survives_a_kill_in_mid_decode", the_starter_model_survives_a_kill_in_mid_decode),
    (
        "a_guess_of_one_window_gives_way_to_a_request_of_another",
        a_guess_of_one_window_gives_way_to_a_request_of_another,
    ),
    ("a_model_that_does_not_load_says_why", a_model_that_does_not_load_says_why),
    ("a_conversation_is_the_same_in_a_host_and_here", a_conversation_is_the_same_in_a_host_and_here),
    (
        "vectors_are_the_same_in_a_host_and_here_and_survive_a_kill",
        vectors_are_the_same_in_a_host_and_here_and_survive_a_kill,
    ),
];

fn place(change: impl FnOnce(&mut Settings)) -> Place {
    let mut place = Place::new(&[]);
    let mut settings = Settings::default();
    settings.engine.threads = 1;
    // The machine that runs the tests may be short of anything.
    settings.engine.unload_under_pressure = false;
    change(&mut settings);
    let program = env!("CARGO_BIN_EXE_tandem").into();
    place.config = HostConfig::new(place.config.paths.clone(), program, &settings).expect("works");
    place.config.idle = std::time::Duration::from_millis(200);
    place
}

/// A job that goes on for a while.
fn long_job(lane: u64) -> Job {
    Job { max_tokens: 400, ..job(lane, "fn main() {\n    let numbers = vec![1, 2, 3, 4, 5, 6, 7, 8, 9, ") }
}

fn the_starter_model_survives_a_kill_in_mid_decode() {
    let place = place(|_| ());
    let (engine, window) = (place.ready(), place.ready());
    let host = engine.host_process().expect("connected");
    assert_eq!(window.host_process(), Some(host), "two windows, one model");
    let before = drain(window.generate(Job { max_tokens: 8, ..job(1, "fn ") }));
    assert!(!text(&before).is_empty(), "{before:?}");

    let mut stream = engine.generate(long_job(1));
    while !matches!(stream.blocking_next(), Some(Event::Delta { .. })) {}
    signal(host, libc::SIGKILL);
    let said = sentence(&drain(stream));
    assert!(said.contains("ended unexpectedly"), "{said}");

    complete(&engine);
    assert_eq!(engine.status().borrow().restarts, 1);
    wait("the other window is back", || window.status().borrow().is_ready());
    let after = drain(window.generate(Job { max_tokens: 8, ..job(1, "fn ") }));
    assert_eq!(text(&after), text(&before));

    let host = engine.host_process().expect("connected");
    let register = Register::new(&place.address(1));
    let held = register.others();
    let [Holding { process, is_awake: true, .. }] = &held[..] else { panic!("{held:?}") };
    assert_eq!(*process, host);
    assert!(held[0].on("CPU") > 1 << 20, "weights and cache: {held:?}");
    drop((engine, window));
    wait("the host is gone", || !is_alive(host));
    assert_eq!(register.others(), []);
}

fn a_guess_of_one_window_gives_way_to_a_request_of_another() {
    let place = place(|_| ());
    let (engine, window) = (place.ready(), place.ready());
    assert_eq!(window.host_process(), engine.host_process(), "two windows, one model");
    let mut guess = engine.generate(Job { urgency: Urgency::Background, ..long_job(1) });
    while !matches!(guess.blocking_next(), Some(Event::Delta { .. })) {}
    let request = drain(window.generate(Job { max_tokens: 4, ..job(1, "fn ") }));
    assert!(!matches!(reason(&request), Finish::Cancelled | Finish::Superseded | Finish::Failed(_)), "{request:?}");
    assert_eq!(reason(&drain(guess)), Finish::Cancelled);
    let prefill = drain(engine.generate(Job { task: Task::Prefill, urgency: Urgency::Background, ..long_job(2) }));
    assert_eq!((text(&prefill).as_str(), reason(&prefill)), ("", Finish::MaxTokens));
}

fn a_model_that_does_not_load_says_why() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), "no model").expect("written");
    let place = place(|settings| settings.engine.model = Some(file.path().to_owned()));
    let engine = place.engine();
    engine.connect();
    let status = engine.status();
    wait("it failed", || matches!(status.borrow().state, EngineState::Failed { .. }));
    assert!(engine.host_process().is_some(), "the host itself is well");
    let EngineState::Failed { reason: said } = status.borrow().state.clone() else { panic!("it works") };
    assert!(matches!(reason(&drain(engine.generate(job(1, "fn ")))), Finish::Failed(_)));
    assert!(said.contains("GGUF") || said.contains("model"), "{said}");
}

/// With the model that completes and with one of its own, each in its host, and in this process.
fn a_conversation_is_the_same_in_a_host_and_here() {
    let directory = tempfile::tempdir().expect("tempdir");
    let file = directory.path().join("chat.gguf");
    let chatml = "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}{{ '<|im_start|>assistant\n' }}";
    let spec = Spec { vocabulary: 4096, ..tiny("qwen2") }.with_chat_template(chatml);
    spec.write(&file, Weights::Random(7)).expect("written");
    let job = |texts: &[&str]| {
        let roles = [ChatRole::User, ChatRole::Assistant].into_iter().cycle();
        let turns = texts.iter().zip(roles).map(|(text, role)| ChatTurn::new(role, *text)).collect();
        ChatJob { turns, max_tokens: 32, ..ChatJob::default() }
    };
    let talk = |engine: &dyn ChatEngine| {
        let one = heard(engine.chat(job(&["What does `main` do?"])));
        let two = heard(engine.chat(job(&["What does `main` do?", &one.0, "Why?"])));
        assert!(!one.0.is_empty(), "{one:?}");
        (one, two)
    };
    let place = place(|settings| settings.engine.model = Some(file.clone()));
    let shared = place.ready();
    assert!(place.runtime.block_on(shared.model()).is_ok());
    let hosted = talk(&shared);
    let counted = shared.count(vec![Arc::from("fn main() {}")]);

    let mut settings = Settings::default();
    (settings.engine.threads, settings.engine.unload_under_pressure) = (1, false);
    settings.engine.chat_model = Some(file.clone());
    let own = HostConfig::with_role(place.config.paths.clone(), place.config.program.clone(), &settings, Role::Chat);
    let own = HostConfig { idle: place.config.idle, ..own.expect("works") };
    let own = HostEngine::new(own, place.runtime.handle());
    assert!(place.runtime.block_on(own.model()).is_ok());
    assert_ne!(own.host_process(), shared.host_process());
    assert_eq!(talk(&own), hosted);
    assert!(matches!(reason(&drain(own.generate(long_job(1)))), Finish::Failed(why) if why.contains("questions")));

    let mut config = ModelConfig::new(&settings.engine, &settings.completion, directory.path().to_owned());
    (config.model, config.self_test) = (Some(file), false);
    let here = LlamaEngine::start(config);
    assert!(place.runtime.block_on(here.model()).is_ok());
    assert_eq!(talk(&here), hosted);
    assert_eq!(here.count(vec![Arc::from("fn main() {}")]), counted);

    let process = own.host_process().expect("connected");
    drop(own);
    wait("the host for questions is gone", || !is_alive(process));
}

/// The host that makes vectors dies with one on its way: who asked is told, and the next text finds another host.
fn vectors_are_the_same_in_a_host_and_here_and_survive_a_kill() {
    let directory = tempfile::tempdir().expect("tempdir");
    let file = directory.path().join("thesaurus.gguf");
    Thesaurus { groups: &[&["charge", "bill"], &["client", "customer"]] }.write(&file).expect("written");
    let mut settings = Settings::default();
    settings.engine.threads = 1;
    settings.engine.unload_under_pressure = false;
    settings.engine.embedding_model = Some(file.clone());
    let mut place = Place::new(&[]);
    let program = env!("CARGO_BIN_EXE_tandem").into();
    place.config =
        HostConfig::with_role(place.config.paths.clone(), program, &settings, Role::Embedding).expect("works");
    place.config.idle = std::time::Duration::from_millis(200);

    let patience = std::time::Duration::from_secs(60);
    let embed = |engine: &dyn EmbedEngine| {
        let texts = ["bill the customer", "charge_client()", "nothing known"].map(str::to_owned).to_vec();
        engine.embed(EmbedJob::new(Purpose::Document, texts), &CancelFlag::default(), patience)
    };
    let config = ModelConfig::new(&settings.engine, &settings.completion, directory.path().to_owned());
    let here = embed(&LlamaEmbedder::start(ModelConfig { model: Some(file), ..config })).expect("vectors");
    let engine = place.engine();
    let there = embed(&engine).expect("vectors");
    assert_eq!(there, here);
    let near = |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(one, other)| one * other).sum::<f32>();
    let (same, other) = (near(&there[0], &there[1]), near(&there[0], &there[2]));
    assert!(same > 0.9 && other < 0.7, "{same} {other}");

    let host = engine.host_process().expect("connected");
    let held = Register::new(&place.address(1)).others();
    let [Holding { role: Role::Embedding, is_awake: true, .. }] = &held[..] else { panic!("{held:?}") };
    signal(host, libc::SIGKILL);
    wait("the host is gone", || !is_alive(host));
    // Asked right after its end, this may be told that it ended; it is never left waiting.
    let again = embed(&engine).or_else(|_| embed(&engine)).expect("vectors of another host");
    assert_eq!(again, here);
    assert_ne!(engine.host_process(), Some(host));
}
