//! Connections that break at random places, by number of a seed; the processes that are killed are in `command.rs`.

use super::support::{FILE, User, serving};
use crate::hub::mix;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_right_however_its_connections_break() {
    for seed in 0..12 {
        let size = (2 << 20) + mix(seed) % (4 << 20);
        let double = serving(size).await;
        double.change(|rules| rules.chaos = Some(seed));
        let user = User::of(&double);
        // Half of all requests break: sometimes so often that a pull gives up. The next one goes on.
        let mut pulls = 0;
        let finished = loop {
            pulls += 1;
            match user.pull().await {
                Ok(finished) => break finished,
                Err(error) => assert!(pulls < 50, "{error}"),
            }
        };
        assert!(double.content(FILE).is_in(&finished.path), "seed {seed}");
        assert!(!user.pauses().is_empty(), "seed {seed}: nothing broke");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_stops_at_random_moments_leave_a_right_file() {
    let size = 8 << 20;
    let double = serving(size).await;
    double.change(|rules| (rules.chaos, rules.pace) = (Some(3), std::time::Duration::from_millis(1)));
    let mut user = User::of(&double);
    let (mut stops, mut went_on) = (0, 0);
    for round in 0..50 {
        user.fetch.stop = tokio_util::sync::CancellationToken::new();
        let stop = user.fetch.stop.clone();
        let until = double.record().sent + mix(round) % (size / 16);
        let pulling = async {
            let pulled = user.pull().await;
            stop.cancel();
            pulled
        };
        let stopping = async {
            tokio::select! {
                () = double.until(|record| record.sent >= until) => stop.cancel(),
                () = stop.cancelled() => {}
            }
        };
        let (pulled, ()) = tokio::join!(pulling, stopping);
        match pulled {
            Err(_) => stops += 1,
            Ok(finished) => {
                went_on += u32::from(finished.reused > 0);
                assert!(double.content(FILE).is_in(&finished.path), "round {round}");
                // And from the beginning.
                std::fs::remove_file(user.path()).unwrap();
            }
        }
    }
    user.fetch.stop = tokio_util::sync::CancellationToken::new();
    let finished = user.pull().await.unwrap();
    assert!(double.content(FILE).is_in(&finished.path));
    assert!(stops >= 25 && (went_on > 0 || finished.reused > 0), "{stops} stops, {went_on} went on");
}
