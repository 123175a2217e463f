//! When a person presses which key. The same seed gives the same pauses.

use std::time::Duration;

/// Pauses between keys are log-normal. A median of 180 ms with this spread has a mean of 200 ms: 60 words a minute, a little
/// faster than the 52 of 168,000 people (Dhakal and others, CHI 2018: 239 ms between keys).
const KEY_MS: f64 = 180.0;
const KEY_SPREAD: f64 = 0.45;
/// Before a word, a line and another place one thinks. These are not measured.
const WORD_MS: f64 = 90.0;
const LINE_MS: f64 = 900.0;
const PLACE_MS: f64 = 4_000.0;
const THOUGHT_SPREAD: f64 = 0.7;
/// What it takes to see that a suggestion is right: two-choice reactions take about 400 ms.
const READING_MS: f64 = 400.0;

/// SplitMix64.
pub struct Hands(u64);

impl Hands {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Log-normal around this median, by Box and Muller.
    fn around(&mut self, median_ms: f64, spread: f64) -> Duration {
        let (one, other) = (self.uniform().max(1e-12), self.uniform());
        let normal = (-2.0 * one.ln()).sqrt() * (std::f64::consts::TAU * other).cos();
        Duration::from_secs_f64(median_ms * (spread * normal).exp() / 1e3)
    }

    /// Before this character, which follows on that one.
    pub fn before(&mut self, after: char, next: char) -> Duration {
        let key = self.around(KEY_MS, KEY_SPREAD);
        if after == '\n' {
            return key + self.around(LINE_MS, THOUGHT_SPREAD);
        }
        let begins_word = next.is_alphanumeric() && !after.is_alphanumeric() && after != '_';
        key + if begins_word { self.around(WORD_MS, THOUGHT_SPREAD) } else { Duration::ZERO }
    }

    /// Before the first key at another place.
    pub fn before_place(&mut self) -> Duration {
        self.around(PLACE_MS, THOUGHT_SPREAD)
    }

    /// From seeing a suggestion to accepting it.
    pub fn reading(&mut self) -> Duration {
        self.around(READING_MS, 0.3)
    }
}
