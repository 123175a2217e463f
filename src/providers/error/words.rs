//! Sentences about errors. Ours say the way out; providers' are made fit to be shown and logged.
//!
//! Providers' sentences may repeat what was sent to them. This room knows neither the keys nor the rules for secrets, so it takes out
//! what looks like either: long quotations, and words that look like keys. Short quotations, such as a model's name, stay.

use super::ErrorClass;
use crate::providers::Endpoint;

/// Longest sentence of a provider's that is shown, in characters.
const MAX_WORDS: usize = 300;
/// Longest quotation in it. Names, which have no blanks, may be longer.
const MAX_QUOTED: usize = 40;
const MAX_NAME: usize = 100;
/// Longest text that is looked at, in characters.
const MAX_READ: usize = 4096;
/// Words of letters and digits from this length on are taken for keys.
const KEY_LENGTH: usize = 20;
const KEY_PREFIXES: &[&str] =
    &["sk-", "sk_", "pk-", "gsk_", "xai-", "key-", "AIza", "AKIA", "ASIA", "ABSK", "eyJ", "ya29."];

/// What an error of this class means, and what to do.
pub(super) fn sentence(class: ErrorClass, endpoint: &Endpoint) -> String {
    let name = printable(&endpoint.name, 60);
    match class {
        ErrorClass::Auth => format!("`{name}` does not accept the key: renew it, or name another source of it"),
        ErrorClass::Permission => {
            format!("`{name}` does not allow this with this key, for this model or from this region")
        }
        ErrorClass::NotFound => format!("`{name}` has no such model: check `cloud.model` and the provider's address"),
        ErrorClass::BadRequest => format!("`{name}` does not take the request"),
        ErrorClass::TooLarge => format!("the request is larger than `{name}` takes: lower `ask.contextTokens`"),
        ErrorClass::ContextOverflow => {
            "the question and its context are too long for the model: lower `ask.contextTokens`".to_owned()
        }
        ErrorClass::RateLimited => format!("`{name}` takes no more requests for now: try again later"),
        ErrorClass::SpendLimit => format!("a limit on spending at `{name}` is reached: raise it there, or ask locally"),
        ErrorClass::NoCredit => format!("no credit is left at `{name}`: add some there, or ask locally"),
        ErrorClass::Overloaded => format!("`{name}` is overloaded: try again later"),
        ErrorClass::Server => format!("something went wrong at `{name}`: try again later"),
        ErrorClass::Network => {
            format!("the connection to `{name}` failed: check the network and the provider's address")
        }
        ErrorClass::Protocol => {
            format!("`{name}` did not answer as its kind of provider does: check its `kind` and `baseUrl`")
        }
        ErrorClass::Timeout => format!("`{name}` took too long: try again, or ask with less context"),
        ErrorClass::Cancelled => format!("the answer of `{name}` was cancelled"),
    }
}

/// A provider's sentence as it may be shown; None where nothing is left of it.
pub(super) fn cleaned(text: &str) -> Option<String> {
    let plain = printable(text, MAX_READ);
    let unquoted = without_quotations(&plain);
    let words: Vec<String> = unquoted.split(' ').map(without_keys).collect();
    let words = printable(&words.join(" "), MAX_WORDS);
    (!words.is_empty()).then_some(words)
}

/// A name of a provider's, such as an error's code or a request's id: one word, or nothing.
pub(in crate::providers) fn word(text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let is_word = !text.is_empty()
        && text.len() <= max
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.:/=+".contains(&byte));
    is_word.then(|| text.to_owned())
}

/// On one line, without what a terminal or an editor could take for more than text.
fn printable(text: &str, max: usize) -> String {
    let mut line = String::new();
    let mut count = 0;
    for word in text.split(|c: char| c.is_whitespace() || c.is_control()) {
        let word: String = word.chars().filter(|c| !is_invisible(*c)).collect();
        if word.is_empty() {
            continue;
        }
        if count > 0 {
            line.push(' ');
            count += 1;
        }
        for c in word.chars() {
            if count == max {
                line.push('…');
                return line;
            }
            line.push(c);
            count += 1;
        }
    }
    line
}

/// Marks of direction, joiners, fillers, tags and private characters.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{e000}'..='\u{f8ff}' | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffd}' | '\u{e0000}'..='\u{10ffff}')
}

