//! A model that is put away and comes back: its memory is free meanwhile, and it writes the same as before.

use std::path::Path;
use std::time::Duration;

use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::engine::power::Machine;
use tandem::engine::{Engine, EngineState, EngineStatus, Finish, Job, Urgency};

use crate::support::{ask, collect, config, job, settle, start};

/// A machine of files that a test changes.
pub struct Place(tempfile::TempDir);

impl Place {
    pub fn new() -> Self {
        let place = Self(tempfile::tempdir().expect("tempdir"));
        place.battery("Charging");
        place.memory(8_000);
        place
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        // In one step: nobody reads half of it.
        let new = path.with_extension("new");
        std::fs::write(&new, text).expect("written");
        std::fs::rename(new, path).expect("moved");
    }

    pub fn battery(&self, status: &str) {
        self.write("sys/class/power_supply/BAT0/type", "Battery");
        self.write("sys/class/power_supply/BAT0/status", status);
    }

    pub fn memory(&self, mib: u64) {
        self.write("proc/meminfo", &format!("MemTotal: {} kB\nMemAvailable: {} kB\n", 16 << 20, mib << 10));
    }

    pub fn config(&self) -> ModelConfig {
        let mut config = config();
        config.life.machine = Machine::below(self.0.path());
        config.life.period = Duration::from_millis(250);
        config
    }
}

/// Waits until the status is as described.
pub fn until(engine: &LlamaEngine, what: &str, holds: impl FnMut(&EngineStatus) -> bool) -> EngineStatus {
    let mut status = engine.status();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("a runtime");
    runtime.block_on(async {
        let found = tokio::time::timeout(Duration::from_secs(60), status.wait_for(holds)).await;
        found.unwrap_or_else(|_| panic!("still not: {what}")).expect("the engine lives").clone()
    })
}

pub fn is_asleep(status: &EngineStatus) -> bool {
    matches!(status.state, EngineState::Asleep { .. })
}

/// Bytes of this process that are in memory because of the model's file.
fn mapped(path: &Path) -> u64 {
    let name = path.file_name().expect("a name").to_str().expect("Unicode");
    let maps = std::fs::read_to_string("/proc/self/smaps").unwrap_or_default();
    let mut of_file = false;
    let mut kilobytes = 0;
    for line in maps.lines() {
        match line.split_once(':') {
            Some(("Rss", rest)) if of_file => {
                kilobytes += rest.trim().trim_end_matches(" kB").parse::<u64>().expect("a number");
            }
            Some((key, _)) if !key.contains(' ') => {}
            _ => of_file = line.ends_with(name),
        }
    }
    kilobytes << 10
}

/// The starter under a name of its own: other tests map theirs.
fn own_model(place: &Place) -> std::path::PathBuf {
    let engine = start(config());
    let starter = engine.status().borrow().model.clone().and_then(|model| model.path).expect("a file");
    let path = place.0.path().join("own.gguf");
    std::fs::copy(starter, &path).expect("copied");
    path
}

#[test]
fn an_unused_model_gives_its_memory_back_and_a_request_brings_it_back() {
    let place = Place::new();
    let path = own_model(&place);
    let mut config = place.config();
    config.model = Some(path.clone());
    config.self_test = true;
    config.life.rules.unload_after = Some(Duration::from_millis(300));
    let engine = LlamaEngine::start(config);
    let status = until(&engine, "asleep", is_asleep);
    let EngineState::Asleep { reason, wakes } = &status.state else { panic!() };
    assert!(*wakes && reason.contains("engine.unloadMinutes"), "{reason}");
    assert_eq!((status.rest.sleeps, status.rest.wakes, status.rest.threads), (1, 0, None));
    let tested = status.model.expect("what it was is known").self_test;
    assert!(tested.is_some());
    if cfg!(target_os = "linux") {
        assert_eq!(mapped(&path), 0, "its file is mapped no more");
    }

    let guess = ask(&engine, Job { urgency: Urgency::Background, ..job("let x = $0;\n") });
    assert!(matches!(guess.finish(), Finish::Failed(_)), "nobody loads a model for a guess");
    assert!(is_asleep(&engine.status().borrow()));

    let woke = ask(&engine, job("let x = $0;\n"));
    let Finish::Failed(sentence) = woke.finish() else { panic!("{:?}", woke.finish()) };
    assert!(sentence.contains("being loaded"), "{sentence}");
    let status = until(&engine, "ready", EngineStatus::is_ready);
    assert_eq!((status.rest.sleeps, status.rest.wakes), (1, 1));
    assert!(status.rest.wake_ms.is_some() && status.rest.last_reason.is_some());
    assert_eq!(status.model.expect("a model").self_test, tested, "the same file is not tried again");
}

