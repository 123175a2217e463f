//! How long to wait behind a keystroke before the model is asked: just so long that what it begins is most likely wanted
//! when it is done.
//!
//! Answers from memory, sure ones of lookup, requests by key and a generation that is already being written wait for
//! nothing.

use std::time::Duration;

use super::trigger::Plan;
use super::{Patience, Purpose, Reason, Request, Trigger};

/// Longest wait in ms: Copilot holds answers back until 200 after their request. Tabby waits 100 to 1,000, Continue 350. With
/// 150, two thirds more generations would be thrown away at 180 ms a key and 400 ms an answer (`benches/debounce.rs`).
pub const LONGEST_MS: u32 = 200;

/// With fewer gaps between keystrokes nothing is known of the rhythm.
const LEAST_GAPS: usize = 8;

/// The wait in ms after the last keystroke. `gaps_ms` are the last times between two keystrokes, pauses among them, in any
/// order; `latency_ms` is what the model takes to answer.
///
/// It is the shortest wait after which at least half of the gaps that are still possible leave the model the time to
/// answer, and none where that is so at once: the model is faster than the keys. A slower model never waits less.
pub fn wait_ms(gaps_ms: &[u32], latency_ms: u32) -> u32 {
    if gaps_ms.len() < LEAST_GAPS {
        return 0;
    }
    let mut gaps = gaps_ms.to_vec();
    gaps.sort_unstable();
    let longer_than = |ms: u32| gaps.len() - gaps.partition_point(|gap| *gap <= ms);
    // Between two gaps nothing is gained by waiting on, so only their ends are tried.
    let waits = std::iter::once(0).chain(gaps.iter().copied());
    let mut enough = waits.filter(|wait| 2 * longer_than(wait.saturating_add(latency_ms)) >= longer_than(*wait));
    enough.next().unwrap_or(LONGEST_MS).min(LONGEST_MS)
}

/// Lets the time pass in which the next keystroke is likely. Returns what is left of the client's patience, or that a newer
/// keystroke came.
pub(super) async fn hold(request: &mut Request, plan: Plan) -> Result<Patience, Reason> {
    let patience = request.patience;
    // A menu that waits for us must not wait longer for that.
    let wait = request.debounce.min(patience.hard / 2);
    let is_written = || request.lane.is_writing(&request.circumstances(), plan);
    let is_awaited = request.purpose == Purpose::Answer;
    if wait.is_zero() || !is_awaited || request.trigger == Trigger::Invoked || is_written() {
        return Ok(patience);
    }
    pass(request, wait).await?;
    Ok(Patience { soft: patience.soft.saturating_sub(wait), hard: patience.hard - wait, ..patience })
}

/// Sleeps, unless the request gets stale.
pub(super) async fn pass(request: &mut Request, wait: Duration) -> Result<(), Reason> {
    tokio::select! {
        () = request.ticket.stale() => Err(Reason::Stale),
        () = tokio::time::sleep(wait) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Typing at one speed with a pause behind every eighth key.
    fn rhythm(key_ms: u32) -> Vec<u32> {
        // A person's gaps are spread by about a third of their middle.
        let spread = [70, 80, 90, 100, 110, 125, 145];
        let burst: Vec<u32> = spread.iter().map(|percent| key_ms * percent / 100).chain([2_000]).collect();
        burst.repeat(8)
    }

    #[test]
    fn a_model_that_is_faster_than_the_keys_is_asked_at_once() {
        for (key_ms, latency_ms) in [(100, 20), (100, 99), (200, 150), (300, 250)] {
            assert_eq!(wait_ms(&rhythm(key_ms), latency_ms), 0, "{key_ms} ms a key, {latency_ms} ms an answer");
        }
    }

    #[test]
    fn a_slower_one_waits_until_the_user_has_likely_stopped() {
        for (key_ms, latency_ms, expected) in [
            // Six of seven gaps of a burst are over by then.
            (60, 100, 75),
            (60, 400, 75),
            (100, 400, 125),
            (100, 1_500, 125),
            // The bound.
            (200, 400, 200),
            (200, 800, 200),
        ] {
            assert_eq!(wait_ms(&rhythm(key_ms), latency_ms), expected, "{key_ms} ms a key, {latency_ms} ms an answer");
        }
    }

    #[test]
    fn a_single_pause_or_slip_changes_nothing() {
        let mut gaps = vec![100; 40];
        let before = wait_ms(&gaps, 50);
        gaps.extend([1, 90_000]);
        assert_eq!((before, wait_ms(&gaps, 50)), (0, 0));
        assert_eq!(wait_ms(&gaps, 300), 100);
    }

    #[test]
    fn nothing_is_known_of_a_rhythm_of_a_few_keys() {
        assert_eq!(wait_ms(&[], 500), 0);
        assert_eq!(wait_ms(&[100; 7], 500), 0);
        assert_eq!(wait_ms(&[100; 8], 500), 100);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn it_is_bounded_and_a_slower_model_never_waits_less(
            gaps in prop::collection::vec(0_u32..3_000, 0..70),
            latency in 0_u32..5_000,
            slower in 0_u32..5_000,
        ) {
            let wait = wait_ms(&gaps, latency);
            prop_assert!(wait <= LONGEST_MS);
            prop_assert!(wait <= wait_ms(&gaps, latency.saturating_add(slower)));
            let mut other_order = gaps.clone();
            other_order.reverse();
            prop_assert_eq!(wait, wait_ms(&other_order, latency));
        }

        #[test]
        fn it_is_zero_exactly_where_half_of_the_gaps_are_long_enough(
            gaps in prop::collection::vec(1_u32..3_000, LEAST_GAPS..70),
            latency in 0_u32..3_000,
        ) {
            let in_time = gaps.iter().filter(|gap| **gap > latency).count();
            prop_assert_eq!(wait_ms(&gaps, latency) == 0, 2 * in_time >= gaps.len());
        }

        #[test]
        fn the_unit_of_time_does_not_matter_below_the_bound(
            gaps in prop::collection::vec(1_u32..40, LEAST_GAPS..70),
            latency in 0_u32..100,
        ) {
            let wait = wait_ms(&gaps, latency);
            let thrice: Vec<u32> = gaps.iter().map(|gap| gap * 3).collect();
            prop_assert_eq!(wait_ms(&thrice, latency * 3), wait * 3);
        }
    }
}
