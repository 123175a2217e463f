//! How far a pull is: a bar in a terminal, a line now and then where nobody watches, an event a line for programs.

use std::io::{self, IsTerminal, Write};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::cli::doctor::machine::size;
use crate::cli::terminal::{Terminal, printable};
use crate::models::download::{Event, Meter};

/// Characters of the bar, and most of a file's name.
const BAR: usize = 20;
const NAME: usize = 34;
/// Where nobody watches, a line comes after so many percent more.
const STEP: u64 = 10;

pub enum Screen {
    /// On stderr, over and over in one line.
    Bar,
    /// On stderr.
    Lines,
    /// On stdout.
    Events,
}

/// One file on its way.
pub struct Progress<'a> {
    screen: &'a Screen,
    what: String,
    size: u64,
    done: u64,
    there: u64,
    said: u64,
    meter: Meter,
}

impl Screen {
    pub fn of(is_json: bool) -> Self {
        match (is_json, io::stderr().is_terminal()) {
            (true, _) => Self::Events,
            (false, true) => Self::Bar,
            (false, false) => Self::Lines,
        }
    }

    /// A sentence that people should see, over the bar.
    pub fn say(&self, text: &str) {
        match self {
            Self::Bar => eprintln!("\r\x1b[K{}", printable(text)),
            Self::Lines => eprintln!("{}", printable(text)),
            Self::Events => {}
        }
    }

    /// Something that programs should hear.
    pub fn event(&self, terminal: &mut Terminal, event: &Value) -> io::Result<()> {
        match self {
            Self::Events => terminal.piece(&format!("{event}\n")),
            _ => Ok(()),
        }
    }

    pub fn clear(&self) {
        if matches!(self, Self::Bar) {
            eprint!("\r\x1b[K");
        }
    }
}

impl<'a> Progress<'a> {
    pub fn new(screen: &'a Screen, what: &str, size: u64, now: Instant) -> Self {
        Self { screen, what: what.to_owned(), size, done: 0, there: 0, said: 0, meter: Meter::new(size, 0, now) }
    }

    /// What happened beside bytes that came.
    pub fn hear(&mut self, terminal: &mut Terminal, event: Event, now: Instant) -> io::Result<()> {
        let what = &self.what;
        let told = match event {
            Event::Begun { there, size: bytes } => {
                (self.there, self.done) = (there, there);
                self.said = there.saturating_mul(100).checked_div(bytes).unwrap_or(100) / STEP;
                self.meter = Meter::new(bytes, there, now);
                if there > 0 {
                    self.screen.say(&format!("{what}: {} of {} are there already", size(there), size(bytes)));
                }
                json!({"event": "begin", "file": what, "bytes": bytes, "there": there})
            }
            Event::Again { why, wait } => {
                // Those that come and go at once are no news.
                if wait >= Duration::from_secs(4) {
                    self.screen.say(&format!("{what}: {why}; trying again in {} s", wait.as_secs()));
                }
                json!({"event": "again", "file": what, "why": why, "waitMs": u64::try_from(wait.as_millis()).ok()})
            }
            Event::OneStream { why } => {
                self.screen.say(&format!("{what}: {why}; it comes in one piece, which cannot be gone on with"));
                json!({"event": "oneStream", "file": what, "why": why})
            }
            Event::Anew { why } => {
                self.screen.say(&format!("{what}: {why}; it begins anew"));
                json!({"event": "anew", "file": what, "why": why})
            }
            Event::Checking => json!({"event": "checking", "file": what}),
            Event::Came { .. } => return Ok(()),
        };
        self.screen.event(terminal, &told)
    }

    /// So much is there.
    pub fn show(&mut self, terminal: &mut Terminal, done: u64, now: Instant) -> io::Result<()> {
        // Before it began, and after it began anew.
        if done < self.there || done == self.done {
            return Ok(());
        }
        self.done = done;
        self.meter.note(done, now);
        match self.screen {
            Screen::Bar => {
                eprint!("\r\x1b[K{}", self.line(true));
                io::stderr().flush()
            }
            Screen::Lines => {
                let percent = self.percent() / STEP;
                if percent > self.said {
                    self.said = percent;
                    eprintln!("{}", self.line(false));
                }
                Ok(())
            }
            Screen::Events => {
                let pace = self.meter.pace();
                let left = pace.and_then(|pace| pace.left).map(|left| left.as_secs());
                let rate = pace.map(|pace| pace.bytes_per_second.round());
                let event = json!({
                    "event": "progress", "file": self.what, "done": done, "bytes": self.size, "there": self.there,
                    "bytesPerSecond": rate, "secondsLeft": left,
                });
                self.screen.event(terminal, &event)
            }
        }
    }

    fn percent(&self) -> u64 {
        self.done.saturating_mul(100).checked_div(self.size).unwrap_or(100)
    }

    fn line(&self, has_bar: bool) -> String {
        let name: String = printable(&self.what).chars().take(NAME).collect();
        let filled = usize::try_from(self.percent()).unwrap_or(100) * BAR / 100;
        let bar =
            if has_bar { format!(" [{}{}]", "#".repeat(filled), "-".repeat(BAR - filled)) } else { String::new() };
        let mut line = format!("{name}{bar} {} % of {}", self.percent(), size(self.size));
        if let Some(pace) = self.meter.pace() {
            line += &format!(", {}/s", size(pace.bytes_per_second as u64));
            if let Some(left) = pace.left.filter(|_| self.done < self.size) {
                line += &format!(", {}", remaining(left));
            }
        }
        line
    }
}

fn remaining(left: Duration) -> String {
    match left.as_secs() {
        seconds @ 0..=90 => format!("{seconds} s"),
        seconds @ 91..=5399 => format!("{} min", seconds.div_ceil(60)),
        seconds => format!("{} h {} min", seconds / 3600, seconds % 3600 / 60),
    }
}

#[cfg(test)]
mod line_tests {
    use super::*;

    #[test]
    fn a_line_says_how_far_how_fast_and_how_long() {
        let begin = Instant::now();
        let mut progress =
            Progress::new(&Screen::Events, "a-very-long-name-of-a-model-that-nobody-reads.gguf", 1_000_000_000, begin);
        let mut terminal = Terminal::to(Box::new(io::sink()), false);
        progress.hear(&mut terminal, Event::Begun { there: 200_000_000, size: 1_000_000_000 }, begin).unwrap();
        progress.show(&mut terminal, 400_000_000, begin + Duration::from_secs(2)).unwrap();
        assert_eq!(
            progress.line(true),
            "a-very-long-name-of-a-model-that-n [########------------] 40 % of 1.0 GB, 100 MB/s, 6 s"
        );
        assert!(progress.line(true).len() < 90);
        progress.show(&mut terminal, 1_000_000_000, begin + Duration::from_secs(8)).unwrap();
        assert_eq!(progress.line(false), "a-very-long-name-of-a-model-that-n 100 % of 1.0 GB, 100 MB/s");
    }

    #[test]
    fn long_waits_are_told_in_large_units() {
        let said = [5, 90, 91, 3600, 5400, 100_000].map(|seconds| remaining(Duration::from_secs(seconds)));
        assert_eq!(said, ["5 s", "90 s", "2 min", "60 min", "1 h 30 min", "27 h 46 min"]);
    }
}
