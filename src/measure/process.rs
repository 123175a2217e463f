//! What Linux tells of processes and of the whole machine: memory, CPU time, load. Elsewhere nothing is known, and said so.

use std::fs::read_to_string;
use std::time::Duration;

/// Ticks of the kernel's CPU times a second; the same on every Linux that Rust runs on.
const TICKS_A_SECOND: f64 = 100.0;

/// Bytes of memory that a process has now, the mapped file of a model among them. `None` is this process.
pub fn resident(process: Option<u32>) -> Option<u64> {
    resident_of(&read_to_string(file(process, "status")).ok()?)
}

fn resident_of(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|size| size * 1024)
}

/// CPU seconds of a process so far, all its threads. `None` is this process, with its children that have ended.
pub fn cpu_seconds(process: Option<u32>) -> Option<f64> {
    cpu_seconds_of(&read_to_string(file(process, "stat")).ok()?, process.is_none())
}

/// The program's name stands in brackets and may hold anything; the fields behind it are numbers.
fn cpu_seconds_of(stat: &str, with_children: bool) -> Option<f64> {
    let (_, fields) = stat.rsplit_once(')')?;
    // Fields 14 to 17 of proc(5), of which the first two are left of the bracket: user and system, own and of children.
    let times = fields.split_whitespace().skip(11).take(if with_children { 4 } else { 2 });
    let times: Vec<f64> = times.map_while(|time| time.parse().ok()).collect();
    (times.len() >= 2).then(|| times.iter().sum::<f64>() / TICKS_A_SECOND)
}

fn file(process: Option<u32>, name: &str) -> String {
    process.map_or_else(|| format!("/proc/self/{name}"), |process| format!("/proc/{process}/{name}"))
}

/// Programs that wanted a processor at once, on average over the last minute.
pub fn load_average() -> Option<f64> {
    read_to_string("/proc/loadavg").ok()?.split_whitespace().next()?.parse().ok()
}

/// CPU seconds that all of the machine has been at work, other machines on the same processor included.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Busy(f64);

impl Busy {
    pub fn now() -> Option<Self> {
        Self::of(&read_to_string("/proc/stat").ok()?)
    }

    fn of(stat: &str) -> Option<Self> {
        let line = stat.lines().find_map(|line| line.strip_prefix("cpu "))?;
        let ticks: Vec<f64> = line.split_whitespace().map_while(|field| field.parse().ok()).collect();
        // user, nice, system, idle, iowait, irq, softirq, steal; guests count as user already.
        let busy = [0, 1, 2, 5, 6, 7].iter().filter_map(|at| ticks.get(*at)).sum::<f64>();
        (ticks.len() >= 4).then_some(Self(busy / TICKS_A_SECOND))
    }

    /// Processors that others than us kept busy since `earlier`, on average; `ours` are our CPU seconds of that time.
    pub fn others_since(self, earlier: Self, ours: f64, elapsed: Duration) -> f64 {
        let elapsed = elapsed.as_secs_f64();
        if elapsed <= 0.0 { 0.0 } else { ((self.0 - earlier.0 - ours) / elapsed).max(0.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_linux_tells_is_read() {
        assert_eq!(resident_of("Name:\tx\nVmRSS:\t    2048 kB\nVmSwap: 0 kB\n"), Some(2 << 20));
        assert_eq!(resident_of("Name:\tkthreadd\n"), None);
        let stat = "77 (a) b (c)) S 1 77 77 0 -1 4194560 100 0 0 0 250 50 100 20 20 0 4 0 12345 0 0\n";
        assert_eq!(cpu_seconds_of(stat, false), Some(3.0));
        assert_eq!(cpu_seconds_of(stat, true), Some(4.2));
        assert_eq!(cpu_seconds_of("77 (a", false), None);
    }

    #[test]
    fn others_are_what_is_busy_beyond_us() {
        let busy = |text| Busy::of(text).unwrap();
        let before = busy("cpu  1000 0 500 90000 100 0 0 0 0 0\ncpu0 1 1 1 1\n");
        let after = busy("cpu  1900 0 600 99000 100 0 0 500 0 0\n");
        // Fifteen seconds of CPU time in ten seconds, five of them ours.
        assert_eq!(after.others_since(before, 5.0, Duration::from_secs(10)), 1.0);
        assert_eq!(after.others_since(before, 99.0, Duration::from_secs(10)), 0.0);
        assert_eq!(after.others_since(before, 5.0, Duration::ZERO), 0.0);
        assert_eq!(Busy::of("intr 5\n"), None);
    }
}
