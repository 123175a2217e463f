//! From the first request to the end of a host that nobody uses.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tandem::engine::fake::FakeEngine;
use tandem::engine::host::{Claim, Entry, HostIdentity, Register, Role};
use tandem::engine::{Engine, EngineState, Finish};

use super::support::{Place, Probe, Test, complete, drain, echo, is_alive, job, reason, sentence, signal, text, wait};

pub const TESTS: &[Test] = &[
    ("a_host_answers_like_the_engine_in_it", a_host_answers_like_the_engine_in_it),
    ("the_first_request_fails_at_once_and_starts_the_host", the_first_request_fails_at_once_and_starts_the_host),
    ("windows_that_start_together_share_one_host", windows_that_start_together_share_one_host),
    ("a_host_ends_when_its_clients_are_gone", a_host_ends_when_its_clients_are_gone),
    ("a_host_ends_when_its_client_was_killed", a_host_ends_when_its_client_was_killed),
    ("a_host_without_a_socket_ends_and_another_is_started", a_host_without_a_socket_ends_and_another_is_started),
    ("sigterm_is_a_clean_end", sigterm_is_a_clean_end),
    ("signals_for_the_editor_do_not_end_it", signals_for_the_editor_do_not_end_it),
    ("another_hosts_name_is_left_to_it", another_hosts_name_is_left_to_it),
    ("status_is_passed_on", status_is_passed_on),
    ("a_model_that_sleeps_is_woken_by_any_window", a_model_that_sleeps_is_woken_by_any_window),
    ("what_a_host_holds_is_known_while_it_lives", what_a_host_holds_is_known_while_it_lives),
];

fn a_host_answers_like_the_engine_in_it() {
    let place = Place::new(&["--text", "größer\n  als 😀\n"]);
    let engine = place.ready();
    let far = drain(engine.generate(job(1, "let x = ")));
    let near = drain(FakeEngine::new(|_| "größer\n  als 😀\n".into()).generate(job(1, "let x = ")));
    assert_eq!(far, near);
    assert_eq!(text(&far), "größer\n  als 😀\n");
}

fn the_first_request_fails_at_once_and_starts_the_host() {
    let place = Place::new(&["--text", "answer"]);
    let engine = place.engine();
    assert_eq!(engine.status().borrow().state, EngineState::Idle);
    let said = sentence(&drain(engine.generate(job(1, "fn "))));
    assert!(said.contains("still starting"), "{said}");
    assert_eq!(complete(&engine), "answer");
    assert_eq!(engine.status().borrow().restarts, 0);
}

fn windows_that_start_together_share_one_host() {
    let place = Place::new(&[]);
    let engines: Vec<_> = (0..8).map(|_| place.engine()).collect();
    engines.iter().for_each(|engine| engine.connect());
    wait("all are connected", || engines.iter().all(|engine| engine.status().borrow().is_ready()));
    let mut hosts: Vec<_> = engines.iter().map(|engine| engine.host_process()).collect();
    hosts.dedup();
    assert_eq!(hosts.len(), 1, "{hosts:?}");
    assert!(engines.iter().all(|engine| complete(engine) == "answer"));
}

fn a_host_ends_when_its_clients_are_gone() {
    let place = Place::new(&[]);
    let (one, two) = (place.ready(), place.ready());
    let host = one.host_process().expect("connected");
    assert_eq!(two.host_process(), Some(host));
    drop(one);
    assert_eq!(complete(&two), "answer");
    drop(two);
    wait("the host is gone", || !is_alive(host));
    assert_eq!(place.files(), [""; 0].map(std::path::PathBuf::from), "files were left");
}