#[test]
fn a_model_that_slept_writes_what_it_wrote_before() {
    let place = Place::new();
    let mut config = place.config();
    config.life.rules.unload_after = Some(Duration::from_millis(300));
    let engine = start(config);
    let question = || job("fn add(a: i32, b: i32) -> i32 {\n    a + $0\n}\n");
    let answer = || loop {
        let answer = ask(&engine, question());
        match answer.finish() {
            // Asleep, or loading.
            Finish::Failed(_) => engine.wake(),
            _ => return answer,
        }
        until(&engine, "ready", EngineStatus::is_ready);
    };
    let before = answer();
    for round in 1..4 {
        until(&engine, "asleep", |status| is_asleep(status) && status.rest.sleeps >= round);
        assert_eq!(answer().text(), before.text());
    }
}

#[test]
fn under_pressure_an_idle_model_goes_and_stays_away_until_it_is_over() {
    let place = Place::new();
    let mut config = place.config();
    config.life.role = tandem::engine::host::Role::Chat;
    config.model = Some(crate::chat::model());
    let engine = start(config);
    assert_eq!(settle(&engine), EngineState::Ready);
    place.memory(100);
    let status = until(&engine, "asleep", is_asleep);
    let EngineState::Asleep { reason, wakes } = &status.state else { panic!() };
    assert!(!*wakes && reason.contains("100 MiB of memory were left"), "{reason}");
    let refused = ask(&engine, job("let x = $0;\n"));
    assert_eq!(refused.finish(), &Finish::Failed(reason.clone()));
    engine.wake();
    assert!(is_asleep(&engine.status().borrow()), "nobody wakes it");
}

#[test]
fn a_machine_on_battery_gets_half_of_the_threads_and_no_guesses() {
    let place = Place::new();
    let mut config = place.config();
    config.threads = 2;
    let engine = start(config);
    let long = |lane, urgency| Job { lane, urgency, max_tokens: 600, max_lines: 600, ..job("fn main() {\n    $0") };
    let question = || job("fn add(a: i32, b: i32) -> i32 {\n    a + $0\n}\n");
    let before = ask(&engine, question());
    let threads = |status: &EngineStatus| status.rest.threads;
    until(&engine, "all threads are told", |status| threads(status) == Some(2));
    let guess = engine.generate(long(2, Urgency::Background));
    place.battery("Discharging");
    let is_polite =
        |status: &EngineStatus| status.rest.polite_because.iter().any(|why| why.contains("engine.onBattery"));
    // A look at what fewer threads cost may have come to one by itself.
    let status = until(&engine, "half of them", |status| threads(status) == Some(1) && is_polite(status));
    assert!(status.is_ready(), "{status:?}");
    assert!(matches!(
        collect(guess).finish(),
        Finish::Cancelled | Finish::MaxTokens | Finish::MaxLines | Finish::EndOfText
    ));
    assert_eq!(ask(&engine, long(3, Urgency::Background)).finish(), &Finish::Superseded);
    let after = ask(&engine, question());
    assert_eq!(after.text(), before.text(), "fewer threads write the same");
    assert!(after.prompt.evaluated <= 1, "the prompt moved into the new context: {:?}", after.prompt);
    place.battery("Charging");
    // How many threads compute then is the machine's to say: it may be busy with other tests.
    until(&engine, "polite no more", |status| !is_polite(status));
}

#[test]
fn lookup_on_battery_loads_nothing() {
    let place = Place::new();
    place.battery("Discharging");
    let mut config = place.config();
    config.life.rules.on_battery = tandem::config::Politeness::Lookup;
    let engine = LlamaEngine::start(config);
    let status = until(&engine, "asleep", is_asleep);
    assert!(status.model.is_none() && status.rest.sleeps == 0, "{status:?}");
    place.battery("Charging");
    until(&engine, "it may wake", |status| matches!(status.state, EngineState::Asleep { wakes: true, .. }));
    engine.wake();
    assert!(until(&engine, "ready", EngineStatus::is_ready).model.is_some());
}

#[test]
fn a_file_that_is_gone_keeps_it_asleep_with_the_reason() {
    let place = Place::new();
    let path = own_model(&place);
    let mut config = place.config();
    config.model = Some(path.clone());
    config.life.rules.unload_after = Some(Duration::from_millis(300));
    let engine = LlamaEngine::start(config);
    until(&engine, "asleep", is_asleep);
    std::fs::remove_file(&path).expect("removed");
    engine.wake();
    let status = until(&engine, "it says why", |status| match &status.state {
        EngineState::Asleep { reason, wakes } => !wakes && reason.contains("did not load again"),
        _ => false,
    });
    assert_eq!(status.rest.wakes, 0);
}
