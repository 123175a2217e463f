//! Takes out what no reader sees and some terminals and editors obey: control characters, escape sequences, marks of writing
//! direction, characters without width.

/// Characters of an escape sequence that are swallowed before it is taken for none: a sequence that never ends must not hide an
/// answer.
const LONGEST_SEQUENCE: usize = 256;

/// One character after another; remembers where in an escape sequence it is.
#[derive(Debug, Default)]
pub struct Strip {
    state: State,
    after_return: bool,
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Text,
    /// After ESC.
    Escape,
    /// `ESC [`: up to a letter.
    Control(usize),
    /// `ESC ]` and the like: up to BEL or `ESC \`.
    String { length: usize, after_escape: bool },
}

impl Strip {
    /// What of this character is to be read, if anything.
    pub fn pass(&mut self, character: char) -> Option<char> {
        let after_return = std::mem::take(&mut self.after_return);
        match &mut self.state {
            State::Text => {}
            State::Escape => {
                self.state = match character {
                    '[' => State::Control(0),
                    ']' | 'P' | 'X' | '^' | '_' => State::String { length: 0, after_escape: false },
                    '\u{1b}' => State::Escape,
                    // Sequences of two characters; a line break is none.
                    ' '..='~' => {
                        self.state = State::Text;
                        return None;
                    }
                    _ => State::Text,
                };
                if !matches!(self.state, State::Text) {
                    return None;
                }
            }
            State::Control(length) => {
                *length += 1;
                match character {
                    '@'..='~' => {
                        self.state = State::Text;
                        return None;
                    }
                    ' '..='?' if *length < LONGEST_SEQUENCE => return None,
                    _ => self.state = State::Text,
                }
            }
            State::String { length, after_escape } => {
                *length += 1;
                let is_over = character == '\u{7}' || character == '\u{9c}' || (*after_escape && character == '\\');
                *after_escape = character == '\u{1b}';
                if is_over || *length >= LONGEST_SEQUENCE {
                    self.state = State::Text;
                    return None;
                }
                if character != '\n' {
                    return None;
                }
                self.state = State::Text;
            }
        }
        match character {
            '\u{1b}' => self.state = State::Escape,
            '\u{9b}' => self.state = State::Control(0),
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => {
                self.state = State::String { length: 0, after_escape: false };
            }
            '\r' => {
                self.after_return = true;
                return Some('\n');
            }
            '\n' if after_return => {}
            '\n' | '\t' => return Some(character),
            '\u{2028}' | '\u{2029}' => return Some(' '),
            _ if character.is_control() || is_invisible(character) => {}
            _ => return Some(character),
        }
        None
    }
}

/// What has no shape of its own: marks of direction, joiners, fillers, selectors, tags. Source: the Unicode properties
/// Bidi_Control and Default_Ignorable_Code_Point.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{34f}'
            | '\u{61c}'
            | '\u{115f}'..='\u{1160}'
            | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{ffa0}'
            | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stripped(text: &str) -> String {
        let mut strip = Strip::default();
        text.chars().filter_map(|character| strip.pass(character)).collect()
    }

    #[test]
    fn what_can_be_read_stays() {
        let text = "Grüße, 世界!\n\tfn a() {} // 100 % — “so” 🙂\n";
        assert_eq!(stripped(text), text);
        assert_eq!(stripped("a\r\nb\rc\r\r\nd"), "a\nb\nc\n\nd");
    }

    #[test]
    fn what_terminals_obey_goes() {
        assert_eq!(stripped("a\u{1b}[31mb\u{1b}[0mc"), "abc");
        assert_eq!(stripped("a\u{9b}2Jb\u{7}\u{8}c\u{0}"), "abc");
        assert_eq!(stripped("\u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{7}!"), "click!");
        assert_eq!(stripped("\u{1b}]52;c;aGk=\u{7}x\u{1b}cy"), "xy");
        assert_eq!(stripped("\u{1b}"), "");
        assert_eq!(stripped("a\u{1b}\u{1b}[1mb"), "ab");
    }

    #[test]
    fn a_sequence_without_an_end_hides_little() {
        let rest = "x".repeat(1000);
        assert!(stripped(&format!("\u{1b}]0;{rest}")).len() > 700);
        assert!(stripped(&format!("\u{1b}[{}m", "1;".repeat(500))).len() > 700);
        assert_eq!(stripped("\u{1b}]0;title\nnext"), "\nnext");
        assert_eq!(stripped("\u{1b}[1\nnext"), "\nnext");
    }

    #[test]
    fn what_nobody_sees_goes() {
        assert_eq!(stripped("if a\u{202e}dmin\u{2069}"), "if admin");
        assert_eq!(stripped("a\u{200b}b\u{feff}c\u{e0041}d\u{3164}e\u{ad}f"), "abcdef");
        assert_eq!(stripped("a\u{2028}b"), "a b");
    }
}
