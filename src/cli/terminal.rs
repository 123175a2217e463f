//! Writing to a person's terminal, or to whatever stands in its place.
//!
//! Errors of writing are returned, never a panic: `tandem doctor | head -1` must end like any other program.

use std::io::{self, IsTerminal, Write};

use crate::config::Environment;

/// Standard output, with or without colours.
pub struct Terminal {
    out: Box<dyn Write>,
    colour: bool,
}

/// How a piece of text stands out. Plain text says the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Plain,
    /// Ghost text, and what matters less.
    Dim,
    Bold,
    Good,
    Bad,
}

impl Terminal {
    pub fn stdout(environment: &Environment) -> Self {
        let colour = io::stdout().is_terminal() && environment.wants_colour();
        Self { out: Box::new(io::stdout().lock()), colour }
    }

    /// Somewhere else.
    #[cfg(test)]
    pub fn to(out: Box<dyn Write>, colour: bool) -> Self {
        Self { out, colour }
    }

    /// Text as it is, at once.
    pub fn piece(&mut self, text: &str) -> io::Result<()> {
        self.out.write_all(text.as_bytes())?;
        self.out.flush()
    }

    pub fn line(&mut self, text: impl AsRef<str>) -> io::Result<()> {
        writeln!(self.out, "{}", text.as_ref())
    }

    /// A line of pieces, each in its style.
    pub fn styled(&mut self, pieces: &[(Style, &str)]) -> io::Result<()> {
        for (style, text) in pieces {
            match self.code(*style) {
                Some(code) => write!(self.out, "\x1b[{code}m{text}\x1b[0m")?,
                None => write!(self.out, "{text}")?,
            }
        }
        writeln!(self.out)
    }

    /// `name    value`, the names of a section under each other, and at least a space between.
    pub fn entry(&mut self, name: &str, value: impl AsRef<str>) -> io::Result<()> {
        let name = format!("  {name:<13} ");
        self.styled(&[(Style::Dim, &name), (Style::Plain, value.as_ref())])
    }

    pub fn heading(&mut self, text: &str) -> io::Result<()> {
        self.styled(&[(Style::Bold, text)])
    }

    pub fn has_colour(&self) -> bool {
        self.colour
    }

    /// Draws over the current line: text, and ghost text behind it. Only for a terminal.
    pub fn redraw(&mut self, text: &str, ghost: &str) -> io::Result<()> {
        write!(self.out, "\r\x1b[K{text}\x1b[2m{ghost}\x1b[0m")?;
        self.out.flush()
    }

    fn code(&self, style: Style) -> Option<&'static str> {
        if !self.colour {
            return None;
        }
        match style {
            Style::Plain => None,
            Style::Dim => Some("2"),
            Style::Bold => Some("1"),
            Style::Good => Some("32"),
            Style::Bad => Some("31"),
        }
    }
}

/// Text of a document made fit for a terminal: control characters would steer it.
pub fn printable(text: &str) -> String {
    text.chars().map(|character| if character.is_control() { '\u{fffd}' } else { character }).collect()
}
