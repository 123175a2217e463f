//! Cancel, unload, load again, and two windows on one host, with the model on the device.

use std::sync::Arc;

use tandem::config::Settings;
use tandem::engine::host::{HostConfig, HostEngine, HostPaths};
use tandem::engine::llama::ModelConfig;
use tandem::engine::{Engine, Event, Finish, Job, Task, Urgency};

use super::machine::{Test, on_device};
use crate::support::{ask, collect, config, job, start};

pub const TESTS: &[Test] = &[
    ("a_cancelled_job_ends_and_the_next_is_right", a_cancelled_job_ends_and_the_next_is_right),
    ("a_prefill_is_cancelled_between_its_steps", a_prefill_is_cancelled_between_its_steps),
    ("a_model_is_unloaded_and_loaded_again", a_model_is_unloaded_and_loaded_again),
    ("candidates_share_the_device", candidates_share_the_device),
    ("two_windows_share_one_model_on_the_device", two_windows_share_one_model_on_the_device),
];

const CURSOR: &str = "fn largest(values: &[i32]) -> Option<i32> {\n    values.iter().$0\n}\n";

fn long() -> Job {
    Job { max_tokens: 400, max_lines: 400, ..job("let numbers = vec![1, 2, 3, 4, 5, 6, 7, 8, $0") }
}

fn a_cancelled_job_ends_and_the_next_is_right() {
    let engine = start(config());
    let before = ask(&engine, job(CURSOR));
    for _ in 0..3 {
        let mut running = engine.generate(long());
        while !matches!(running.blocking_next(), Some(Event::Delta { .. })) {}
        running.cancel();
        let mut end = None;
        while let Some(event) = running.blocking_next() {
            if let Event::Finished { reason, .. } = event {
                end = Some(reason);
            }
        }
        assert_eq!(end, Some(Finish::Cancelled));
        let after = ask(&engine, job(CURSOR));
        assert_eq!(after.text(), before.text());
    }
}

fn a_prefill_is_cancelled_between_its_steps() {
    let engine = start(config());
    let line = "    let total = items.iter().map(|item| item.price * item.count).sum();\n";
    let mut prefill = Job { task: Task::Prefill, urgency: Urgency::Background, ..long() };
    prefill.prompt.prefix = Arc::from(line.repeat(80));
    let running = engine.generate(prefill);
    // Whoever waits goes first, wherever the guess is by now.
    let answer = ask(&engine, Job { lane: 2, ..job(CURSOR) });
    assert!(!answer.text().is_empty());
    let guess = collect(running);
    assert!(
        matches!(guess.finish(), Finish::Cancelled | Finish::Superseded | Finish::MaxTokens),
        "{:?}",
        guess.finish()
    );
}

fn a_model_is_unloaded_and_loaded_again() {
    let first = start(config());
    let all = on_device(&first);
    let before = ask(&first, job(CURSOR));
    drop(first);
    for _ in 0..2 {
        let again = start(config());
        assert_eq!(on_device(&again), all, "as much of it fits as before");
        assert_eq!(ask(&again, job(CURSOR)).text(), before.text());
    }
}

fn candidates_share_the_device() {
    let engine = start(ModelConfig { max_draft_tokens: 0, ..config() });
    let answer = ask(&engine, Job { candidates: 3, max_tokens: 8, ..job(CURSOR) });
    assert_eq!(answer.texts[0], ask(&engine, Job { max_tokens: 8, ..job(CURSOR) }).text());
    assert!(answer.texts.len() > 1, "{:?}", answer.texts);
}

fn two_windows_share_one_model_on_the_device() {
    let directory = tempfile::Builder::new().prefix("tg").tempdir().expect("a directory");
    let below = |name: &str| directory.path().join(name);
    let paths = HostPaths { runtime_dir: below("run"), state_dir: below("state"), cache_dir: below("cache") };
    let mut settings = Settings::default();
    settings.engine.threads = 1;
    let mut host = HostConfig::new(paths, env!("CARGO_BIN_EXE_tandem").into(), &settings).expect("works");
    host.idle = std::time::Duration::from_millis(200);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
    let window = || {
        let engine = HostEngine::new(host.clone(), runtime.handle());
        engine.connect();
        let status = engine.status();
        super::machine::wait("the host is ready", || status.borrow().is_ready());
        engine
    };
    let (one, other) = (window(), window());
    assert_eq!(one.host_process(), other.host_process(), "one host has the model");
    assert!(on_device(&one) > 0, "{:?}", one.status().borrow().model);
    let answers = std::thread::scope(|scope| {
        let ask = |engine| scope.spawn(move || ask(engine, job(CURSOR)).text().to_owned());
        let (first, second) = (ask(&one), ask(&other));
        (first.join().expect("ends"), second.join().expect("ends"))
    });
    assert_eq!(answers.0, answers.1);
    assert_eq!(answers.0, ask(&start(config()), job(CURSOR)).text(), "as in this process");
}
