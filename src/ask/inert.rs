//! Makes a model's Markdown inert while it streams: nothing in it loads, links, runs or hides, whatever renders it.
//!
//! It works on single characters with a bounded look ahead, so the result is the same however the answer is cut into pieces.
//! Where renderers could disagree about what is code, it leaves them no choice: code in a line ends in that line, backquotes
//! without a partner are escaped, and every fence is written anew at the left margin, where no list or quote can hold it.
//! Outside of code `<` begins no tag and `]` ends no link: an image or link stays to be read, address and all, as plain text.

mod block;
mod strip;

use block::{Fence, LONGEST_RUN, Prefix, closes, prefix_of};
use strip::Strip;

/// Longest code within a line, in bytes. A longer one is no code.
const LONGEST_CODE: usize = 4096;
/// Schemes that do something on a click, without the two slashes that give others away.
const ACTIVE_SCHEMES: &[&str] = &[
    "about",
    "blob",
    "command",
    "cursor",
    "data",
    "file",
    "jar",
    "javascript",
    "mailto",
    "ms-settings",
    "tel",
    "vbscript",
    "view-source",
    "vscode",
    "vscode-insiders",
];
/// Longest scheme that is looked at.
const LONGEST_SCHEME: usize = 32;

/// What a part of an answer is, for who looks for citations in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    Prose,
    /// Between backquotes in a line; the backquotes are prose.
    Code,
    /// A fenced block, fences included.
    Block,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    pub kind: PartKind,
    pub text: String,
}

/// See the room.
#[derive(Debug, Default)]
pub struct Inert {
    strip: Strip,
    /// Stripped, and not decided yet.
    pending: String,
    fence: Option<Fence>,
    is_inside_line: bool,
    /// Something but white space stands in this line, or in the one above.
    is_filled: bool,
    is_filled_above: bool,
    /// The letters before the place, as far as they may be a scheme.
    word: String,
    parts: Vec<Part>,
}

/// What is known of the characters to come.
enum Ahead {
    Taken(usize),
    /// It depends on what comes.
    More,
}

impl Inert {
    /// What is certain by now.
    pub fn push(&mut self, chunk: &str) -> Vec<Part> {
        for character in chunk.chars() {
            if let Some(character) = self.strip.pass(character) {
                self.pending.push(character);
            }
        }
        self.decide(false);
        std::mem::take(&mut self.parts)
    }

    /// The rest; what is open is closed.
    pub fn finish(mut self) -> Vec<Part> {
        self.decide(true);
        if let Some(fence) = self.fence.take() {
            if self.is_inside_line {
                self.put(PartKind::Block, "\n");
            }
            self.put(PartKind::Block, &fence.mark());
            self.put(PartKind::Block, "\n");
        }
        self.parts
    }

    fn decide(&mut self, is_end: bool) {
        let pending = std::mem::take(&mut self.pending);
        let mut at = 0;
        while at < pending.len() {
            let rest = &pending[at..];
            let ahead = match (&self.fence, self.is_inside_line) {
                (Some(_), false) => self.block_line(rest, is_end),
                (Some(_), true) => self.block_text(rest),
                (None, false) => self.line_start(rest, is_end),
                (None, true) => self.inline(rest, is_end),
            };
            match ahead {
                // A line's start may need nothing, and what follows takes it from there.
                Ahead::Taken(length) => at += length,
                Ahead::More => break,
            }
        }
        self.pending = pending[at..].to_owned();
    }

    fn put(&mut self, kind: PartKind, text: &str) {
        match self.parts.last_mut() {
            Some(last) if last.kind == kind => last.text.push_str(text),
            _ if text.is_empty() => {}
            _ => self.parts.push(Part { kind, text: text.to_owned() }),
        }
    }

