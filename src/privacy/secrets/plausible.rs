//! Whether a value can be a secret at all: most of what stands behind a name like `password` is a placeholder, a reference, or
//! a word.

use std::sync::OnceLock;

use aho_corasick::AhoCorasick;

/// Shannon entropy in bits a byte.
pub(super) fn entropy(value: &[u8]) -> f32 {
    let mut counts = [0_u32; 256];
    for byte in value {
        counts[usize::from(*byte)] += 1;
    }
    let all = value.len() as f32;
    let bits = |count: &u32| -(*count as f32 / all) * (*count as f32 / all).log2();
    counts.iter().filter(|count| **count > 0).map(bits).sum()
}

/// Words that people write where a secret would stand. A value that holds one of them is none. None is shorter than five letters:
/// chance would write it into a long secret.
const STAND_INS: &[&str] = &[
    "example",
    "changeme",
    "change_me",
    "change-me",
    "placeholder",
    "redacted",
    "your_",
    "your-",
    "yourp",
    "yourk",
    "yours",
    "yourt",
    "insert",
    "dummy",
    "replace_",
    "replace-",
    "replaceme",
    "xxxxxx",
    "******",
    "......",
    "not_a_",
    "not-a-",
    "fakekey",
    "fake_",
    "fake-",
    "undefined",
];

/// More of them for values that any name may have.
const WEAK_STAND_INS: &[&str] = &[
    "xxxx", "****", "....", "todo", "fixme", "foobar", "lorem", "abcdef", "deadbeef", "00000000", "sample", "mysecret",
];

const WEAK_VALUES: &[&str] = &[
    "pass",
    "passwd",
    "password",
    "pwd",
    "secret",
    "user",
    "admin",
    "root",
    "guest",
    "foo",
    "bar",
    "baz",
    "token",
    "key",
    "test",
    "password1",
    "pass123",
    "test123",
    "test1234",
    "secret1",
    "password123",
];

/// A word for a value, one letter over and over, or a piece of another language that stands for a value: true for values of
/// every rule.
pub(super) fn is_stand_in(value: &[u8]) -> bool {
    let Some(first) = value.first() else { return true };
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    value.iter().all(|byte| byte == first) || holds(value, &WORDS, STAND_INS) || is_reference(value)
}

/// What people write into tests and documents.
pub(super) fn is_weak(value: &[u8]) -> bool {
    static WORDS: OnceLock<Option<AhoCorasick>> = OnceLock::new();
    WEAK_VALUES.iter().any(|word| value.eq_ignore_ascii_case(word.as_bytes())) || holds(value, &WORDS, WEAK_STAND_INS)
}

fn holds(value: &[u8], built: &OnceLock<Option<AhoCorasick>>, words: &[&str]) -> bool {
    let build = || AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok();
    built.get_or_init(build).as_ref().is_some_and(|words| words.is_match(value))
}

/// A name of a value instead of the value: `${TOKEN}`, `<token>`, `{{ token }}`, `%TOKEN%`, `$TOKEN`, `$(command)`, `@token@`.
fn is_reference(value: &[u8]) -> bool {
    let inner = |open: &[u8], close: &[u8]| {
        value.starts_with(open) && value.ends_with(close) && value.len() >= open.len() + close.len()
    };
    let is_name = |text: &[u8]| {
        !text.is_empty()
            && text.iter().all(|byte| byte.is_ascii_alphanumeric() || b"_.:-@ ".contains(byte))
            && (text.iter().all(|byte| !byte.is_ascii_lowercase()) || is_words(text))
    };
    if inner(b"<", b">") || inner(b"%", b"%") || inner(b"@", b"@") || inner(b"__", b"__") {
        return is_name(value.get(1..value.len().saturating_sub(1)).unwrap_or_default().trim_ascii());
    }
    inner(b"{", b"}")
        || value.starts_with(b"${")
        || value.starts_with(b"$(")
        || value.starts_with(b"{{")
        || value.starts_with(b"#{")
        || value.strip_prefix(b"$").is_some_and(|name| is_name(name) && name.first() != Some(&b'2'))
}

/// What a person would write as a name or a sentence: its parts are words, perhaps with a short number behind.
pub(super) fn is_words(value: &[u8]) -> bool {
    let (mut words, mut letters, mut strange) = (0, 0, 0);
    for part in value.split(|byte| !byte.is_ascii_alphanumeric()).filter(|part| !part.is_empty()) {
        for word in humps(part) {
            match letters_of_word(word) {
                Some(length) => {
                    words += usize::from(length > 0);
                    letters += length;
                }
                // No abbreviation is that long.
                None if word.len() >= 10 => return false,
                None => strange += 1,
            }
        }
    }
    // Letters that were drawn by chance change their case often: their words would be short.
    let halves = if is_mixed(value) { 7 } else { 5 };
    // An odd abbreviation among words is still a name.
    strange == 0 && words == 0 || strange * 3 <= words + strange && letters * 2 >= words * halves
}

