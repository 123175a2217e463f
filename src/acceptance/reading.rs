//! What it means that a text was inserted where a suggestion stands: taken, or typed.
//!
//! Not every client tells when a suggestion is accepted, and none tells of a word or a line. What is inserted at once and
//! is exactly the suggestion's, nobody typed: keys come one by one, or two and three in the pauses of an editor that
//! bundles changes (Neovim: 150 ms).

/// Fewest characters at once that count as a word or a line taken.
const PART_AT_LEAST: usize = 4;
/// Fewest characters at once that count as all of the rest taken. One is always a key.
const WHOLE_AT_LEAST: usize = 2;

/// How a text came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// All of the rest, at once.
    Whole,
    /// At least one line, up to a line's end.
    Lines,
    /// At least one word, up to a word's end.
    Words,
    /// By keys.
    Typed,
}

/// How `inserted` came in where `rest` is suggested, and how many bytes of `rest` stand now. None when it is something
/// else. Both with `\n` for every line break.
pub fn read(rest: &str, inserted: &str) -> Option<(Reading, usize)> {
    if rest.is_empty() || inserted.is_empty() {
        return None;
    }
    let covers = inserted.strip_prefix(rest).is_some_and(is_added_by_editors)
        || !inserted.trim().is_empty() && inserted == rest.trim_end();
    if covers {
        let own = rest.trim_end().chars().count();
        let taken = own >= WHOLE_AT_LEAST && !rest.trim().is_empty();
        return Some((if taken { Reading::Whole } else { Reading::Typed }, rest.len()));
    }
    if let Some(after) = rest.strip_prefix(inserted) {
        return Some((read_part(inserted, after), inserted.len()));
    }
    // An opening bracket or quote brings its closing one along in most editors, a line break its indentation.
    let same = inserted.char_indices().zip(rest.chars()).find(|((_, one), other)| one != other);
    let own = same.map_or(inserted.len().min(rest.len()), |((at, _), _)| at);
    let (own, added) = inserted.split_at_checked(own)?;
    if own.is_empty() || !is_added_by_editors(added) {
        return None;
    }
    Some((read_part(own, &rest[own.len()..]), own.len()))
}

fn read_part(inserted: &str, after: &str) -> Reading {
    if inserted.chars().count() < PART_AT_LEAST || inserted.trim().is_empty() {
        return Reading::Typed;
    }
    let last_line = inserted.rsplit('\n').next().unwrap_or_default();
    let at_line_end = after.starts_with('\n') || inserted.contains('\n') && last_line.trim().is_empty();
    if at_line_end {
        return Reading::Lines;
    }
    let is_word = |character: char| character.is_alphanumeric() || character == '_';
    let inside = inserted.ends_with(is_word) && after.starts_with(is_word);
    if inside { Reading::Typed } else { Reading::Words }
}

/// Nothing, or closing brackets and quotes with white space, as editors add by themselves.
fn is_added_by_editors(text: &str) -> bool {
    text.chars().all(|character| is_closer(character) || character.is_whitespace())
}

/// Brackets and quotes that editors close by themselves.
pub fn is_closer(character: char) -> bool {
    matches!(character, ')' | ']' | '}' | '>' | '"' | '\'' | '`')
}

#[cfg(test)]
mod tests {
    use super::Reading::*;
    use super::*;

    #[test]
    fn all_of_it_at_once_is_taken() {
        assert_eq!(read("foo(bar)", "foo(bar)"), Some((Whole, 8)));
        assert_eq!(read(");", ");"), Some((Whole, 2)));
        assert_eq!(read("a();\n", "a();"), Some((Whole, 5)), "editors may leave white space at the end out");
        assert_eq!(read("call(", "call()"), Some((Whole, 5)), "and close what is open");
    }

    #[test]
    fn a_word_or_a_line_of_it_at_once_is_taken() {
        assert_eq!(read("self.state()", "self"), Some((Words, 4)));
        assert_eq!(read("self.state()", "self."), Some((Words, 5)));
        assert_eq!(read("if x {\n    y\n}", "if x {"), Some((Lines, 6)));
        assert_eq!(read("if x {\n    y\n}", "if x {\n    "), Some((Lines, 11)));
        assert_eq!(read("if x {\n    y\n}", "if x {\n    y"), Some((Lines, 12)));
    }

    #[test]
    fn keys_are_typed() {
        for (rest, inserted) in [("foo", "f"), ("self.state", "sel"), ("self.state", "self.st"), ("x", "x")] {
            assert_eq!(read(rest, inserted), Some((Typed, inserted.len())), "{inserted}");
        }
        assert_eq!(read("\n    y\n}", "\n    "), Some((Typed, 5)), "the indentation comes with the line break");
        assert_eq!(read("(bar)", "()"), Some((Typed, 1)), "so does a closing bracket");
        assert_eq!(read("{", "{}"), Some((Typed, 1)));
        assert_eq!(read("{\n    a\n}", "{}"), Some((Typed, 1)));
        assert_eq!(read("\n    a\n", "\n    \n}"), Some((Typed, 5)));
    }

    #[test]
    fn anything_else_is_something_else() {
        for (rest, inserted) in [("foo", "x"), ("foo", "fox"), ("foo", "fa"), ("(bar)", ")"), ("", "x"), ("x", "")] {
            assert_eq!(read(rest, inserted), None, "{inserted}");
        }
        assert_eq!(read("é", "è"), None);
        assert_eq!(read("foo", "foobar()"), None);
    }
}
