//! A tokenizer that always says the same: about three and a half bytes of English or code for a token, as real ones.

/// Cuts a text into tokens. Joined they are the text.
pub fn split(text: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        // A single blank belongs to the word after it.
        let lead = if first == ' ' && rest[1..].starts_with(|next: char| !next.is_whitespace()) { 1 } else { 0 };
        let word = &rest[lead..];
        let class = Class::of(word.chars().next().unwrap_or(' '));
        let length: usize = word
            .chars()
            .take(class.longest())
            .take_while(|character| Class::of(*character) == class)
            .map(char::len_utf8)
            .sum();
        let (token, others) = rest.split_at(lead + length);
        tokens.push(token);
        rest = others;
    }
    tokens
}

pub fn count(text: &str) -> u64 {
    split(text).len() as u64
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Letter,
    Digit,
    Blank,
    Mark,
    Other,
}

impl Class {
    fn of(character: char) -> Self {
        match character {
            'a'..='z' | 'A'..='Z' | '_' => Self::Letter,
            '0'..='9' => Self::Digit,
            _ if character.is_whitespace() => Self::Blank,
            _ if character.is_ascii() => Self::Mark,
            _ => Self::Other,
        }
    }

    /// Characters of one token.
    fn longest(self) -> usize {
        match self {
            Self::Letter => 6,
            Self::Digit | Self::Mark => 3,
            Self::Blank => 16,
            Self::Other => 1,
        }
    }
}
