//! The last resort: a model that knows conversations is asked to fill a hole, and what it says around the code is taken away.

use serde_json::{Value, json};

use crate::engine::fim::Parts;
use crate::engine::prompt::heading;

/// Stands where the cursor is.
pub const HOLE: &str = "<HOLE/>";

const TASK: &str = "You complete code at a cursor. The file below has one mark, <HOLE/>. Answer with the text that belongs in its \
    place and with nothing else: no explanation, no Markdown fence, nothing of what stands before or behind the mark. Keep it \
    short: finish the statement or the block that the mark is in. If nothing belongs there, answer with an empty line.";

/// The conversation. `Parts` are clean of special tokens and of the mark.
pub fn messages(parts: &Parts) -> Value {
    let mut text = String::new();
    for (path, snippet) in &parts.snippets {
        text += &format!("Elsewhere, {}:\n{}\n\n", heading(path), snippet.trim_end());
    }
    let name = if parts.path.is_empty() { "The file".to_owned() } else { heading(&parts.path) };
    let Parts { above, line, suffix, .. } = parts;
    text += &format!("{name}:\n{above}{line}{HOLE}{suffix}");
    json!([{ "role": "system", "content": TASK }, { "role": "user", "content": text }])
}

/// Tokens for an answer: those of the code, and some for what is taken away.
pub fn room(max_tokens: u32) -> u32 {
    max_tokens.saturating_add(32)
}

/// Takes an answer in pieces and gives the code in it. A line is judged when it is whole.
#[derive(Debug)]
pub struct Cleaner {
    /// The cursor's line up to the cursor: many models begin with it again.
    line: String,
    held: String,
    /// Empty lines at the beginning: part of the code if it follows at once, and of the talk if that does.
    blank: String,
    state: State,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing but talk and empty lines so far.
    Before,
    Thinking,
    /// In a fence, or without one.
    Fenced,
    Plain,
    Over,
}

impl Cleaner {
    pub fn new(line: &str) -> Self {
        Self { line: line.to_owned(), held: String::new(), blank: String::new(), state: State::Before }
    }

    /// What of the answer is code now. Empty while nothing can be said.
    pub fn push(&mut self, piece: &str) -> String {
        self.held += piece;
        let mut code = String::new();
        while let Some(end) = self.held.find('\n') {
            let line: String = self.held.drain(..=end).collect();
            self.take(&line, &mut code);
        }
        code
    }

    /// The answer is over.
    pub fn finish(&mut self) -> String {
        let (line, mut code) = (std::mem::take(&mut self.held), String::new());
        if !line.is_empty() {
            self.take(&line, &mut code);
        }
        code
    }

    /// What comes now is no code any more.
    pub fn is_over(&self) -> bool {
        self.state == State::Over
    }

    fn take(&mut self, line: &str, code: &mut String) {
        let line = line.replace(HOLE, "");
        let bare = line.trim();
        match self.state {
            State::Over => {}
            State::Thinking => {
                if bare.ends_with("</think>") {
                    self.state = State::Before;
                }
            }
            State::Before if bare.starts_with("<think>") => {
                if !bare.ends_with("</think>") {
                    self.state = State::Thinking;
                }
            }
            State::Before if bare.starts_with("```") => self.state = State::Fenced,
            State::Before if is_talk(bare) => self.blank.clear(),
            State::Before if bare.is_empty() && line.ends_with('\n') => self.blank.push_str(&line),
            State::Before => {
                self.state = State::Plain;
                code.push_str(&self.blank);
                code.push_str(self.without_start(&line));
            }
            State::Fenced | State::Plain if bare.starts_with("```") => self.state = State::Over,
            State::Fenced if code.is_empty() && !self.line.is_empty() => {
                code.push_str(self.without_start(&line));
                // Only the first line of the fence can begin with the cursor's.
                self.state = State::Plain;
            }
            State::Fenced | State::Plain => code.push_str(&line),
        }
    }

    /// A first line without what stands before the cursor already.
    fn without_start<'l>(&self, line: &'l str) -> &'l str {
        let there = self.line.trim_start();
        let rest = line.trim_start().strip_prefix(there.trim_end()).filter(|_| there.trim_end().len() > 2);
        // The blank before the cursor is there, too.
        rest.map_or(line, |rest| if there.ends_with(' ') { rest.strip_prefix(' ').unwrap_or(rest) } else { rest })
    }
}

/// A sentence before the code: `Here is the completed code:`, `Sure!`.
fn is_talk(line: &str) -> bool {
    let lower = line.to_ascii_lowercase();
    let begins = [
        "here is",
        "here's",
        "here are",
        "sure",
        "certainly",
        "of course",
        "the completed",
        "the missing",
        "to complete",
    ];
    begins.iter().any(|words| lower.starts_with(words)) && line.ends_with([':', '.', '!', ','])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The code of an answer, however it was cut into pieces.
    fn clean(line: &str, answer: &str) -> String {
        let cut = |size: usize| {
            let mut cleaner = Cleaner::new(line);
            let characters: Vec<char> = answer.chars().collect();
            let mut code = String::new();
            for piece in characters.chunks(size) {
                code += &cleaner.push(&piece.iter().collect::<String>());
            }
            code + &cleaner.finish()
        };
        let whole = cut(answer.len().max(1));
        for size in 1..8 {
            assert_eq!(cut(size), whole, "{answer:?} in pieces of {size}");
        }
        whole
    }

    #[test]
    fn code_is_left_and_talk_is_not() {
        for (answer, code) in [
            ("b", "b"),
            ("a + b;\n", "a + b;\n"),
            ("```rust\na + b\n```\nThis adds the two numbers.", "a + b\n"),
            ("Sure! Here is the completed code:\n\n```\nb\n```", "b\n"),
            ("\n\n    b", "\n\n    b"),
            ("Here is the missing part:\nb\n", "b\n"),
            ("<think>\nThey want b.\n</think>\nb", "b"),
            ("<HOLE/>b", "b"),
            ("", ""),
            ("here = 1", "here = 1"),
        ] {
            assert_eq!(clean("", answer), code, "{answer:?}");
        }
    }

    #[test]
    fn the_line_that_is_there_is_not_written_again() {
        assert_eq!(clean("    return a + ", "return a + b;\n"), "b;\n");
        assert_eq!(clean("    return a + ", "```rust\n    return a + b;\n```"), "b;\n");
        assert_eq!(clean("    return a + ", "b;"), "b;");
        assert_eq!(clean("x", "x + 1"), "x + 1", "one letter may well come twice");
    }

    #[test]
    fn the_mark_is_there_once() {
        let guard = crate::engine::fim::Guard::of_any_family().removing(HOLE);
        let above = guard.clean("// <HOLE/>\n");
        let parts = Parts { above, line: "a".to_owned(), ..Parts::default() };
        let text = messages(&parts)[1]["content"].as_str().unwrap_or_default().to_owned();
        assert_eq!(text, "The file:\n// \na<HOLE/>");
    }
}
