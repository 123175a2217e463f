//! A host among peers that send anything.

use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use tandem::engine::host::{Because, Hello, MAX_FRAME, PROTOCOL, Reply, Request, encode};
use tandem::engine::{Engine, Job};

use super::support::{Place, Probe, Test, complete, echo, job, wait};

pub const TESTS: &[Test] = &[
    ("other_versions_are_told_why", other_versions_are_told_why),
    ("a_garbled_hello_is_answered", a_garbled_hello_is_answered),
    ("random_bytes_end_one_connection", random_bytes_end_one_connection),
    ("half_frames_and_huge_lengths_end_one_connection", half_frames_and_huge_lengths_end_one_connection),
    ("a_silent_peer_holds_nobody_up", a_silent_peer_holds_nobody_up),
    ("numbers_may_be_reused_and_cancels_may_be_late", numbers_may_be_reused_and_cancels_may_be_late),
];

/// A client that says what it is told to.
pub struct Peer(pub UnixStream);

impl Peer {
    pub fn new(place: &Place) -> Self {
        Self(UnixStream::connect(place.address(0).socket()).expect("connected"))
    }

    pub fn welcomed(place: &Place) -> Self {
        let mut peer = Self::new(place);
        let identity = &place.config.identity;
        let hello = Hello { protocol: PROTOCOL, binary: identity.binary.clone(), model: identity.model.clone() };
        assert!(matches!(peer.greet(&hello), Reply::Welcome { .. }));
        peer
    }

    fn greet(&mut self, hello: &Hello) -> Reply {
        self.frame(&serde_json::to_vec(hello).expect("encodes"));
        serde_json::from_slice(&self.read()).expect("a reply")
    }

    fn frame(&mut self, body: &[u8]) {
        self.send(&(body.len() as u32).to_le_bytes());
        self.send(body);
    }

    fn read(&mut self) -> Vec<u8> {
        let mut length = [0; 4];
        self.0.read_exact(&mut length).expect("a length");
        let mut body = vec![0; u32::from_le_bytes(length) as usize];
        self.0.read_exact(&mut body).expect("a body");
        body
    }

    pub fn generate(&mut self, number: u64, job: Job) {
        self.send(&encode(&Request::Generate { job: number, what: job }).expect("encodes"));
    }

    /// A host that has hung up already is no failure.
    fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes);
    }

    /// Waits until the host has closed the connection.
    fn expect_end(mut self) {
        let mut rest = Vec::new();
        let _ = self.0.read_to_end(&mut rest);
    }
}

fn served() -> Place {
    let place = Place::new(&[]);
    place.serve(&place.config.identity, echo());
    place
}

fn other_versions_are_told_why() {
    let place = served();
    let ours = Hello {
        protocol: PROTOCOL,
        binary: place.config.identity.binary.clone(),
        model: place.config.identity.model.clone(),
    };
    for (hello, why) in [
        (Hello { protocol: PROTOCOL + 1, ..ours.clone() }, Because::Protocol),
        (Hello { protocol: 0, ..ours.clone() }, Because::Protocol),
        (Hello { binary: "0.0.1".into(), ..ours.clone() }, Because::Binary),
        (Hello { model: "another".into(), ..ours.clone() }, Because::Model),
    ] {
        let mut peer = Peer::new(&place);
        let Reply::Refused { because, message } = peer.greet(&hello) else { panic!("welcomed: {hello:?}") };
        assert_eq!(because, why, "{message}");
        peer.expect_end();
    }
}

fn a_garbled_hello_is_answered() {
    let place = served();
    for body in [&b""[..], b"{", b"[1, 2]", b"\xff\xfe", b"{\"protocol\": \"one\"}"] {
        let mut peer = Peer::new(&place);
        peer.frame(body);
        let reply: Reply = serde_json::from_slice(&peer.read()).expect("a reply");
        assert!(matches!(reply, Reply::Refused { because: Because::Garbled, .. }), "{reply:?}");
        peer.expect_end();
    }
}

fn random_bytes_end_one_connection() {
    let place = served();
    let engine = place.ready();
    let config = ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() };
    let attack = (any::<bool>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..600));
    let survived = TestRunner::new(config).run(&attack, |(welcomed, framed, bytes)| {
        let mut peer = if welcomed { Peer::welcomed(&place) } else { Peer::new(&place) };
        if framed {
            peer.frame(&bytes)
        } else {
            peer.send(&bytes)
        }
        drop(peer);
        prop_assert_eq!(complete(&engine), " nf");
        Ok(())
    });
    survived.expect("the host survives");
    assert_eq!(engine.status().borrow().restarts, 0);
}

fn half_frames_and_huge_lengths_end_one_connection() {
    let place = served();
    let engine = place.ready();
    let whole = encode(&Request::Generate { job: 1, what: job(1, "fn main") }).expect("encodes");
    for cut in [1, 3, 4, 5, whole.len() / 2, whole.len() - 1] {
        let mut peer = Peer::welcomed(&place);
        peer.send(&whole[..cut]);
        peer.0.shutdown(std::net::Shutdown::Write).expect("shut");
        peer.expect_end();
    }
    for length in [MAX_FRAME as u32 + 1, u32::MAX] {
        let mut peer = Peer::welcomed(&place);
        peer.send(&length.to_le_bytes());
        peer.expect_end();
        let mut stranger = Peer::new(&place);
        stranger.send(&length.to_le_bytes());
        stranger.expect_end();
    }
    assert_eq!(complete(&engine), " nf");
}

fn a_silent_peer_holds_nobody_up() {
    let place = served();
    let silent: Vec<Peer> = (0..20).map(|_| Peer::new(&place)).collect();
    let mut announced = Peer::welcomed(&place);
    announced.send(&(MAX_FRAME as u32).to_le_bytes());
    assert_eq!(complete(&place.ready()), " nf");
    drop(silent);
}

fn numbers_may_be_reused_and_cancels_may_be_late() {
    let (place, probe) = (Place::new(&[]), Probe::new());
    place.serve(&place.config.identity, probe.clone());
    let mut peer = Peer::welcomed(&place);
    for number in [0, u64::MAX] {
        peer.send(&encode(&Request::Cancel { job: number }).expect("encodes"));
    }
    peer.generate(5, job(1, "a"));
    peer.generate(5, job(1, "b"));
    peer.generate(6, job(1, "c"));
    wait("the doubled number is refused", || probe.count() == 2);
    assert_eq!(probe.cancelled(), 0, "the first goes on");
    peer.send(&encode(&Request::Cancel { job: 6 }).expect("encodes"));
    wait("only the third is cancelled", || probe.cancelled() == 1);
    assert!(probe.jobs.lock().expect("no panic")[1].1.is_cancelled());
}
