//! A worker whose machine and memory the test decides on.

use std::time::Duration;

use tokio::sync::watch;

use super::*;
use crate::config::{CompletionSettings, EngineSettings};
use crate::engine::power::Machine;
use crate::engine::{EngineStatus, Event, FimPrompt, Job, PromptBudget, Task, Urgency, generation};

/// A bound against hanging, not a measurement.
const PATIENCE: Duration = Duration::from_secs(60);

/// A machine of files that has memory enough and a battery.
fn machine(directory: &Path, battery: &str) {
    for (path, text) in [
        ("proc/meminfo", "MemTotal: 16777216 kB\nMemAvailable: 8388608 kB\n"),
        ("sys/class/power_supply/BAT0/type", "Battery"),
        ("sys/class/power_supply/BAT0/status", battery),
    ] {
        let path = directory.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // In one step: nobody reads half of it.
        let new = path.with_extension("new");
        std::fs::write(&new, text).unwrap();
        std::fs::rename(new, path).unwrap();
    }
}

fn until(status: &watch::Sender<EngineStatus>, what: &str, holds: impl Fn(&EngineState) -> bool) -> EngineStatus {
    let start = Instant::now();
    loop {
        let now = status.borrow().clone();
        if holds(&now.state) {
            return now;
        }
        assert!(start.elapsed() < PATIENCE, "still not: {what}: {now:?}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn job() -> Job {
    Job {
        lane: 1,
        urgency: Urgency::Awaited,
        task: Task::Write,
        prompt: FimPrompt { path: "a.rs".into(), prefix: "fn main() {\n    let x = ".into(), ..FimPrompt::default() },
        budget: PromptBudget { prefix: 100, suffix: 100, snippets: 0 },
        max_tokens: 4,
        max_lines: 1,
        candidates: 1,
        draft: None,
        explain: false,
        corpus: None,
    }
}

fn ask(inbox: &Inbox) -> Finish {
    let (sender, mut stream) = generation();
    inbox.push(1, job(), sender);
    let mut end = None;
    while let Some(event) = stream.blocking_next() {
        if let Event::Finished { reason, .. } = event {
            end = Some(reason);
        }
    }
    end.expect("each job has its end")
}

/// The context that has other threads is made when the old one is gone: without it there is nothing to compute with.
#[test]
fn a_change_of_threads_that_fails_puts_the_model_away_and_says_why() {
    let root = tempfile::tempdir().unwrap();
    machine(root.path(), "Charging");
    let (engine, completion) = (EngineSettings::default(), CompletionSettings::default());
    let mut config = ModelConfig::new(&engine, &completion, root.path().join("cache"));
    (config.threads, config.self_test) = (2, false);
    (config.life.machine, config.life.period) = (Machine::below(root.path()), Duration::from_millis(20));
    let inbox = Arc::new(Inbox::default());
    let status = watch::Sender::new(EngineStatus::new("llama", EngineState::Loading { progress: 0.0 }));
    let worker = std::thread::spawn({
        let (inbox, status) = (inbox.clone(), status.clone());
        move || {
            load::CONTEXTS_LEFT.set(Some(1));
            run(&config, &inbox, &status);
        }
    });
    until(&status, "ready", |state| *state == EngineState::Ready);
    assert!(!matches!(ask(&inbox), Finish::Failed(_)), "with the first context it writes");

    machine(root.path(), "Discharging");
    let asleep = until(&status, "put away", |state| matches!(state, EngineState::Asleep { .. }));
    let EngineState::Asleep { reason, wakes } = asleep.state else { unreachable!() };
    assert!(reason.contains("cannot make a context") && reason.contains("engine.contextTokens"), "{reason}");
    assert!(!wakes, "it is not tried again at once");
    assert_eq!(asleep.rest.threads, None);
    assert_eq!(ask(&inbox), Finish::Failed(reason));

    inbox.close("the test is over");
    worker.join().expect("the worker ends in good order");
}
