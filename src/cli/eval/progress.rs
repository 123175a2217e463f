//! How far a run is, on stderr, where somebody watches.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

const REDRAW: Duration = Duration::from_millis(100);
const WIDTH: usize = 24;

pub struct Progress {
    is_watched: bool,
    total: usize,
    done: usize,
    /// When the first one began that was not done in an earlier run, and how many were done by then.
    started: Instant,
    before: usize,
    drawn: Option<Instant>,
}

impl Progress {
    pub fn new(total: usize, done: usize) -> Self {
        let is_watched = std::io::stderr().is_terminal();
        Self { is_watched, total, done, started: Instant::now(), before: done, drawn: None }
    }

    /// One more is done.
    pub fn step(&mut self, what: &str) {
        self.at(self.done + 1, what);
    }

    /// So many are done.
    pub fn at(&mut self, done: usize, what: &str) {
        self.done = done.min(self.total);
        let is_time = self.drawn.is_none_or(|drawn| drawn.elapsed() >= REDRAW) || self.done == self.total;
        if self.is_watched && is_time {
            self.drawn = Some(Instant::now());
            let elapsed = self.started.elapsed();
            eprint!("\r\x1b[K{}", bar(self.done, self.total, self.done - self.before, elapsed, what));
            let _ = std::io::stderr().flush();
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.drawn.is_some() {
            eprint!("\r\x1b[K");
        }
    }
}

/// `[####    ] 10/20  lookup  1:05 left`; `now` of those done took `elapsed`.
fn bar(done: usize, total: usize, now: usize, elapsed: Duration, what: &str) -> String {
    let full = (done * WIDTH).checked_div(total).unwrap_or(WIDTH);
    let left = elapsed.as_secs_f64() / now.max(1) as f64 * (total - done) as f64;
    let seconds = left.round() as u64;
    let bar = format!("{}{}", "#".repeat(full), " ".repeat(WIDTH - full));
    format!("[{bar}] {done}/{total}  {what}  {}:{:02} left", seconds / 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_tells_how_long_the_rest_takes() {
        let half = bar(10, 20, 5, Duration::from_secs(5), "lookup");
        assert_eq!(half, "[############            ] 10/20  lookup  0:10 left");
        assert!(bar(0, 0, 0, Duration::ZERO, "x").starts_with("[########################] 0/0"));
        assert!(bar(1, 201, 1, Duration::from_secs(1), "x").ends_with("3:20 left"));
    }
}
