//! Keys of servers. Where they come from is not known here: whoever assembles the engine gives a source.

use std::fmt;

use futures_util::future::BoxFuture;
use zeroize::Zeroizing;

/// A bearer key. It has no `Clone`, no `Serialize`, and shows itself as `[key]`; wiped when it is let go of.
pub struct ServerKey(Zeroizing<String>);

impl ServerKey {
    /// None where it is empty or could not stand in a header.
    pub fn new(text: Zeroizing<String>) -> Option<Self> {
        const MAX_KEY: usize = 16 << 10;
        let trimmed = text.trim();
        let is_plain = !trimmed.is_empty() && trimmed.len() <= MAX_KEY;
        (is_plain && trimmed.bytes().all(|byte| byte.is_ascii_graphic()))
            .then(|| Self(Zeroizing::new(trimmed.to_owned())))
    }

    /// The header's value, marked so that no library prints it.
    pub(super) fn header(&self) -> Option<reqwest::header::HeaderValue> {
        let text = Zeroizing::new(format!("Bearer {}", &*self.0));
        let mut value = reqwest::header::HeaderValue::from_str(&text).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// A server's text without the key in it: some say back what they refuse.
    pub(super) fn scrub(&self, text: &str) -> String {
        // Shorter texts stand in other words by chance.
        const MIN_SCRUBBED: usize = 6;
        if self.0.len() < MIN_SCRUBBED { text.to_owned() } else { text.replace(&**self.0, "[key]") }
    }
}

impl fmt::Debug for ServerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// Where the key of one server comes from. Asked before requests, so it keeps what it found.
pub trait KeySource: Send + Sync + 'static {
    /// What requests to this host (lower case, without a port) show. None: the user named no key. An error is a sentence with the
    /// way out, and holds nothing of a key.
    fn key<'a>(&'a self, host: &'a str) -> BoxFuture<'a, Result<Option<ServerKey>, String>>;

    /// Forgets what a command or the keyring gave, because the server refused it. True: there is something to be had anew.
    fn forget(&self) -> bool;
}

/// For servers that ask for none.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoKeys;

impl KeySource for NoKeys {
    fn key<'a>(&'a self, _host: &'a str) -> BoxFuture<'a, Result<Option<ServerKey>, String>> {
        Box::pin(std::future::ready(Ok(None)))
    }

    fn forget(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Option<ServerKey> {
        ServerKey::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_key_shows_itself_to_nobody() {
        let key = key(" sk-not-for-you\r\n").expect("a key");
        let header = key.header().expect("a header");
        assert_eq!(format!("{key:?} {header:?}"), "[key] Sensitive");
        assert_eq!(header.as_bytes(), b"Bearer sk-not-for-you");
        assert_eq!(key.scrub("Incorrect API key provided: sk-not-for-you."), "Incorrect API key provided: [key].");
    }

    #[test]
    fn a_page_is_no_key() {
        assert!([" ", "two words", "two\nlines", "käy", &"x".repeat(20_000)].iter().all(|text| key(text).is_none()));
    }
}
