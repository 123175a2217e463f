//! Keys: texts that nobody prints. What is held is wiped when it is let go of.

use std::fmt;

use zeroize::Zeroizing;

/// Longest key, in bytes: the tokens of cloud vendors have some thousands.
const MAX_KEY: usize = 16 << 10;

/// A secret. It has no `Clone`, no `Serialize`, and shows itself as `[key]`.
pub struct Key(Zeroizing<String>);

impl Key {
    /// What a variable, a command or a keyring gave. Blanks and line ends around it are not part of it.
    pub fn new(text: Zeroizing<String>) -> Result<Self, KeyError> {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(KeyError::Empty);
        }
        if trimmed.len() > MAX_KEY || !trimmed.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(KeyError::NotAKey);
        }
        Ok(Self(Zeroizing::new(trimmed.to_owned())))
    }

    /// For the one who writes it into a header.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

/// The pair that AWS signs with, and the token of a session that it may belong to.
#[derive(Debug)]
pub struct AwsKeys {
    /// A name, not a secret; but nobody's business either.
    pub access: Key,
    pub secret: Key,
    pub session: Option<Key>,
}

/// What a request shows for itself.
#[derive(Debug)]
pub enum Credentials {
    /// A server that asks for none.
    Nothing,
    Key(Key),
    Aws(AwsKeys),
}

/// Shorter texts stand in other words by chance.
const MIN_SCRUBBED: usize = 6;

impl Credentials {
    /// A text of the provider's without the key in it: some say back what they refuse.
    pub(super) fn scrub(&self, text: &str) -> String {
        let keys: Vec<&Key> = match self {
            Self::Nothing => Vec::new(),
            Self::Key(key) => vec![key],
            Self::Aws(keys) => [Some(&keys.secret), keys.session.as_ref()].into_iter().flatten().collect(),
        };
        keys.iter()
            .map(|key| key.reveal())
            .filter(|key| key.len() >= MIN_SCRUBBED)
            .fold(text.to_owned(), |text, key| text.replace(key, "[key]"))
    }
}

/// Why there is no key. None of these holds anything of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    #[error("the key is empty")]
    Empty,
    #[error("what should be a key is longer than 16 KiB or has blanks or special characters in it")]
    NotAKey,
    #[error(
        "the environment variable `{variable}` is not set: set it for the editor, or name another source of the key in \
             `cloud.providers.{provider}`"
    )]
    NoVariable { provider: String, variable: String },
    #[error(
        "no key is set up for {host}: a key belongs to one host, so name this one's in \
             `cloud.providers.{provider}.keyEnv`, `keyCommand` or `keyring`"
    )]
    NoSource { provider: String, host: String },
    #[error(
        "`cloud.providers.{provider}` names more than one source of its key: keep one of `keyEnv`, `keyCommand` and \
             `keyring`"
    )]
    TwoSources { provider: String },
    #[error("`cloud.providers.{provider}.keyCommand`: {why}")]
    Command { provider: String, why: String },
    #[error("the system's keyring has no entry `{entry}` of `tandem`: {way}")]
    NoEntry { entry: String, way: String },
    #[error(
        "the system's keyring cannot be read ({why}): unlock it, or give the key in \
             `cloud.providers.{provider}.keyEnv` or `keyCommand`"
    )]
    Keyring { provider: String, why: String },
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Key, KeyError> {
        Key::new(Zeroizing::new(text.to_owned()))
    }

    #[test]
    fn a_key_shows_itself_to_nobody() {
        let shown = key("sk-not-for-you").map(|key| format!("{key} {key:?}") + &format!("{:?}", Credentials::Key(key)));
        assert_eq!(shown, Ok("[key] [key]Key([key])".to_owned()));
    }

    #[test]
    fn what_is_said_back_is_scrubbed() {
        let scrubbed = key("sk-not-for-you").map(|key| Credentials::Key(key).scrub("bad key: sk-not-for-you!"));
        assert_eq!(scrubbed, Ok("bad key: [key]!".to_owned()));
    }

    #[test]
    fn a_line_end_is_no_part_of_a_key_and_a_page_is_no_key() {
        assert_eq!(key("  abc\r\n").map(|key| key.reveal().to_owned()), Ok("abc".to_owned()));
        assert_eq!(key(" \n").map(drop), Err(KeyError::Empty));
        assert_eq!(key("line one\nline two").map(drop), Err(KeyError::NotAKey));
        assert_eq!(key("käy").map(drop), Err(KeyError::NotAKey));
        assert_eq!(key(&"x".repeat(MAX_KEY + 1)).map(drop), Err(KeyError::NotAKey));
    }
}
