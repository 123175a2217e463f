//! How many tokens of a prompt are evaluated at once: as many as take about as long as a cancel, or somebody else's request,
//! may wait. Arithmetic only; the measurements are the caller's.

/// A step should take about this long, in µs. A GPU's cost hardly depends on the length until its units are full, so there a
/// longer step is worth its time.
const CPU_GOAL: f32 = 5_000.0;
const GPU_GOAL: f32 = 40_000.0;

/// Where one token alone takes most of the goal, a step may take so many times as long: every decode reads all weights, and steps
/// of one token each would do nothing but that.
const TIMES_ONE: f32 = 2.0;

/// Kernels for several tokens take them by fours; what is left over costs a processor as much as as many single tokens.
const FOURS: usize = 4;

/// The length of steps, from what the ones before took.
#[derive(Clone, Debug)]
pub(super) struct Steps {
    now: usize,
    longest: usize,
    goal: f32,
    /// Least µs that one token alone took; None before the second decode.
    one: Option<f32>,
    /// Something was decoded: the first time also reads weights from the disk, and compiles what a device runs.
    is_warm: bool,
}

impl Steps {
    /// Begins with a token: nothing is known of the device, and a long step on a slow one takes minutes.
    pub fn new(longest: usize, is_on_cpu: bool) -> Self {
        let goal = if is_on_cpu { CPU_GOAL } else { GPU_GOAL };
        Self { now: 1, longest: longest.max(1), goal, one: None, is_warm: false }
    }

    /// Most tokens of the next step.
    pub fn next(&self) -> usize {
        if self.now > FOURS { self.now / FOURS * FOURS } else { self.now }
    }

    /// A decode of so many tokens took so many µs.
    pub fn decoded(&mut self, width: usize, elapsed: f32) {
        if width == 1 && self.is_warm {
            self.one = Some(self.one.map_or(elapsed, |least| least.min(elapsed)));
        }
        self.is_warm = true;
    }

    /// A step of `count` tokens took so many µs. Shorter ones than were allowed, a prompt's last, say little of long ones.
    pub fn stepped(&mut self, count: usize, elapsed: f32) {
        if count != self.next() {
            return;
        }
        let goal = self.one.map_or(self.goal, |one| self.goal.max(TIMES_ONE * one));
        self.now = match elapsed / goal {
            // By half at most: a machine that was busy once, or a width that was compiled for, must not count for long.
            over @ 1.25.. => ((count as f32 / over) as usize).max(count / 2),
            // Each length may be one that a device compiles for: few of them are tried.
            ..0.125 => count * 4,
            ..0.5 => count * 2,
            ..0.75 => count + (count / 4).max(if count < FOURS { 1 } else { FOURS }),
            _ => count,
        }
        .clamp(1, self.longest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps of a long prompt on a device that takes `fixed` µs a step and `each` µs a token, and `slow` µs longer whenever a
    /// width is new to it.
    fn steps(fixed: f32, each: f32, slow: f32, longest: usize, is_on_cpu: bool) -> Vec<(usize, f32)> {
        let mut steps = Steps::new(longest, is_on_cpu);
        let (mut taken, mut known) = (Vec::new(), std::collections::HashSet::new());
        for _ in 0..60 {
            let count = steps.next();
            let compiles = if known.insert(count.next_power_of_two()) { slow } else { 0.0 };
            let elapsed = fixed + each * count as f32;
            steps.decoded(count, elapsed + compiles);
            steps.stepped(count, elapsed + compiles);
            taken.push((count, elapsed));
        }
        taken
    }

    fn counts(steps: &[(usize, f32)]) -> Vec<usize> {
        steps.iter().map(|step| step.0).collect()
    }

    #[test]
    fn a_gpu_gets_long_steps_soon_also_where_each_width_is_compiled_first() {
        let quick = counts(&steps(2_000.0, 10.0, 0.0, 512, false));
        assert_eq!(quick[..7], [1, 4, 16, 64, 256, 512, 512]);
        let compiled = counts(&steps(2_000.0, 10.0, 3e6, 512, false));
        let at = compiled.iter().position(|count| *count == 512).expect("it comes to that");
        assert!(at <= 40, "{compiled:?}");
    }

    /// Cards and processors from quick to slow: no step, not the first either, takes longer than it may.
    #[test]
    fn no_step_takes_much_longer_than_its_goal() {
        for (fixed, each, is_on_cpu) in [
            (100.0, 10.0, true),
            (100.0, 200.0, true),
            // Half a billion parameters, and seven.
            (25_000.0, 8_000.0, true),
            (150_000.0, 60_000.0, true),
            (8_000.0, 300.0, false),
            (35_000.0, 1_000.0, false),
            // In software.
            (0.0, 70_000.0, false),
            (100_000.0, 78_000.0, false),
        ] {
            let (goal, longest) = if is_on_cpu { (CPU_GOAL, 64) } else { (GPU_GOAL, 512) };
            let steps = steps(fixed, each, 0.0, longest, is_on_cpu);
            let most = 1.5 * goal.max(TIMES_ONE * (fixed + each));
            assert!(steps.iter().all(|step| step.1 <= most), "{fixed} + {each}: {most} µs, {steps:?}");
        }
    }

    #[test]
    fn a_device_with_a_price_for_each_step_keeps_a_third_of_its_speed() {
        let (count, elapsed) = *steps(35_000.0, 1_000.0, 0.0, 512, false).last().expect("steps");
        assert!(count as f32 / elapsed > 512.0 / 547_000.0 / 3.0, "{count} in {elapsed} µs");
        let (count, elapsed) = *steps(150_000.0, 60_000.0, 0.0, 64, true).last().expect("steps");
        assert!(elapsed / (count as f32) < 2.0 * 60_000.0, "{count} in {elapsed} µs");
    }

    #[test]
    fn a_busy_moment_is_soon_forgotten() {
        let mut steps = Steps::new(64, true);
        for _ in 0..20 {
            let count = steps.next();
            steps.stepped(count, 50.0 * count as f32);
        }
        assert_eq!(steps.next(), 64);
        steps.stepped(64, 200_000.0);
        assert_eq!(steps.next(), 32);
        steps.stepped(32, 1_600.0);
        assert_eq!(steps.next(), 64, "and back with the next");
    }

    #[test]
    fn a_short_rest_of_a_prompt_says_nothing() {
        let mut steps = Steps::new(64, true);
        (0..8).for_each(|_| steps.stepped(steps.next(), 100.0));
        let before = steps.next();
        steps.stepped(3, 100_000.0);
        assert_eq!(steps.next(), before);
    }

    #[test]
    fn odd_widths_are_left_out() {
        for (fixed, each) in [(900.0, 411.0), (3.0, 377.0), (2_000.0, 133.0)] {
            let odd = |count: &usize| *count > FOURS && !count.is_multiple_of(FOURS);
            assert!(!counts(&steps(fixed, each, 0.0, 64, true)).iter().any(odd));
        }
    }
}