/// Words with a number and a sign behind them, as people make passwords: `Summer2026!`.
pub(super) fn is_made_up(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let signs = value.iter().filter(|byte| b"!@#$%&*?+=".contains(byte)).count();
    digits >= 2 && signs > 0 || digits >= 4 && value.iter().all(u8::is_ascii_alphanumeric)
}

/// Words as in `is_words`, without a change of case in them: chance does not write that into the many letters of a real key.
pub(super) fn is_phrase(value: &[u8]) -> bool {
    !is_mixed(value) && is_words(value)
}

fn is_mixed(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair[0].is_ascii_lowercase() && pair[1].is_ascii_uppercase())
}

/// `getHTTPToken2` is `get`, `HTTP`, `Token2`.
fn humps(part: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = part;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let begins = |at: usize| {
            let (before, behind) = (rest[at - 1], rest.get(at + 1));
            rest[at].is_ascii_uppercase() && (before.is_ascii_lowercase() || behind.is_some_and(u8::is_ascii_lowercase))
        };
        let end = (1..rest.len()).find(|at| begins(*at)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        rest = after;
        Some(word)
    })
}

const ABBREVIATIONS: &[&str] = &[
    "http", "https", "sql", "ssl", "tls", "jwt", "pwd", "xml", "css", "html", "ssh", "tcp", "dns", "rpc", "db", "id",
    "ip", "os", "io", "to", "of", "is", "in", "on", "my", "by", "str", "ptr", "src", "dst", "grpc", "ldap", "smtp",
    "pg", "gcp", "k8s", "tmp", "pkcs", "hmac", "csrf", "xsrf", "md5", "sha",
];

/// Letters of a word with at most four digits behind; 0 for a short number, None for what is no word.
fn letters_of_word(word: &[u8]) -> Option<usize> {
    let digits = word.iter().rev().take_while(|byte| byte.is_ascii_digit()).count();
    let letters = &word[..word.len() - digits];
    if digits > 4 || !letters.iter().all(u8::is_ascii_alphabetic) {
        return None;
    }
    if letters.is_empty() || ABBREVIATIONS.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(letters)) {
        return Some(letters.len());
    }
    let (mut run, mut longest, mut vowels) = (0, 0, 0);
    for letter in letters {
        let is_vowel = b"aeiouyAEIOUY".contains(letter);
        vowels += usize::from(is_vowel);
        run = if is_vowel { 0 } else { run + 1 };
        longest = longest.max(run);
    }
    ((3..=20).contains(&letters.len()) && vowels > 0 && longest <= 4).then_some(letters.len())
}

/// A UUID is an id far more often than a secret.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_shannons() {
        assert_eq!(entropy(b"aaaa"), 0.0);
        assert_eq!(entropy(b"abab"), 1.0);
        assert_eq!(entropy(b"abcd"), 2.0);
    }

    #[test]
    fn what_stands_for_a_secret_is_none() {
        for value in [
            "xxxxxxxxxxxx",
            "AAAAAAAA",
            "changeme",
            "your_api_key_here",
            "${DB_PASSWORD}",
            "$DB_PASSWORD",
            "<token>",
            "{{ token }}",
            "%TOKEN%",
            "@db.password@",
            "$(pass show db)",
            "sk-your-key",
            "AKIAIOSFODNN7EXAMPLE",
            "",
        ] {
            assert!(is_stand_in(value.as_bytes()), "{value}");
        }
        for value in ["pa$$w0rd!9", "<7h&kq!2z>", "Zk3vq9Lw", "$2b$12$abcdef", "correct horse battery 9"] {
            assert!(!is_stand_in(value.as_bytes()), "{value}");
        }
    }

    #[test]
    fn letters_drawn_by_chance_are_hardly_ever_words() {
        use super::super::corpus::{Random, fill};
        let mut random = Random(9);
        for (form, most) in [("{a16}", 60), ("{a24}", 30), ("{a36}", 0), ("{w40}", 1), ("{l20}", 10), ("{h32}", 0)] {
            let words = (0..10_000).filter(|_| is_words(fill(form, &mut random).0.as_bytes())).count();
            assert!(words <= most, "{words} of 10,000 {form}");
            let phrases = (0..10_000).filter(|_| is_phrase(fill(form, &mut random).0.as_bytes())).count();
            assert!(phrases <= 10, "{phrases} of 10,000 {form}");
        }
    }

    #[test]
    fn names_and_sentences_are_words() {
        for value in [
            "nextToken2",
            "access_token",
            "user.password",
            "getHTTPToken",
            "the new password",
            "TOKEN_TYPE",
            "user-2-name",
            "httpTokenOfUser",
        ] {
            assert!(is_words(value.as_bytes()), "{value}");
        }
        for value in ["Zk3vq9LwTT2xB", "7f3kd92kdm3", "hT8kLp2Qw", "qwrtpsdfg", "b1946ac92492d2347c6235b4d2611184"] {
            assert!(!is_words(value.as_bytes()), "{value}");
        }
    }
}