    /// Prose or the line that opens a fence.
    fn line_start(&mut self, rest: &str, is_end: bool) -> Ahead {
        self.word.clear();
        self.is_filled = false;
        match prefix_of(rest, is_end) {
            Prefix::Unknown => return Ahead::More,
            Prefix::Text => self.is_inside_line = true,
            Prefix::Fence { fence, markers, length } => {
                let markers = markers.trim_end();
                if !markers.is_empty() {
                    self.put(PartKind::Prose, markers);
                    self.put(PartKind::Prose, "\n");
                }
                if !markers.is_empty() || self.is_filled_above {
                    // After an empty line nothing goes on that stands above.
                    self.put(PartKind::Prose, "\n");
                }
                self.is_filled_above = false;
                let opening = format!("{}{}\n", fence.mark(), fence.language);
                self.put(PartKind::Block, &opening);
                self.fence = Some(fence);
                return Ahead::Taken(length);
            }
        }
        Ahead::Taken(0)
    }

    /// The start of a line within a fence.
    fn block_line(&mut self, rest: &str, is_end: bool) -> Ahead {
        let Some(fence) = &self.fence else { return Ahead::Taken(0) };
        let Some(line) = closes(fence, rest, is_end) else { return Ahead::More };
        if !line.is_end {
            self.is_inside_line = true;
            return Ahead::Taken(line.length);
        }
        let mark = fence.mark();
        self.fence = None;
        self.put(PartKind::Block, &mark);
        self.put(PartKind::Block, "\n");
        Ahead::Taken(line.length)
    }

    fn block_text(&mut self, rest: &str) -> Ahead {
        let length = rest.find('\n').map_or(rest.len(), |end| end + 1);
        self.put(PartKind::Block, &rest[..length]);
        self.is_inside_line = !rest[..length].ends_with('\n');
        Ahead::Taken(length)
    }

    fn inline(&mut self, rest: &str, is_end: bool) -> Ahead {
        let Some(first) = rest.chars().next() else { return Ahead::Taken(0) };
        let next = rest[first.len_utf8()..].chars().next();
        if next.is_none() && !is_end && matches!(first, '\\' | '<' | ']' | ':') {
            return Ahead::More;
        }
        self.is_filled |= !first.is_whitespace();
        let word = std::mem::take(&mut self.word);
        let escaped = |escape: bool| if escape { format!("\\{first}") } else { first.to_string() };
        let text = match first {
            '\n' => {
                self.is_inside_line = false;
                self.is_filled_above = self.is_filled;
                first.to_string()
            }
            '`' => return self.code(rest, is_end),
            '~' => return self.tildes(rest, is_end),
            '\\' => {
                let pair = next.filter(char::is_ascii_punctuation);
                self.put(PartKind::Prose, "\\");
                // At the very end it would escape what is put behind the answer.
                let own =
                    pair.map_or_else(|| if next.is_none() { "\\".to_owned() } else { String::new() }, String::from);
                self.put(PartKind::Prose, &own);
                return Ahead::Taken(1 + pair.map_or(0, char::len_utf8));
            }
            '<' => {
                escaped(next.is_some_and(|next| next.is_ascii_alphabetic() || matches!(next, '/' | '!' | '?' | '`')))
            }
            '&' => match entity(&rest[1..], is_end) {
                Some(is_entity) => escaped(is_entity),
                None => return Ahead::More,
            },
            // Where formulas are read, a pair of these hides what begins or ends code.
            '$' => escaped(true),
            ']' => escaped(next.is_some_and(|next| matches!(next, '(' | '[' | ':'))),
            ':' => {
                let slashes = rest.strip_prefix("://").is_some();
                if !is_end && !slashes && "://".starts_with(rest) {
                    self.word = word;
                    return Ahead::More;
                }
                let is_active =
                    ends_in_active_scheme(&word) && next.is_some_and(|next| !next.is_whitespace() && next != ':');
                escaped(word != "https" && !word.is_empty() && (slashes || is_active))
            }
            _ => {
                if first.is_ascii_alphanumeric() || matches!(first, '+' | '-' | '.') {
                    self.word = word;
                    // A word that is too long is no scheme, and stays too long.
                    let begins = !self.word.is_empty() || first.is_ascii_alphabetic();
                    if begins && self.word.len() <= LONGEST_SCHEME {
                        self.word.push(first.to_ascii_lowercase());
                    }
                }
                first.to_string()
            }
        };
        self.put(PartKind::Prose, &text);
        Ahead::Taken(first.len_utf8())
    }