/// Quotation marks stand at the border of a word, which tells them from apostrophes. One that is never closed quotes the rest.
fn without_quotations(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let mut kept = String::with_capacity(text.len());
    let mut at = 0;
    while let Some(&c) = characters.get(at) {
        kept.push(c);
        at += 1;
        let follows_word = at > 1 && characters.get(at - 2).is_some_and(|before| before.is_alphanumeric());
        let close = match c {
            '"' | '`' => c,
            '\'' if !follows_word => c,
            '“' => '”',
            '‘' => '’',
            _ => continue,
        };
        let rest = characters.get(at..).unwrap_or_default();
        let is_end = |(at, other): (usize, &char)| {
            *other == close && (close != '\'' || rest.get(at + 1).is_none_or(|after| !after.is_alphanumeric()))
        };
        let length = rest.iter().enumerate().position(is_end).unwrap_or(rest.len());
        let is_name = length <= MAX_NAME && !rest.iter().take(length).any(|c| c.is_whitespace());
        if length > MAX_QUOTED && !is_name {
            kept.push('…');
        } else {
            kept.extend(rest.iter().take(length));
        }
        kept.extend(rest.get(length));
        at += length + 1;
    }
    kept
}

fn without_keys(word: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-+/=*.~".contains(c);
    let start = word.find(is_part).unwrap_or(word.len());
    let end = word.rfind(is_part).map_or(start, |last| last + 1);
    let (before, core, after) = (&word[..start], &word[start..end], &word[end..]);
    let has_prefix = |part: &str| part.len() > 8 && KEY_PREFIXES.iter().any(|prefix| part.starts_with(prefix));
    let parts = core.split(|c: char| !is_part(c)).flat_map(|part| part.split('='));
    let is_key = parts.into_iter().any(|part| has_prefix(part) || part.split(['-', '.', '/']).any(looks_random));
    if is_key { format!("{before}…{after}") } else { word.to_owned() }
}

fn looks_random(run: &str) -> bool {
    run.len() >= KEY_LENGTH
        && run.bytes().any(|byte| byte.is_ascii_digit())
        && run.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_looks_like_a_key_or_like_content_is_taken_out() {
        for (text, expected) in [
            ("invalid x-api-key", Some("invalid x-api-key")),
            ("  two\n lines\t", Some("two lines")),
            (
                "Incorrect API key provided: sk-proj-abc*****xyz9. See https://x.example.",
                Some("Incorrect API key provided: … See https://x.example."),
            ),
            ("API key not valid: AIzaSyA1234567890abcdefgh", Some("API key not valid: …")),
            ("token=ghp0123456789abcdefghij, ok", Some("…, ok")),
            (
                "model 'us.anthropic.claude-opus-5-5-20261109-v1:0' not found",
                Some("model 'us.anthropic.claude-opus-5-5-20261109-v1:0' not found"),
            ),
            ("The model `gpt-9` doesn't exist", Some("The model `gpt-9` doesn't exist")),
            (
                "Invalid value: 'fn main() { println!(\"our secret sauce, all of it\"); }'. Sorry",
                Some("Invalid value: '…'. Sorry"),
            ),
            (
                "it doesn't work and it can't work because of what they won't say",
                Some("it doesn't work and it can't work because of what they won't say"),
            ),
            ("unclosed \"fn main() { println!(our secret sauce, all of it) }", Some("unclosed \"…")),
            ("red \u{1b}[31m bidi \u{202e}txt\u{200b}", Some("red [31m bidi txt")),
            ("", None),
            ("\u{0}\u{1}", None),
        ] {
            assert_eq!(cleaned(text).as_deref(), expected, "{text}");
        }
        assert_eq!(cleaned(&"word ".repeat(10_000)).unwrap().chars().count(), MAX_WORDS + 1);
    }

    #[test]
    fn names_are_words_or_nothing() {
        assert_eq!(word(" rate_limit_error ", 64).as_deref(), Some("rate_limit_error"));
        assert_eq!(word("two words", 64), None);
        assert_eq!(word("", 64), None);
        assert_eq!(word(&"x".repeat(65), 64), None);
    }

    proptest! {
        #[test]
        fn nothing_long_or_invisible_is_shown(text in "\\PC{0,400}|[ -~]{0,900}|.{0,200}") {
            let shown = cleaned(&text).unwrap_or_default();
            prop_assert!(shown.chars().count() <= MAX_WORDS + 1);
            prop_assert!(!shown.chars().any(|c| c.is_control() || is_invisible(c)));
        }

        #[test]
        fn no_key_is_shown_wherever_it_stands(before in "[a-z \"'`:=(]{0,20}", key in "sk-[A-Za-z0-9]{24,60}", after in "[ \"'`.,)]{0,3}") {
            let shown = cleaned(&format!("{before} {key}{after}")).unwrap_or_default();
            prop_assert!(!shown.contains(&key), "{}", shown);
        }
    }
}
