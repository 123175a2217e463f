//! Random numbers that are the same on every machine and in every year.

/// SplitMix64 (Steele, Lea and Flood, 2014): 64 bits of state, every seed is a good one.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A sequence of its own for each purpose, so that one more number drawn here changes nothing there.
    pub fn for_purpose(seed: u64, purpose: &str) -> Self {
        let hash = blake3::hash(purpose.as_bytes());
        let word = hash.as_bytes().iter().take(8).fold(0, |word, byte| word << 8 | u64::from(*byte));
        Self(seed ^ word)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// Below `end`, each number as likely as any other up to one part in 2^64 / `end`; 0 where `end` is 0.
    pub fn below(&mut self, end: u64) -> u64 {
        let wide = u128::from(self.next()) * u128::from(end);
        (wide >> 64) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sequence_is_the_published_one() {
        // The reference implementation's first numbers for the seed 1234567.
        let mut random = Random::new(1_234_567);
        let first: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(first, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
    }

    #[test]
    fn numbers_stay_below_the_end_and_reach_all_of_it() {
        let mut random = Random::for_purpose(1, "dice");
        let mut seen = [0; 6];
        (0..600).for_each(|_| seen[random.below(6) as usize] += 1);
        assert!(seen.iter().all(|count| (60..140).contains(count)), "{seen:?}");
        assert_eq!(random.below(0), 0);
        assert_ne!(Random::for_purpose(1, "a").next(), Random::for_purpose(1, "b").next());
    }
}