fn a_host_ends_when_its_client_was_killed() {
    let program = std::env::current_exe().expect("a path");
    let mut client = Command::new(program).arg("client").stdout(Stdio::piped()).spawn().expect("started");
    let mut line = String::new();
    BufReader::new(client.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let (host, directory) = line.trim().split_once(' ').expect("two words");
    let host: u32 = host.parse().expect("a number");
    assert!(is_alive(host));
    client.kill().expect("killed");
    client.wait().expect("reaped");
    wait("the host is gone", || !is_alive(host));
    // The killed client could not remove its directory.
    let directory = std::path::Path::new(directory).parent().expect("a parent");
    std::fs::remove_dir_all(directory).expect("removed");
}

fn a_host_without_a_socket_ends_and_another_is_started() {
    let place = Place::new(&[]);
    let engine = place.ready();
    let host = engine.host_process().expect("connected");
    std::fs::remove_file(place.address(0).socket()).expect("removed");
    wait("the host is gone", || !is_alive(host));
    assert_eq!(complete(&engine), "answer");
    assert_eq!(engine.status().borrow().restarts, 0, "an orderly end is no crash");
}

fn sigterm_is_a_clean_end() {
    let place = Place::new(&[]);
    let engine = place.ready();
    let host = engine.host_process().expect("connected");
    signal(host, libc::SIGTERM);
    wait("the host is gone", || !is_alive(host));
    wait("the client knows", || engine.host_process().is_none());
    assert!(place.files().is_empty(), "{:?}", place.files());
    assert_eq!(engine.status().borrow().state, EngineState::Idle, "nobody asked for another host");
    assert_eq!(complete(&engine), "answer");
    assert_eq!(engine.status().borrow().restarts, 0);
}

fn signals_for_the_editor_do_not_end_it() {
    let place = Place::new(&[]);
    let engine = place.ready();
    let host = engine.host_process().expect("connected");
    // SAFETY: getpgid only asks.
    let group = |process: u32| unsafe { libc::getpgid(process as i32) };
    assert_ne!(group(host), group(std::process::id()));
    signal(host, libc::SIGINT);
    signal(host, libc::SIGHUP);
    assert_eq!(complete(&engine), "answer");
    assert_eq!(engine.host_process(), Some(host));
}

fn another_hosts_name_is_left_to_it() {
    let place = Place::new(&["--text", "mine"]);
    let theirs = HostIdentity { binary: "0.0.0+older".into(), model: "scripted".into() };
    let other = place.serve(&theirs, echo());
    let engine = place.ready();
    assert_eq!(complete(&engine), "mine");
    assert_ne!(engine.host_process(), Some(std::process::id()));
    assert!(place.address(1).socket().exists());
    assert!(!other.is_finished(), "the other host was disturbed");
}

fn status_is_passed_on() {
    let place = Place::new(&[]);
    let fake = Arc::new(FakeEngine::new(|_| String::new()));
    fake.set_state(EngineState::Loading { progress: 0.5 });
    place.serve(&place.config.identity, fake.clone());
    let engine = place.engine();
    engine.connect();
    let status = engine.status();
    wait("half is loaded", || status.borrow().state == EngineState::Loading { progress: 0.5 });
    assert_eq!(status.borrow().engine, "fake");
    let failed = EngineState::Failed { reason: "no such file".into() };
    fake.set_state(failed.clone());
    wait("the failure is known", || status.borrow().state == failed);
    fake.set_state(EngineState::Ready);
    wait("it is ready", || status.borrow().is_ready());
    assert_eq!(reason(&drain(engine.generate(job(1, "")))), Finish::EndOfText);
}

fn a_model_that_sleeps_is_woken_by_any_window() {
    let place = Place::new(&[]);
    let probe = Probe::new();
    place.serve(&place.config.identity, probe.clone());
    let engine = place.ready();
    engine.wake();
    let asleep = EngineState::Asleep { reason: "it was not used".into(), wakes: true };
    probe.set_state(asleep.clone());
    wait("the window knows", || engine.status().borrow().state == asleep);
    assert_eq!(probe.wakes.load(Ordering::Relaxed), 0, "what is awake is not woken");
    engine.wake();
    wait("it is woken", || probe.wakes.load(Ordering::Relaxed) == 1);
}

fn what_a_host_holds_is_known_while_it_lives() {
    let place = Place::new(&[]);
    let _inside = place.runtime.enter();
    let claim = Claim::take(place.address(0)).expect("works").expect("free");
    let fake = FakeEngine::new(|_| String::new());
    let entry = Entry::keep(Register::new(&place.address(0)), Role::Chat, fake.status());
    let other = Register::new(&place.address(1));
    assert_eq!(other.others(), [], "no model is loaded");
    fake.set_parameters(7);
    wait("its model is known", || other.others().iter().any(|other| other.is_awake && other.role == Role::Chat));
    fake.set_state(EngineState::Asleep { reason: "unused".into(), wakes: true });
    wait("its sleep is known", || other.others().iter().any(|other| !other.is_awake));
    drop(entry);
    assert_eq!(other.others(), []);
    drop(claim);
    assert!(place.files().is_empty(), "{:?}", place.files());
}
