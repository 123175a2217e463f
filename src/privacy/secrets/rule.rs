//! The rules of `rules.toml`, read once; their expressions are compiled when a text first needs them.

use std::sync::{Arc, OnceLock};

use regex::bytes::{Regex, RegexBuilder};
use serde::Deserialize;

use super::plausible::{entropy, is_made_up, is_phrase, is_stand_in, is_uuid, is_weak, is_words};

/// Nobody's password is longer; of what is, the beginning is judged, so that a long line costs no more than its length.
pub(super) const JUDGED: usize = 512;

/// How a rule finds its secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Shape {
    /// The expression begins at a keyword, which is the beginning of the secret or stands right before it.
    #[default]
    Token,
    /// A keyword is in the name, and the expression is the whole value that is assigned to it.
    Value,
    /// The expression matches somewhere around a keyword.
    Near,
    /// What stands between a beginning and an end, or what is left of it.
    Block,
}

/// One rule as it is written. `rules.toml` explains the keys.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct Rule {
    pub id: Arc<str>,
    #[serde(default)]
    pub shape: Shape,
    pub keywords: Vec<String>,
    #[serde(default)]
    pub any_case: bool,
    #[serde(default)]
    regex: Option<String>,
    /// The expression at which a block ends.
    #[serde(default)]
    end: Option<String>,
    #[serde(default)]
    entropy: f32,
    /// Letters or digits right before the keyword make it another word.
    #[serde(default)]
    pub boundary: bool,
    /// The value is not made of words.
    #[serde(default)]
    random: bool,
    /// The name is one of many: what it says besides the keyword counts, and so does whether the value is in quotes.
    #[serde(default)]
    pub generic: bool,
    /// People make it up, of words, too.
    #[serde(default)]
    of_people: bool,
    /// Bytes besides letters, digits, `_` and `-` that go on with the secret behind the match.
    #[serde(default)]
    pub tail: String,
    /// Bytes around a keyword that `Near` looks at.
    #[serde(default)]
    pub before: usize,
    #[serde(default = "usual_reach")]
    pub after: usize,
    /// Shortest secret, in bytes.
    #[serde(default)]
    min: usize,
    #[serde(default)]
    pub blocks: bool,
    /// For the tests.
    #[serde(default, rename = "finds")]
    pub _finds: Vec<String>,
    #[serde(default, rename = "leaves")]
    pub _leaves: Vec<String>,
    #[serde(skip)]
    compiled: OnceLock<Option<Regex>>,
    #[serde(skip)]
    compiled_end: OnceLock<Option<Regex>>,
}

/// Longer than the longest match of an expression.
fn usual_reach() -> usize {
    6200
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Rule>,
}

/// The rules that come with the program.
pub(super) fn read() -> Result<Vec<Rule>, toml::de::Error> {
    Ok(toml::from_str::<File>(include_str!("rules.toml"))?.rule)
}

impl Rule {
    /// None where there is none. The tests compile all of them.
    pub fn regex(&self) -> Option<&Regex> {
        let wrap = |regex: &String| match self.shape {
            Shape::Token | Shape::Block => format!(r"\A(?:{regex})"),
            Shape::Value => format!(r"\A(?:{regex})\z"),
            Shape::Near => regex.clone(),
        };
        self.compiled.get_or_init(|| self.regex.as_ref().and_then(|regex| self.compile(&wrap(regex)))).as_ref()
    }

    pub fn end(&self) -> Option<&Regex> {
        let compile = |end: &String| self.compile(&format!(r"\A(?:{end})"));
        self.compiled_end.get_or_init(|| self.end.as_ref().and_then(compile)).as_ref()
    }

    #[cfg(test)]
    pub fn has_regex(&self) -> bool {
        self.regex.is_some()
    }

    #[cfg(test)]
    pub fn expressions(&self) -> impl Iterator<Item = &str> {
        [&self.regex, &self.end].into_iter().flatten().map(String::as_str)
    }

    fn compile(&self, regex: &str) -> Option<Regex> {
        // Bytes: as `str` with Unicode classes the same rules take fifty times as long to compile (reference: cloud.md, E).
        let built = RegexBuilder::new(regex).unicode(false).case_insensitive(self.any_case).build();
        built.inspect_err(|error| tracing::error!(rule = &*self.id, %error, "a rule for secrets")).ok()
    }

    /// Whether a value that fits the expression is a secret.
    pub fn takes(&self, value: &[u8]) -> bool {
        let judged = &value[..value.len().min(JUDGED)];
        let is_name = || match (self.of_people, self.generic) {
            (true, _) => is_words(judged) && !is_made_up(judged),
            (_, true) => is_words(judged),
            _ => is_phrase(judged),
        };
        value.len() >= self.min
            && !is_stand_in(judged)
            && !(self.generic && is_weak(judged))
            && entropy(judged) >= self.entropy
            && !(self.random && (is_name() || is_uuid(judged)))
    }
}
