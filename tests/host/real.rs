//! The whole way with the shipped binary and the shipped model: `tandem engine` with llama.cpp in it.

use tandem::config::Settings;
use tandem::engine::host::HostConfig;
use tandem::engine::{Engine, EngineState, Event, Finish, Job, Task, Urgency};

use super::support::{Place, Test, complete, drain, is_alive, job, reason, sentence, signal, text, wait};

pub const TESTS: &[Test] = &[
    ("the_starter_model_survives_a_kill_in_mid_decode", the_starter_model_survives_a_kill_in_mid_decode),
    (
        "a_guess_of_one_window_gives_way_to_a_request_of_another",
        a_guess_of_one_window_gives_way_to_a_request_of_another,
    ),
    ("a_model_that_does_not_load_says_why", a_model_that_does_not_load_says_why),
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
    drop((engine, window));
    wait("the host is gone", || !is_alive(host));
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
