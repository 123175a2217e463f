//! How many compute threads: fewer while the machine is busy, more again when it is not. Arithmetic only; measurements
//! and the clock are the caller's.
//!
//! ggml's threads meet at a barrier several hundred times a token. As soon as another program takes one of their cores,
//! all wait for the one without: with two threads on two busy cores a token took a hundred times as long as with one.
//! That is seen in what decodes cost, compared with the best that was known of the same width.

use std::time::{Duration, Instant};

/// Decodes that are looked at together.
const WINDOW: usize = 8;

/// So many of them slow means that it is no accident.
const MANY: usize = 6;

/// A decode that takes so many times what it usually takes is slow. A busy core costs a factor of two at most where nobody
/// waits at a barrier.
const SLOW: f32 = 4.0;

/// Widths by powers of two: 1, 2, 3-4, 5-8 … 65 and more.
const BUCKETS: usize = 8;

/// Weight of a new measurement in what a decode usually takes.
const SMOOTHING: f32 = 0.1;

/// Between a drop and the first try with more threads, and at most between two tries.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(160);

/// What decodes of each width cost with a number of threads, in µs; 0 while not measured.
#[derive(Clone, Debug, Default)]
struct Costs {
    threads: u32,
    usual: [f32; BUCKETS],
}

#[derive(Debug)]
pub struct Threads {
    most: u32,
    now: u32,
    /// By number of threads.
    costs: Vec<Costs>,
    /// Whether the last decodes were slow, the newest last.
    slow: Vec<bool>,
    /// Costs of this try's decodes, compared with fewer threads: 1.0 is as fast.
    trial: Option<Vec<f32>>,
    pause: Duration,
    try_at: Option<Instant>,
}

impl Threads {
    pub fn new(most: u32) -> Self {
        let most = most.max(1);
        Self { most, now: most, costs: Vec::new(), slow: Vec::new(), trial: None, pause: FIRST_PAUSE, try_at: None }
    }

    /// What to compute with from now on. `cap` is what politeness leaves; at least one.
    pub fn wanted(&mut self, now: Instant, cap: u32) -> u32 {
        if self.try_at.is_some_and(|at| now >= at) && self.now < self.most && self.trial.is_none() {
            self.try_at = None;
            self.now = (self.now * 2).min(self.most);
            self.slow.clear();
            self.trial = Some(Vec::new());
        }
        self.now.min(cap).max(1)
    }

    /// What the settings allow.
    pub fn most(&self) -> u32 {
        self.most
    }

    /// Fewer than the settings allow, because the machine is busy.
    pub fn is_lowered(&self) -> bool {
        self.now < self.most
    }

    /// A decode of `width` tokens took so many µs with `threads`.
    pub fn measured(&mut self, now: Instant, threads: u32, width: usize, microseconds: f32) {
        let bucket = (usize::BITS - width.saturating_sub(1).leading_zeros()).min(BUCKETS as u32 - 1) as usize;
        let fewer = self.usual_with_fewer(threads, bucket);
        // What was never measured is at worst as much slower as there are fewer threads.
        let more = self.costs.iter().filter(|costs| costs.threads > threads && costs.usual[bucket] > 0.0);
        let expected = more.map(|costs| costs.usual[bucket] * costs.threads as f32 / threads as f32).reduce(f32::min);
        let costs = self.costs_of(threads);
        if costs.usual[bucket] == 0.0 {
            costs.usual[bucket] = expected.unwrap_or(0.0);
        }
        let usual = costs.usual[bucket];
        // Prompts grow and caches fill: what is usual follows, but a collapse does not teach that it is.
        let is_slow = usual > 0.0 && microseconds > SLOW * usual;
        costs.usual[bucket] = match usual {
            0.0 => microseconds,
            usual if microseconds < usual => usual + 3.0 * SMOOTHING * (microseconds - usual),
            usual => usual + SMOOTHING * 0.2 * (microseconds.min(1.5 * usual) - usual),
        };
        if threads != self.now {
            return;
        }
        if let (Some(trial), Some(fewer)) = (&mut self.trial, fewer) {
            trial.push(microseconds / fewer);
            if trial.len() == WINDOW {
                self.judge_trial(now);
            }
            return;
        }
        self.slow.push(is_slow);
        if self.slow.len() > WINDOW {
            self.slow.remove(0);
        }
        if self.now > 1 && self.slow.iter().filter(|slow| **slow).count() >= MANY {
            self.trial = None;
            self.lower(now);
        }
    }

    fn judge_trial(&mut self, now: Instant) {
        let Some(mut trial) = self.trial.take() else { return };
        trial.sort_by(f32::total_cmp);
        // The worse half counts: a barrier that collapses now and then is what the user feels.
        if trial[WINDOW * 3 / 4] > 1.1 {
            self.pause = (self.pause * 2).min(LONGEST_PAUSE);
            self.lower(now);
            return;
        }
        self.pause = FIRST_PAUSE;
        self.try_at = (self.now < self.most).then(|| now + self.pause);
    }

