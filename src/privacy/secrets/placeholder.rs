//! What stands in a secret's place: the same for the same secret, today and in the next request, and nothing to guess from.

use std::io;
use std::ops::Range;
use std::path::Path;

use super::Finding;
use crate::privacy::UserKey;

const BEGIN: &str = "[REDACTED:";

/// Letters of the hash: 32 bits tell a few thousand secrets apart.
const HASH_LETTERS: usize = 8;

/// What the user's key is used for here.
const PURPOSE: &str = "tandem 2026-11 placeholders of secrets";

/// Longest id of a rule.
const MAX_ID: usize = 40;

/// Makes placeholders such as `[REDACTED:github-token:5b0c1fe2]`. The last part is a keyed hash: with the key, which stays on
/// this machine, equal secrets get equal placeholders, so that caches of providers hold and a model can tell two secrets
/// apart; without it nobody can try guesses.
#[derive(Clone, Debug)]
pub struct Placeholders {
    key: UserKey,
}

impl Placeholders {
    pub fn new(key: UserKey) -> Self {
        Self { key }
    }

    /// With the user's key in the state directory.
    pub fn load(state: &Path) -> io::Result<Self> {
        UserKey::load(state).map(Self::new)
    }

    pub fn of(&self, rule: &str, secret: &str) -> String {
        let hash = self.key.hash(PURPOSE, &[secret.as_bytes()]);
        format!("{BEGIN}{rule}:{}]", &hash[..HASH_LETTERS])
    }
}

/// `text` with a placeholder for each finding. Findings are in order, without overlaps.
pub fn redact(text: &str, findings: &[Finding], placeholders: &Placeholders) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut from = 0;
    for Finding { rule, range, .. } in findings {
        redacted.push_str(&text[from..range.start]);
        redacted.push_str(&placeholders.of(rule, &text[range.clone()]));
        from = range.end;
    }
    redacted.push_str(&text[from..]);
    redacted
}

/// The placeholders in a text. Only what has exactly their form is one: there is no room in it for a secret.
pub(super) fn placeholders_in(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for start in memchr::memmem::find_iter(text.as_bytes(), BEGIN) {
        let rest = &text.as_bytes()[start + BEGIN.len()..];
        let id = rest.iter().take(MAX_ID).take_while(|byte| byte.is_ascii_lowercase() || **byte == b'-').count();
        let Some(tail) = rest.get(id..id + HASH_LETTERS + 2).filter(|_| id > 0) else { continue };
        let is_hash = tail[1..=HASH_LETTERS].iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if tail[0] == b':' && is_hash && tail[HASH_LETTERS + 1] == b']' {
            found.push(start..start + BEGIN.len() + id + tail.len());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_secrets_get_equal_placeholders_of_one_user() {
        let [ann, bob] = [[1; 32], [2; 32]].map(|key| Placeholders::new(UserKey::new(key)));
        assert_eq!(ann.of("jwt", "x"), ann.of("jwt", "x"));
        assert_ne!(ann.of("jwt", "x"), ann.of("jwt", "y"));
        assert_ne!(ann.of("jwt", "x"), bob.of("jwt", "x"));
        let text = format!("a {} b", ann.of("private-key", "x"));
        assert_eq!(placeholders_in(&text).first(), Some(&(2..text.len() - 2)));
    }

    #[test]
    fn what_has_not_exactly_the_form_is_none() {
        for text in [
            "[REDACTED:x:0123456]",
            "[REDACTED:x:012345678]",
            "[REDACTED::01234567]",
            "[REDACTED:X1:01234567]",
            "[REDACTED:x:0123456g]",
            "[REDACTED:x:01234567",
            "[REDACTED:",
        ] {
            assert!(placeholders_in(text).is_empty(), "{text}");
        }
    }
}
