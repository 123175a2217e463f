//! Which token comes next: the likeliest, or with a temperature one by chance, of numbers that a seed decides.

/// Tokens less likely than this share of the likeliest one are never taken: the tail of a vocabulary is noise.
const LEAST_SHARE: f32 = 0.02;

/// See the room.
#[derive(Clone, Debug)]
pub struct Sampler {
    temperature: f32,
    state: u64,
}

impl Sampler {
    /// A temperature that is no number, or not above 0, takes the likeliest.
    pub fn new(temperature: f32, seed: u64) -> Self {
        let temperature = if temperature.is_finite() && temperature > 0.0 { temperature.clamp(0.05, 2.0) } else { 0.0 };
        Self { temperature, state: seed }
    }

    /// None where there is no logit that is a number.
    pub fn choose(&mut self, logits: &[f32]) -> Option<usize> {
        let numbers = || logits.iter().copied().enumerate().filter(|(_, logit)| !logit.is_nan());
        let (best, most) = numbers().max_by(|(_, one), (_, other)| one.total_cmp(other))?;
        if self.temperature == 0.0 || !most.is_finite() {
            return Some(best);
        }
        let temperature = self.temperature;
        let weight = move |logit: f32| Some(((logit - most) / temperature).exp()).filter(|share| *share >= LEAST_SHARE);
        let sum: f32 = numbers().filter_map(|(_, logit)| weight(logit)).sum();
        let mut left = self.next() * sum;
        for (at, share) in numbers().filter_map(|(at, logit)| Some((at, weight(logit)?))) {
            left -= share;
            if left <= 0.0 {
                return Some(at);
            }
        }
        Some(best)
    }

    /// 0 to 1, by splitmix64.
    fn next(&mut self) -> f32 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        (mixed >> 40) as f32 / (1_u32 << 24) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_temperature_the_likeliest_is_taken() {
        for temperature in [0.0, -1.0, f32::NAN, f32::INFINITY] {
            assert_eq!(Sampler::new(temperature, 7).choose(&[0.5, 2.0, f32::NAN, 1.9]), Some(1));
        }
        assert_eq!(Sampler::new(0.0, 0).choose(&[f32::NAN]), None);
        assert_eq!(Sampler::new(1.0, 0).choose(&[]), None);
    }

    #[test]
    fn a_temperature_draws_by_likelihood_and_a_seed_repeats_it() {
        let draw = |seed| {
            let mut sampler = Sampler::new(1.0, seed);
            (0..4000).map(|_| sampler.choose(&[1.0, 0.0, -20.0]).unwrap()).collect::<Vec<_>>()
        };
        let drawn = draw(3);
        let first = drawn.iter().filter(|at| **at == 0).count();
        // e / (e + 1) = 73 %.
        assert!((2750..3100).contains(&first), "{first}");
        assert!(!drawn.contains(&2), "the tail is never drawn");
        assert_eq!(drawn, draw(3));
        assert_ne!(drawn, draw(4));
    }
}