    fn lower(&mut self, now: Instant) {
        self.now = (self.now / 2).max(1);
        self.slow.clear();
        self.try_at = Some(now + self.pause);
    }

    fn usual_with_fewer(&self, threads: u32, bucket: usize) -> Option<f32> {
        let fewer = self.costs.iter().filter(|costs| costs.threads < threads && costs.usual[bucket] > 0.0);
        fewer.max_by_key(|costs| costs.threads).map(|costs| costs.usual[bucket])
    }

    fn costs_of(&mut self, threads: u32) -> &mut Costs {
        let index = self.costs.iter().position(|costs| costs.threads == threads).unwrap_or_else(|| {
            self.costs.push(Costs { threads, ..Costs::default() });
            self.costs.len() - 1
        });
        &mut self.costs[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine on which a token takes 8 ms of one thread, shared among threads while it is free; when it is busy, more
    /// than one thread costs a hundred times that.
    struct Machine {
        threads: Threads,
        now: Instant,
        busy: bool,
        cap: u32,
    }

    impl Machine {
        fn new(most: u32) -> Self {
            Self { threads: Threads::new(most), now: Instant::now(), busy: false, cap: u32::MAX }
        }

        /// Decodes for so many seconds of its own clock, and returns the threads at the end.
        fn runs(&mut self, seconds: f32) -> u32 {
            let end = self.now + Duration::from_secs_f32(seconds);
            while self.now < end {
                let threads = self.threads.wanted(self.now, self.cap);
                let alone = 8_000.0 / threads as f32;
                let cost = match (self.busy, threads) {
                    (false, _) => alone,
                    (true, 1) => 2.0 * alone,
                    (true, _) => 100.0 * alone,
                };
                self.now += Duration::from_micros(cost as u64);
                self.threads.measured(self.now, threads, 1, cost);
            }
            self.threads.wanted(self.now, self.cap)
        }
    }

    #[test]
    fn a_free_machine_keeps_all_threads() {
        let mut machine = Machine::new(7);
        assert_eq!(machine.runs(60.0), 7);
        assert!(!machine.threads.is_lowered());
    }

    #[test]
    fn a_collapse_lowers_them_within_a_few_tokens_and_they_come_back() {
        let mut machine = Machine::new(4);
        machine.runs(2.0);
        machine.busy = true;
        let collapsed = Instant::now();
        machine.now = collapsed;
        // Six tokens at 200 ms, then six at 400 ms.
        assert_eq!(machine.runs(4.5), 1);
        assert!(machine.threads.is_lowered());
        machine.busy = false;
        assert_eq!(machine.runs(60.0), 4, "all are tried again");
    }

    #[test]
    fn tries_on_a_busy_machine_become_rarer() {
        let mut machine = Machine::new(2);
        machine.runs(2.0);
        machine.busy = true;
        machine.runs(10.0);
        let mut tries = 0;
        let mut before = 1;
        for _ in 0..600 {
            let threads = machine.runs(1.0);
            tries += u32::from(threads > before);
            before = threads;
        }
        assert!((2..=8).contains(&tries), "{tries}");
        assert!(machine.threads.is_lowered());
    }

    #[test]
    fn a_hiccup_and_a_growing_context_are_no_collapse() {
        let mut threads = Threads::new(4);
        let now = Instant::now();
        for index in 0..2_000 {
            let growing = 1_000.0 + index as f32 * 3.0;
            let cost = if index % 5 == 0 { 20.0 * growing } else { growing };
            threads.measured(now, 4, 1, cost);
        }
        assert_eq!(threads.wanted(now, u32::MAX), 4);
    }

    #[test]
    fn widths_are_not_compared_with_one_another() {
        let mut threads = Threads::new(4);
        let now = Instant::now();
        for _ in 0..20 {
            threads.measured(now, 4, 1, 1_000.0);
            threads.measured(now, 4, 64, 40_000.0);
        }
        (0..20).for_each(|_| threads.measured(now, 4, 64, 41_000.0));
        assert_eq!(threads.wanted(now, u32::MAX), 4);
    }

    #[test]
    fn politeness_caps_and_is_no_collapse() {
        let mut machine = Machine::new(8);
        machine.runs(1.0);
        machine.cap = 4;
        assert_eq!(machine.runs(5.0), 4);
        assert!(!machine.threads.is_lowered());
        machine.cap = u32::MAX;
        assert_eq!(machine.runs(5.0), 8);
        assert_eq!(Threads::new(0).wanted(Instant::now(), 0), 1);
    }
}
