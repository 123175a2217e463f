//! An answer as it comes, on a terminal or into a pipe. Nothing in it steers the terminal.

use std::io;

use super::style;
use crate::cli::terminal::{Style, Terminal};

/// The text without characters that steer a terminal; lines and tabs stay.
pub fn harmless(text: &str) -> String {
    let is_harmless = |character: char| !character.is_control() || matches!(character, '\n' | '\t');
    text.chars().map(|character| if is_harmless(character) { character } else { '\u{fffd}' }).collect()
}

pub struct Screen {
    terminal: Terminal,
    /// The answer is shown as it comes; otherwise it is kept for a report.
    shows: bool,
    /// Somebody watches stderr.
    is_watched: bool,
    has_progress: bool,
    /// What came of a line that is not whole yet, where lines are styled.
    line: String,
    is_in_fence: bool,
    ends_in_line: bool,
}

impl Screen {
    pub fn new(terminal: Terminal, shows: bool, is_watched: bool) -> Self {
        Self {
            terminal,
            shows,
            is_watched,
            has_progress: false,
            line: String::new(),
            is_in_fence: false,
            ends_in_line: false,
        }
    }

    pub fn terminal(&mut self) -> &mut Terminal {
        &mut self.terminal
    }

    /// A line about what goes on, in place of the one before; empty to take it away. Nothing where nobody watches.
    pub fn progress(&mut self, line: &str) {
        if !self.is_watched || (line.is_empty() && !self.has_progress) {
            return;
        }
        let line: String = harmless(line).replace(['\n', '\t'], " ").chars().take(100).collect();
        eprint!("\r\x1b[K{line}");
        let _ = io::Write::flush(&mut io::stderr());
        self.has_progress = !line.is_empty();
    }

    pub fn notice(&mut self, text: &str) -> io::Result<()> {
        self.progress("");
        if !self.shows {
            return Ok(());
        }
        self.end_line()?;
        let text = harmless(text).replace('\n', " ");
        self.terminal.styled(&[(Style::Dim, &format!("> {text}"))])?;
        self.terminal.line("")
    }

    pub fn text(&mut self, text: &str) -> io::Result<()> {
        self.progress("");
        if !self.shows {
            return Ok(());
        }
        let text = harmless(text);
        if !self.terminal.has_colour() {
            self.ends_in_line = !text.ends_with('\n');
            return self.terminal.piece(&text);
        }
        self.line.push_str(&text);
        while let Some(end) = self.line.find('\n') {
            let rest = self.line.split_off(end + 1);
            let line = std::mem::replace(&mut self.line, rest);
            self.whole_line(line.trim_end_matches('\n'))?;
        }
        Ok(())
    }

    fn whole_line(&mut self, line: &str) -> io::Result<()> {
        let is_fence = line.trim_start().starts_with("```");
        let style = if is_fence || self.is_in_fence { Style::Dim } else { style(line) };
        self.is_in_fence ^= is_fence;
        self.terminal.styled(&[(style, line)])
    }

    pub fn footer(&mut self, text: &str) -> io::Result<()> {
        self.end()?;
        if !self.shows {
            return Ok(());
        }
        // A rule right below a line would make a heading of it.
        self.terminal.line("")?;
        for line in text.trim_start_matches('\n').lines() {
            self.terminal.styled(&[(Style::Dim, &harmless(line))])?;
        }
        Ok(())
    }

    /// No more of the answer will come.
    pub fn end(&mut self) -> io::Result<()> {
        self.progress("");
        if self.shows { self.end_line() } else { Ok(()) }
    }

    fn end_line(&mut self) -> io::Result<()> {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.whole_line(&line)?;
        }
        if std::mem::take(&mut self.ends_in_line) {
            self.terminal.line("")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// What a screen writes when it is told `pieces`.
    fn written(colour: bool, pieces: &[&str]) -> String {
        #[derive(Clone, Default)]
        struct Paper(Arc<Mutex<Vec<u8>>>);
        impl io::Write for Paper {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().expect("no panic").write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let paper = Paper::default();
        let mut screen = Screen::new(Terminal::to(Box::new(paper.clone()), colour), true, false);
        for piece in pieces {
            screen.text(piece).expect("written");
        }
        screen.footer("\n\n---\n\n* cost\n").expect("written");
        let bytes = paper.0.lock().expect("no panic").clone();
        String::from_utf8(bytes).expect("text")
    }

    #[test]
    fn into_a_pipe_the_text_goes_as_it_is() {
        assert_eq!(written(false, &["# A\n", "b", "c"]), "# A\nbc\n\n---\n\n* cost\n");
    }

    #[test]
    fn a_terminal_gets_lines_with_a_little_style() {
        let text = written(true, &["# A\nb", "c\n```\n# d\n```\ne"]);
        let expected = "\x1b[1m# A\x1b[0m\nbc\n\x1b[2m```\x1b[0m\n\x1b[2m# d\x1b[0m\n\x1b[2m```\x1b[0m\ne\n\n\
                        \x1b[2m---\x1b[0m\n\x1b[2m\x1b[0m\n\x1b[2m* cost\x1b[0m\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_steers_the_terminal() {
        let text = written(false, &["a\x1b]0;title\x07b\r\u{9b}31mc\n"]);
        assert!(text.starts_with("a\u{fffd}]0;title\u{fffd}b\u{fffd}\u{fffd}31mc\n"), "{text:?}");
    }
}
