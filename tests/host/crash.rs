//! Hosts that die: what open requests, the status and the next request see.

use tandem::engine::host::HostEngine;
use tandem::engine::{Engine, EngineState, Event};

use super::support::{Place, Test, complete, drain, is_alive, job, sentence, signal, text, wait};

pub const TESTS: &[Test] = &[
    ("a_kill_in_mid_decode_costs_one_request", a_kill_in_mid_decode_costs_one_request),
    ("a_killed_host_is_replaced_for_every_window", a_killed_host_is_replaced_for_every_window),
    ("every_window_is_told_how_its_host_ended", every_window_is_told_how_its_host_ended),
    ("a_model_that_kills_its_host_stays_down", a_model_that_kills_its_host_stays_down),
    ("a_program_that_is_no_host_is_reported", a_program_that_is_no_host_is_reported),
    ("a_directory_that_cannot_be_made_is_reported", a_directory_that_cannot_be_made_is_reported),
];

fn a_kill_in_mid_decode_costs_one_request() {
    let place = Place::new(&["--pace-ms", "2", "--text", &"x".repeat(500)]);
    let engine = place.ready();
    let host = engine.host_process().expect("connected");
    let mut open: Vec<_> = (0..3).map(|lane| engine.generate(job(lane, "fn "))).collect();
    for stream in &mut open {
        assert!(matches!(stream.blocking_next(), Some(Event::Started(_))));
        assert!(matches!(stream.blocking_next(), Some(Event::Delta { .. })));
    }
    signal(host, libc::SIGKILL);
    for stream in open {
        let events = drain(stream);
        assert!(text(&events).len() < 500);
        assert!(sentence(&events).contains("ended unexpectedly"), "{events:?}");
    }
    assert_eq!(complete(&engine), "x".repeat(500));
    assert_ne!(engine.host_process(), Some(host));
    assert_eq!(engine.status().borrow().restarts, 1, "one end, one message");
}

fn a_killed_host_is_replaced_for_every_window() {
    let place = Place::new(&[]);
    let engines: Vec<HostEngine> = (0..4).map(|_| place.ready()).collect();
    signal(engines[0].host_process().expect("connected"), libc::SIGKILL);
    wait("all know", || engines.iter().all(|engine| engine.status().borrow().restarts == 1));
    wait("all are back", || engines.iter().all(|engine| engine.status().borrow().is_ready()));
    assert!(engines.iter().all(|engine| complete(engine) == "answer"));
    assert!(engines.windows(2).all(|pair| pair[0].host_process() == pair[1].host_process()));
}

/// The one that started the host knows its signal; both know what it wrote and where the rest is.
fn every_window_is_told_how_its_host_ended() {
    let place = Place::new(&["--abort-on", "poison", "--pace-ms", "10", "--text", &"x".repeat(10_000)]);
    let (engine, window) = (place.ready(), place.ready());
    let waits = window.generate(job(1, "fn "));
    let ends = sentence(&drain(engine.generate(job(1, "poison"))));
    let waits = sentence(&drain(waits));
    assert!(ends.contains("SIGABRT"), "{ends}");
    let log = place.address(0).log(&place.config.paths.state_dir);
    for said in [&ends, &waits] {
        for part in ["ended unexpectedly", "ASSERT(bearable) failed", "try again", &log.display().to_string()] {
            assert!(said.contains(part), "{part} is not in: {said}");
        }
    }
    wait("both are back", || [&engine, &window].iter().all(|engine| engine.status().borrow().is_ready()));
}

fn a_model_that_kills_its_host_stays_down() {
    let place = Place::new(&["--abort-on", "poison"]);
    let engine = place.ready();
    let mut hosts = Vec::new();
    for end in 1..=3 {
        wait("a host is there", || engine.status().borrow().is_ready());
        hosts.extend(engine.host_process());
        let said = sentence(&drain(engine.generate(job(1, "poison"))));
        assert!(said.contains("ended unexpectedly"), "{said}");
        wait("the end is counted", || engine.status().borrow().restarts == end);
    }
    wait("it is given up", || matches!(engine.status().borrow().state, EngineState::Failed { .. }));
    for host in hosts {
        wait("the host is gone", || !is_alive(host));
    }
    let said = sentence(&drain(engine.generate(job(1, "fn "))));
    for part in ["3 times within 60 s", "SIGABRT", "ASSERT(bearable)", ".log", "engine.model", "restart the server"] {
        assert!(said.contains(part), "{said}");
    }
    assert_eq!(engine.status().borrow().state, EngineState::Failed { reason: said });
    assert_eq!(engine.host_process(), None, "a request is no reason to start it any more");
    engine.connect();
    assert_eq!(complete(&engine), "answer", "but the user's wish is");
}

fn a_program_that_is_no_host_is_reported() {
    let mut place = Place::new(&[]);
    place.config.program = "/bin/false".into();
    let engine = place.engine();
    engine.connect();
    let status = engine.status();
    wait(
        "it is given up",
        || matches!(&status.borrow().state, EngineState::Failed { reason } if reason.contains("3 times")),
    );
    let EngineState::Failed { reason } = status.borrow().state.clone() else { panic!("it works") };
    for part in ["ended while it started", "exit status: 1", "its log is", ".log"] {
        assert!(reason.contains(part), "{reason}");
    }
    assert_eq!(status.borrow().restarts, 0, "it never ran");
}

fn a_directory_that_cannot_be_made_is_reported() {
    let mut place = Place::new(&[]);
    place.config.paths.runtime_dir = "/dev/null/run".into();
    let engine = place.engine();
    engine.connect();
    let status = engine.status();
    wait(
        "it failed",
        || matches!(&status.borrow().state, EngineState::Failed { reason } if reason.contains("/dev/null/run")),
    );
}
