//! Cancels, and what a client can make the host hold.

use std::sync::Arc;

use tandem::engine::host::{HostEngine, MAX_JOBS};
use tandem::engine::{Engine, Event, Finish, Report};

use super::hostile::Peer;
use super::support::{Place, Probe, Test, drain, echo, job, reason, sentence, text, wait};

pub const TESTS: &[Test] = &[
    ("dropping_a_stream_cancels_the_job", dropping_a_stream_cancels_the_job),
    ("a_cancelled_stream_goes_on_to_its_end", a_cancelled_stream_goes_on_to_its_end),
    ("a_client_that_leaves_cancels_its_jobs", a_client_that_leaves_cancels_its_jobs),
    ("answers_find_their_jobs", answers_find_their_jobs),
    ("the_newest_job_of_a_lane_takes_the_place_of_its_oldest", the_newest_job_of_a_lane_takes_the_place_of_its_oldest),
    ("a_lane_of_its_own_finds_no_place", a_lane_of_its_own_finds_no_place),
    ("a_client_that_does_not_read_is_let_go", a_client_that_does_not_read_is_let_go),
    ("a_prompt_of_many_megabytes_arrives", a_prompt_of_many_megabytes_arrives),
];

fn probed() -> (Place, Arc<Probe>, HostEngine) {
    let (place, probe) = (Place::new(&[]), Probe::new());
    place.serve(&place.config.identity, probe.clone());
    let engine = place.ready();
    (place, probe, engine)
}

fn dropping_a_stream_cancels_the_job() {
    let (_place, probe, engine) = probed();
    let (first, second) = (engine.generate(job(1, "a")), engine.generate(job(2, "b")));
    wait("both arrived", || probe.count() == 2);
    assert_eq!(probe.cancelled(), 0);
    drop(first);
    wait("the first is cancelled", || probe.cancelled() == 1);
    assert!(probe.jobs.lock().expect("no panic")[0].1.is_cancelled());
    drop(second);
    wait("the second is cancelled", || probe.cancelled() == 2);
}

fn a_cancelled_stream_goes_on_to_its_end() {
    let (_place, probe, engine) = probed();
    let stream = engine.generate(job(1, "a"));
    wait("it arrived", || probe.count() == 1);
    stream.cancel();
    wait("it is cancelled", || probe.cancelled() == 1);
    let sender = probe.jobs.lock().expect("no panic")[0].1.clone();
    sender.send(Event::Finished { candidate: 0, reason: Finish::Cancelled });
    sender.send(Event::Done(Report { generated: 7, ..Report::default() }));
    let events = drain(stream);
    assert_eq!(reason(&events), Finish::Cancelled);
    assert_eq!(events.last(), Some(&Event::Done(Report { generated: 7, ..Report::default() })));
}

fn a_client_that_leaves_cancels_its_jobs() {
    let (place, probe, engine) = probed();
    let other = place.ready();
    let streams: Vec<_> = (0..5).map(|lane| engine.generate(job(lane, "a"))).collect();
    let kept = other.generate(job(1, "b"));
    wait("all arrived", || probe.count() == 6);
    drop(engine);
    wait("its jobs are cancelled", || probe.cancelled() == 5);
    for stream in streams {
        assert!(matches!(reason(&drain(stream)), Finish::Failed(_)));
    }
    assert_eq!(probe.cancelled(), 5, "the other client's job goes on");
    drop(kept);
}

fn answers_find_their_jobs() {
    let place = Place::new(&[]);
    place.serve(&place.config.identity, echo());
    let engines = [place.ready(), place.ready()];
    std::thread::scope(|scope| {
        for (number, engine) in engines.iter().enumerate() {
            for lane in 0..4 {
                scope.spawn(move || {
                    for turn in 0..25 {
                        let prefix = format!("{number}-{lane}-{turn}");
                        let expected: String = prefix.chars().rev().collect();
                        assert_eq!(text(&drain(engine.generate(job(lane, &prefix)))), expected);
                    }
                });
            }
        }
    });
}

fn the_newest_job_of_a_lane_takes_the_place_of_its_oldest() {
    let (_place, probe, engine) = probed();
    let mut streams: Vec<_> = (0..MAX_JOBS).map(|_| engine.generate(job(1, "a"))).collect();
    wait("all arrived", || probe.count() == MAX_JOBS);
    let newest = engine.generate(job(1, "newest"));
    assert_eq!(reason(&drain(streams.remove(0))), Finish::Superseded);
    wait("the newest arrived", || probe.count() == MAX_JOBS + 1);
    wait("the oldest is cancelled", || probe.cancelled() == 1);
    assert!(probe.jobs.lock().expect("no panic")[0].1.is_cancelled());
    drop(newest);
}

fn a_lane_of_its_own_finds_no_place() {
    let (_place, probe, engine) = probed();
    let streams: Vec<_> = (0..MAX_JOBS).map(|_| engine.generate(job(1, "a"))).collect();
    wait("all arrived", || probe.count() == MAX_JOBS);
    let said = sentence(&drain(engine.generate(job(2, "other"))));
    assert!(said.contains("64 requests wait"), "{said}");
    for (_, sender) in probe.jobs.lock().expect("no panic").iter() {
        sender.finish(Finish::EndOfText);
    }
    streams.into_iter().for_each(|stream| assert_eq!(reason(&drain(stream)), Finish::EndOfText));
    let admitted = engine.generate(job(2, "other"));
    wait("there is room again", || probe.count() == MAX_JOBS + 1);
    drop(admitted);
}

fn a_client_that_does_not_read_is_let_go() {
    let (place, probe, engine) = probed();
    let mut deaf = Peer::welcomed(&place);
    deaf.generate(1, job(1, "a"));
    wait("it arrived", || probe.count() == 1);
    let sender = probe.jobs.lock().expect("no panic")[0].1.clone();
    let chunk = "x".repeat(1 << 20);
    for _ in 0..40 {
        sender.send(Event::Delta { candidate: 0, text: chunk.clone(), tokens: Vec::new() });
    }
    wait("it is let go", || sender.is_cancelled());
    let stream = engine.generate(job(1, "b"));
    wait("others are served", || probe.count() == 2);
    drop(stream);
}

fn a_prompt_of_many_megabytes_arrives() {
    let (_place, probe, engine) = probed();
    let prefix = "fn main() {}\n".repeat(1 << 20);
    let stream = engine.generate(job(1, &prefix));
    wait("it arrived", || probe.count() == 1);
    assert!(&*probe.jobs.lock().expect("no panic")[0].0.prompt.prefix == prefix.as_str());
    drop(stream);
    let too_long = sentence(&drain(engine.generate(job(1, &"x".repeat(65 << 20)))));
    assert!(too_long.contains("longer than"), "{too_long}");
}
