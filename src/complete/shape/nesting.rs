//! Which brackets and quotes are open: a light reading of source text, good enough for all languages with C's or
//! Python's kind of strings and comments.
//!
//! Not a parser: it reads text that is not written yet, behind text that does not parse yet.

/// The state after the text that was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nesting {
    /// Opening brackets, outermost first.
    open: Vec<char>,
    quote: Option<Quote>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Quote {
    mark: char,
    /// `"""` and `'''`: ends at three marks and may span lines.
    triple: bool,
}

/// A closing bracket or quote of what was open before the text that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closer {
    pub mark: char,
    /// Byte offset in the text that was read.
    pub at: usize,
}

impl Nesting {
    pub fn of(text: &str) -> Self {
        let mut nesting = Self::default();
        nesting.read_lines(text);
        nesting
    }

    /// Whether `text` behind `line` opens a bracket or a quote that it does not close.
    pub fn leaves_open(line: &str, text: &str) -> bool {
        let before = Self::of(line);
        let mut after = before.clone();
        after.read_lines(text);
        after.depth() > before.depth() || (after.in_quote() && !before.in_quote())
    }

    pub fn depth(&self) -> usize {
        self.open.len()
    }

    pub fn in_quote(&self) -> bool {
        self.quote.is_some()
    }

    /// Inside a string that goes on over line breaks.
    pub fn in_long_string(&self) -> bool {
        self.quote.is_some_and(|quote| quote.triple || quote.mark == '`')
    }

    /// Reads text with line breaks; the last line may go on.
    pub fn read_lines(&mut self, text: &str) {
        for (number, line) in text.split('\n').enumerate() {
            if number > 0 {
                self.end_line();
            }
            self.read(line);
        }
    }

    /// An ordinary string ends with its line, closed or not.
    pub fn end_line(&mut self) {
        if !self.in_long_string() {
            self.quote = None;
        }
    }

    /// Reads a part of one line. Returns the first bracket or quote in it that closes what was open before.
    pub fn read(&mut self, part: &str) -> Option<Closer> {
        self.read_above(self.open.len(), part)
    }

    /// `read`, for a part that is not the first behind what was open before: `old_brackets` of it still are.
    pub fn read_above(&mut self, mut old_brackets: usize, part: &str) -> Option<Closer> {
        let mut old_quote = self.quote.is_some();
        let mut first = None;
        let mut skip_to = 0;
        for (at, character) in part.char_indices() {
            if at < skip_to {
                continue;
            }
            let rest = &part[at..];
            if let Some(quote) = self.quote {
                if character == '\\' {
                    skip_to = at + 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                } else if character == quote.mark && (!quote.triple || is_triple(rest)) {
                    skip_to = at + if quote.triple { 3 } else { 1 };
                    self.quote = None;
                    if std::mem::take(&mut old_quote) {
                        first = first.or(Some(Closer { mark: character, at }));
                    }
                }
                continue;
            }
            match character {
                '"' | '\'' | '`' if opens_string(&part[..at], rest) => {
                    let triple = character != '`' && is_triple(rest);
                    self.quote = Some(Quote { mark: character, triple });
                    skip_to = at + if triple { 3 } else { 1 };
                }
                '(' | '[' | '{' => self.open.push(character),
                ')' | ']' | '}' => {
                    let opener = match character {
                        ')' => '(',
                        ']' => '[',
                        _ => '{',
                    };
                    // What closes no bracket of this line closes one from above it.
                    let closed = self.open.iter().rposition(|open| *open == opener);
                    if closed.is_none_or(|closed| closed < old_brackets) {
                        first = first.or(Some(Closer { mark: character, at }));
                    }
                    self.open.truncate(closed.unwrap_or(self.open.len()));
                    old_brackets = old_brackets.min(self.open.len());
                }
                _ if starts_comment(&part[..at], rest) => break,
                _ => {}
            }
        }
        first
    }
}

fn is_triple(rest: &str) -> bool {
    let mut marks = rest.chars();
    let mark = marks.next();
    marks.next() == mark && marks.next() == mark
}

/// A `'` may also begin a lifetime or stand in a number (`&'a`, `<'a>`, `1'000`).
fn opens_string(before: &str, rest: &str) -> bool {
    if !rest.starts_with('\'') {
        return true;
    }
    let mut back = before.chars().rev();
    match back.next() {
        Some('&' | '<') => false,
        // Python's and Rust's prefixes (`b'x'`, `f'{x}'`) are one or two letters, a word is longer.
        Some(letter) if letter.is_alphanumeric() || letter == '_' => {
            let word = before.chars().rev().take_while(|character| character.is_alphanumeric() || *character == '_');
            word.count() <= 2 && letter.is_alphabetic()
        }
        _ => {
            // `+ 'static` and `'outer: loop` have no second mark; a string at the cursor has none either.
            let name =
                rest[1..].chars().take_while(|character| character.is_alphanumeric() || *character == '_').count();
            let after_name = rest[1..].chars().nth(name);
            name == 0 || !matches!(after_name, Some(',' | '>' | ':' | ';' | ' ' | ')')) || rest[1..].contains('\'')
        }
    }
}

fn starts_comment(before: &str, rest: &str) -> bool {
    let begins = before.is_empty() || before.ends_with([' ', '\t']);
    rest.starts_with("//") && !before.ends_with(':') || begins && rest.starts_with("# ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(before: &str, text: &str, expected: Option<(char, usize)>) {
        let closer = Nesting::of(before).read(text);
        assert_eq!(closer.map(|closer| (closer.mark, closer.at)), expected, "{before:?} then {text:?}");
    }

    #[test]
    fn finds_what_closes_the_text_before() {
        check("foo(", "a, b)", Some((')', 4)));
        check("foo(", "bar(b))", Some((')', 6)));
        check("foo(", "bar(b)", None);
        check("", "a)", Some((')', 1)));
        check("println!(\"", "value: {}\", x);", Some(('"', 9)));
        check("f('", "it\\'s')", Some(('\'', 5)));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        check("s.split(", "')'", None);
        check("s.split(", "')').collect()", Some((')', 3)));
        check("s.split(", "\")\", x)", Some((')', 6)));
        check("f(", "a // )", None);
        check("f(", "a # )", None);
        check("f(", "`)`)", Some((')', 3)));
        check("f(", "b')')", Some((')', 4)));
    }

    #[test]
    fn lifetimes_are_not_strings() {
        check("fn f(", "x: &'a str, y: Foo<'a>)", Some((')', 22)));
        check("fn f(", "x: impl T + 'static)", Some((')', 19)));
    }

    #[test]
    fn long_strings_span_lines_and_others_do_not() {
        assert!(Nesting::of("x = \"\"\"one\ntwo").in_long_string());
        assert!(!Nesting::of("x = \"\"\"one\ntwo\"\"\"").in_long_string());
        assert_eq!(Nesting::of("x = \"one\nf(").depth(), 1);
    }

    #[test]
    fn any_text_can_be_read() {
        for text in ["\\", "'\\", "\"\\é", "''''", "```", ")))]]}", "é'é'é", "\"\"\"\"\""] {
            Nesting::of(text);
        }
    }
}
