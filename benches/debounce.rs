//! What waiting behind keystrokes saves and costs: generations that are begun and thrown away, and the delay of those that
//! are seen.
//!
//! `cargo bench --no-default-features --bench debounce`. Counted, not timed: keystrokes come from a seeded distribution, a
//! model takes as long as the row says, and nothing is computed.

use tandem::complete::debounce::wait_ms;

const KEYS: usize = 50_000;
/// As many gaps as a session remembers.
const REMEMBERED: usize = 64;
/// Typing speeds, as the middle of the time between two keys of a burst, in ms. Dhakal et al. (CHI 2018, 136 million
/// keystrokes of 168,000 people) give 239 ms in the mean, pauses among them, and 120 ms for fast typists.
const KEY_MS: [f64; 3] = [120.0, 180.0, 240.0];
/// Spread of a burst's gaps (standard deviation of their logarithm).
const SPREAD: f64 = 0.4;
/// One key in so many is followed by a pause to think or to look.
const KEYS_A_PAUSE: u64 = 9;
const PAUSE_MS: f64 = 1_200.0;
const PAUSE_SPREAD: f64 = 0.6;
const LATENCY_MS: [u32; 5] = [40, 100, 200, 400, 800];

#[derive(Clone, Copy)]
enum Policy {
    Off,
    Fixed(u32),
    Adaptive,
}

/// Of a simulated session, a thousand keystrokes each.
struct Figures {
    begun: f64,
    thrown_away: f64,
    /// Seconds in which the model computed.
    busy_s: f64,
    seen: f64,
    /// Added to those that were seen, in ms: the middle and the 95th percentile.
    delay: (u32, u32),
}

fn main() {
    println!("| ms a key | ms an answer | policy | begun | thrown away | seen | model busy | delay p50 / p95 |");
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for key_ms in KEY_MS {
        for latency_ms in LATENCY_MS {
            for (name, policy) in [("off", Policy::Off), ("75 ms", Policy::Fixed(75)), ("adaptive", Policy::Adaptive)] {
                let figures = simulate(policy, key_ms, latency_ms);
                let Figures { begun, thrown_away, busy_s, seen, delay: (middle, late) } = figures;
                println!(
                    "| {key_ms:.0} | {latency_ms} | {name} | {begun:.0} | {thrown_away:.0} | {seen:.0} | {busy_s:.0} s | \
                     {middle} / {late} ms |"
                );
            }
        }
    }
}

/// The editor asks at each keystroke, at once; what is begun ends when the next key comes.
fn simulate(policy: Policy, key_ms: f64, latency_ms: u32) -> Figures {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut gaps = std::collections::VecDeque::new();
    let (mut begun, mut thrown_away, mut busy_ms) = (0_u32, 0_u32, 0_u64);
    let mut delays = Vec::new();
    for _ in 0..KEYS {
        let gap = if random.next().is_multiple_of(KEYS_A_PAUSE) {
            random.lognormal(PAUSE_MS, PAUSE_SPREAD)
        } else {
            random.lognormal(key_ms, SPREAD)
        };
        let wait = match policy {
            Policy::Off => 0,
            Policy::Fixed(ms) => ms,
            Policy::Adaptive => wait_ms(gaps.make_contiguous(), latency_ms),
        };
        if gap > wait {
            begun += 1;
            busy_ms += u64::from(latency_ms.min(gap - wait));
            if gap < wait + latency_ms { thrown_away += 1 } else { delays.push(wait) }
        }
        gaps.push_front(gap);
        gaps.truncate(REMEMBERED);
    }
    delays.sort_unstable();
    let at = |percent: usize| delays.get(delays.len() * percent / 100).copied().unwrap_or_default();
    let per_thousand = |count: f64| count * 1_000.0 / KEYS as f64;
    Figures {
        begun: per_thousand(f64::from(begun)),
        thrown_away: per_thousand(f64::from(thrown_away)),
        busy_s: per_thousand(busy_ms as f64 / 1_000.0),
        seen: per_thousand(delays.len() as f64),
        delay: (at(50), at(95)),
    }
}

/// Marsaglia's xorshift, the same numbers in every run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Above 0, at most 1.
    fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / (1_u64 << 53) as f64
    }

    fn lognormal(&mut self, middle: f64, spread: f64) -> u32 {
        let normal = (-2.0 * self.unit().ln()).sqrt() * (std::f64::consts::TAU * self.unit()).cos();
        (middle * (spread * normal).exp()) as u32
    }
}
