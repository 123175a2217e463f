//! Times, and what is said of them.

use std::time::Duration;

#[derive(Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    pub fn add(&mut self, sample: Duration) {
        self.0.push(sample);
    }

    /// Prints count, p50, p99 and the largest in milliseconds.
    pub fn print(mut self, what: &str) {
        self.0.sort_unstable();
        let at = |share: f64| {
            let index = ((self.0.len() - 1) as f64 * share).round() as usize;
            self.0[index].as_secs_f64() * 1000.0
        };
        let count = self.0.len();
        println!(
            "{what:<64} n {count:>5}   p50 {:>7.3} ms   p99 {:>7.3} ms   max {:>7.3} ms",
            at(0.5),
            at(0.99),
            at(1.0)
        );
    }
}