    /// Code up to as many backquotes in the same line, or backquotes without a partner.
    fn code(&mut self, rest: &str, is_end: bool) -> Ahead {
        let run = run_of(rest, '`');
        if run == rest.len() && !is_end && run < LONGEST_RUN {
            return Ahead::More;
        }
        let mut at = run;
        let limit = run + LONGEST_CODE;
        let mut is_open = run < LONGEST_RUN;
        while is_open && at < rest.len() && at <= limit {
            let from_here = &rest[at..];
            match from_here.find(['`', '\n']) {
                None => break,
                Some(end) if from_here[end..].starts_with('\n') => is_open = false,
                Some(end) => {
                    let closing = run_of(&from_here[end..], '`');
                    let close_at = at + end;
                    if close_at > limit {
                        break;
                    }
                    // Where a longer run ends is not waited for.
                    is_open = closing < LONGEST_RUN;
                    if is_open && close_at + closing == rest.len() && !is_end {
                        return Ahead::More;
                    }
                    if is_open && closing == run {
                        self.put_code(&rest[run..close_at], run);
                        return Ahead::Taken(close_at + run);
                    }
                    at = close_at + closing;
                }
            }
        }
        if is_open && !is_end && rest.len() <= limit {
            return Ahead::More;
        }
        self.put(PartKind::Prose, &"\\`".repeat(run));
        Ahead::Taken(run)
    }

    fn put_code(&mut self, code: &str, run: usize) {
        // Tables are cut into cells before code is looked for, so a bar could end the code early.
        if code.contains('|') {
            let plain: String = code
                .chars()
                .flat_map(|character| [Some('\\').filter(|_| character.is_ascii_punctuation()), Some(character)])
                .flatten()
                .collect();
            let last = code.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default();
            self.word = last.to_ascii_lowercase();
            return self.put(PartKind::Prose, &plain);
        }
        let mark = "`".repeat(run);
        self.put(PartKind::Prose, &mark);
        self.put(PartKind::Code, code);
        self.put(PartKind::Prose, &mark);
    }

    /// Three and more open a fence where we see none.
    fn tildes(&mut self, rest: &str, is_end: bool) -> Ahead {
        let run = run_of(rest, '~');
        if run == rest.len() && !is_end && run < LONGEST_RUN {
            return Ahead::More;
        }
        let escape = if run >= 3 { "\\~" } else { "~" };
        self.put(PartKind::Prose, &escape.repeat(run));
        Ahead::Taken(run)
    }
}

/// How often a text begins with a character of one byte, up to the longest run that is looked at.
fn run_of(text: &str, character: char) -> usize {
    text.chars().take(LONGEST_RUN).take_while(|next| *next == character).count()
}

/// Whoever looks for addresses in a text may take the end of a word for one.
fn ends_in_active_scheme(word: &str) -> bool {
    ACTIVE_SCHEMES.iter().any(|scheme| {
        let before = word.strip_suffix(scheme);
        before.is_some_and(|before| !before.ends_with(|c: char| c.is_ascii_alphanumeric()))
    })
}

/// Whether a character reference follows the ampersand: it may stand for one that was taken out. None where it depends on what
/// comes.
fn entity(rest: &str, is_end: bool) -> Option<bool> {
    if rest.starts_with('#') {
        return Some(true);
    }
    // The longest name in HTML has 31 letters.
    let name = rest.chars().take(LONGEST_SCHEME).take_while(char::is_ascii_alphanumeric).count();
    match rest[name..].chars().next() {
        Some(next) => Some(name > 0 && next == ';'),
        None if is_end || name == LONGEST_SCHEME => Some(false),
        None => None,
    }
}

#[cfg(test)]
mod tests;
