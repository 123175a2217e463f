//! The most likely token and its log-probability, in two passes over the logits that the compiler can vectorise.

use crate::engine::fim::Token;

/// Terms this far below the largest logit add less than 2e-9 of the sum each; `exp` of less is not computed.
const NEGLIGIBLE: f32 = -20.0;

const LANES: usize = 16;

/// The index of the largest logit (the lowest where several are equal) and the natural logarithm of its probability
/// under softmax. None without a finite logit.
pub(super) fn best(logits: &[f32]) -> Option<(Token, f32)> {
    let largest = max(logits);
    if !largest.is_finite() {
        return None;
    }
    let token = logits.iter().position(|logit| *logit == largest)?;
    Some((token as Token, (-sum_of_exp(logits, largest).ln()).min(0.0)))
}

/// The logarithm of the softmax denominator.
pub(super) fn log_sum_exp(logits: &[f32]) -> f32 {
    let largest = max(logits);
    largest + sum_of_exp(logits, largest).ln()
}

/// The entropy of the softmax in nats: the logarithm of its denominator less the mean of the logits. 0 without a finite logit.
pub(super) fn entropy(logits: &[f32]) -> f32 {
    let largest = max(logits);
    if !largest.is_finite() {
        return 0.0;
    }
    let (mut sums, mut products) = ([0.0f32; LANES], [0.0f32; LANES]);
    let add = |logit: f32, sum: &mut f32, product: &mut f32| {
        // What is negligible weighs nothing; minus infinity times nothing would not be a number.
        let distance = if logit - largest < NEGLIGIBLE { NEGLIGIBLE } else { logit - largest };
        let weight = if distance > NEGLIGIBLE { exp(distance) } else { 0.0 };
        *sum += weight;
        *product += weight * distance;
    };
    let mut chunks = logits.chunks_exact(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            add(chunk[lane], &mut sums[lane], &mut products[lane]);
        }
    }
    for (lane, logit) in chunks.remainder().iter().enumerate() {
        add(*logit, &mut sums[lane], &mut products[lane]);
    }
    let (sum, product): (f32, f32) = (sums.iter().sum(), products.iter().sum());
    (sum.ln() - product / sum).max(0.0)
}

/// The sum of `e^(logit - largest)`.
fn sum_of_exp(logits: &[f32], largest: f32) -> f32 {
    let mut sums = [0.0f32; LANES];
    let mut chunks = logits.chunks_exact(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            sums[lane] += exp(chunk[lane] - largest);
        }
    }
    let rest: f32 = chunks.remainder().iter().map(|logit| exp(logit - largest)).sum();
    sums.iter().sum::<f32>() + rest
}

/// The `count` most likely tokens, best first.
pub(super) fn top(logits: &[f32], count: usize, allowed: impl Fn(Token) -> bool) -> Vec<Token> {
    let mut best: Vec<Token> = Vec::with_capacity(count + 1);
    let mut bar = f32::NEG_INFINITY;
    for (index, &logit) in logits.iter().enumerate() {
        if (logit > bar || best.len() < count) && logit.is_finite() && allowed(index as Token) {
            let place = best.partition_point(|token| logits[*token as usize] >= logit);
            best.insert(place, index as Token);
            best.truncate(count);
            if best.len() == count {
                bar = best.last().map_or(bar, |token| logits[*token as usize]);
            }
        }
    }
    best
}

fn max(logits: &[f32]) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; LANES];
    let mut chunks = logits.chunks_exact(LANES);
    for chunk in &mut chunks {
        for lane in 0..LANES {
            lanes[lane] = if chunk[lane] > lanes[lane] { chunk[lane] } else { lanes[lane] };
        }
    }
    chunks.remainder().iter().chain(&lanes).copied().fold(f32::NEG_INFINITY, f32::max)
}

/// `e^x` for x in [-20, 0], relative error below 1e-6; 0 below that. Without branches or conversions, so that it
/// vectorises: 2^(integer part) by the exponent bits, e^(rest) by a Taylor polynomial (|rest| <= ln(2) / 2).
#[inline(always)]
fn exp(x: f32) -> f32 {
    // Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the lowest bits.
    const ROUND: f32 = 12_582_912.0;
    let scaled = if x < NEGLIGIBLE { NEGLIGIBLE } else { x } * std::f32::consts::LOG2_E;
    let rounded = scaled + ROUND;
    let f = (scaled - (rounded - ROUND)) * std::f32::consts::LN_2;
    let fraction = 1.0 + f * (1.0 + f * (0.5 + f * (1.0 / 6.0 + f * (1.0 / 24.0 + f * (1.0 / 120.0 + f / 720.0)))));
    let power = f32::from_bits((rounded.to_bits() << 23).wrapping_add(127 << 23));
    if x < NEGLIGIBLE { 0.0 } else { fraction * power }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn log_probabilities_are_those_of_a_plain_softmax(logits in prop::collection::vec(-40.0f32..40.0, 1..200)) {
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, |most, logit| most.max(f64::from(logit)));
            let sum: f64 = logits.iter().map(|logit| (f64::from(*logit) - largest).exp()).sum();
            prop_assert!((f64::from(log_sum_exp(&logits)) - largest - sum.ln()).abs() < 1e-4);
            let (token, logprob) = best(&logits).unwrap();
            prop_assert_eq!(f64::from(logits[token as usize]), largest);
            prop_assert!((f64::from(logprob) + sum.ln()).abs() < 1e-4, "{} {}", logprob, -sum.ln());
        }

        #[test]
        fn entropy_is_that_of_a_plain_softmax(logits in prop::collection::vec(-40.0f32..40.0, 1..200)) {
            let largest = logits.iter().copied().fold(f64::NEG_INFINITY, |most, logit| most.max(f64::from(logit)));
            let sum: f64 = logits.iter().map(|logit| (f64::from(*logit) - largest).exp()).sum();
            let share = |logit: &f32| (f64::from(*logit) - largest).exp() / sum;
            let plain: f64 = logits.iter().map(share).filter(|share| *share > 0.0).map(|share| -share * share.ln()).sum();
            prop_assert!((f64::from(entropy(&logits)) - plain).abs() < 1e-4, "{} {}", entropy(&logits), plain);
        }

        #[test]
        fn the_best_are_the_head_of_the_sorted_list(logits in prop::collection::vec(-40.0f32..40.0, 1..100), count in 1usize..5) {
            let mut sorted: Vec<Token> = (0..logits.len() as Token).collect();
            sorted.sort_by(|left, right| logits[*right as usize].total_cmp(&logits[*left as usize]));
            sorted.truncate(count);
            prop_assert_eq!(top(&logits, count, |_| true), sorted.clone());
            prop_assert_eq!(best(&logits).map(|(token, _)| logits[token as usize]), sorted.first().map(|token| logits[*token as usize]));
        }
    }

    #[test]
    fn broken_logits_choose_nothing() {
        assert_eq!(best(&[]), None);
        assert_eq!(best(&[f32::NEG_INFINITY, f32::NEG_INFINITY]), None);
        assert_eq!(top(&[f32::NAN, f32::NEG_INFINITY], 2, |_| true), Vec::<Token>::new());
        assert_eq!((entropy(&[]), entropy(&[f32::NEG_INFINITY])), (0.0, 0.0));
    }

    #[test]
    fn one_possible_token_has_no_entropy_and_equal_ones_have_all() {
        assert_eq!(entropy(&[3.0, f32::NEG_INFINITY]), 0.0);
        assert!((entropy(&[0.5; 100]) - 100f32.ln()).abs() < 1e-5);
    }
}
