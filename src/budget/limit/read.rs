//! A limit's text, read word by word. What is not understood is an error that says where, and how it is written.

use std::str::FromStr;

use super::{Amount, Limit, Period, Scope};
use crate::budget::Picodollars;
use crate::budget::money::scaled;

/// Largest limit on money: a slip of the finger beyond it is more likely than a wish. It keeps sums far from where the
/// ledger's numbers end.
const MOST_DOLLARS: Picodollars = Picodollars(1_000_000 * Picodollars::DOLLAR.0);

/// Largest limit on tokens.
const MOST_TOKENS: u64 = 1_000_000_000_000;

/// Longest text that is read, in bytes.
const MOST_BYTES: usize = 300;

/// A limit that cannot be read. `Display` is a sentence with an example.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{text}`: {message} (character {at}). Write it as `{example}`")]
pub struct LimitError {
    /// As it was written, cut where it is long.
    pub text: String,
    /// Where in it, in characters from 1.
    pub at: usize,
    pub message: String,
    pub example: &'static str,
}

/// The rest of a text, with words taken off its front.
struct Words<'a> {
    text: &'a str,
    /// Bytes that are read.
    at: usize,
}

impl<'a> Words<'a> {
    fn rest(&mut self) -> &'a str {
        let rest = self.text.get(self.at..).unwrap_or_default();
        let trimmed = rest.trim_start();
        self.at += rest.len() - trimmed.len();
        trimmed.trim_end()
    }

    /// The next word, without taking it: letters, or digits with points and underscores, or one other sign.
    fn peek(&mut self) -> &'a str {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return "" };
        let belongs = |character: char| match first {
            _ if first.is_ascii_digit() || first == '.' => character.is_ascii_digit() || matches!(character, '.' | '_'),
            _ => first.is_alphabetic() && character.is_alphabetic(),
        };
        let end = rest.find(|character| !belongs(character)).unwrap_or(rest.len());
        rest.get(..end.max(first.len_utf8())).unwrap_or_default()
    }

    fn next(&mut self) -> &'a str {
        let word = self.peek();
        self.at += word.len();
        word
    }

    /// Takes the next word if it is this one, in any case.
    fn take(&mut self, wanted: &[&str]) -> bool {
        let found = wanted.iter().any(|wanted| self.peek().eq_ignore_ascii_case(wanted));
        if found {
            self.next();
        }
        found
    }

    fn error(&self, at: usize, message: impl Into<String>) -> LimitError {
        let characters = |text: &str| text.chars().count();
        LimitError {
            text: self.text.chars().take(80).map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect(),
            at: self.text.get(..at).map_or(0, characters) + 1,
            message: message.into(),
            example: "$20 per month",
        }
    }
}

impl FromStr for Limit {
    type Err = LimitError;

    /// `AMOUNT per PERIOD [for SCOPE]`, in any case and spacing.
    fn from_str(text: &str) -> Result<Self, LimitError> {
        let mut words = Words { text, at: 0 };
        if text.len() > MOST_BYTES {
            return Err(words.error(0, format!("it is longer than {MOST_BYTES} bytes")));
        }
        let amount = amount(&mut words)?;
        if !words.take(&["per", "/", "a", "each", "every"]) {
            return Err(unexpected(&mut words, "`per` and a period are missing"));
        }
        let period = period(&mut words)?;
        let scope = scope(&mut words)?;
        Ok(Self { amount, period, scope })
    }
}

/// What stands there instead of what was expected.
fn unexpected(words: &mut Words<'_>, wanted: &str) -> LimitError {
    let found = words.peek().to_owned();
    let message = if found.is_empty() { wanted.to_owned() } else { format!("{wanted}; `{found}` stands there") };
    words.error(words.at, message)
}

fn amount(words: &mut Words<'_>) -> Result<Amount, LimitError> {
    let is_dollar = |words: &mut Words<'_>| words.take(&["$", "USD", "dollar", "dollars"]);
    let stands_before = is_dollar(words);
    let number = words.peek().to_owned();
    // After the blanks before it: a message points at the word itself.
    let start = words.at;
    if matches!(number.as_str(), "-" | "−") {
        return Err(words.error(start, "an amount cannot be negative"));
    }
    if !number.starts_with(|first: char| first.is_ascii_digit() || first == '.') {
        return Err(unexpected(words, "an amount is missing"));
    }
    words.next();
    if words.text.get(words.at..).is_some_and(|rest| rest.starts_with(',')) {
        return Err(words.error(words.at, "a comma may mean thousands or decimals: leave it out, or write a point"));
    }
    let zeros = match words.peek() {
        "k" | "K" => 3,
        "m" | "M" => 6,
        "b" | "B" | "g" | "G" => 9,
        _ => 0,
    };
    if zeros > 0 {
        words.next();
    }
    let is_money = is_dollar(words) || stands_before;
    let is_tokens = words.take(&["token", "tokens"]);
    let plain = number.replace('_', "");
    match (is_money, is_tokens) {
        (true, false) => match scaled(&plain, 12 + zeros).map(Picodollars) {
            Some(money) if money <= MOST_DOLLARS => Ok(Amount::Money(money)),
            _ => Err(words.error(
                start,
                format!("`{number}` is no amount of dollars from 0 to 1 million, with 12 decimals at most"),
            )),
        },
        (false, true) => match scaled(&plain, zeros) {
            Some(tokens) if tokens <= MOST_TOKENS => Ok(Amount::Tokens(tokens)),
            _ => Err(words.error(start, format!("`{number}` is no number of tokens from 0 to 1,000 billion"))),
        },
        (true, true) => Err(words.error(start, "an amount is of dollars or of tokens, not of both")),
        (false, false) => Err(unexpected(words, "the amount needs a `$`, `USD` or `tokens`")),
    }
}

fn period(words: &mut Words<'_>) -> Result<Period, LimitError> {
    for period in Period::ALL {
        let plural = format!("{}s", period.name());
        if words.take(&[period.name(), &plural]) {
            return Ok(period);
        }
    }
    Err(unexpected(words, "a period is missing: request, session, hour, day or month"))
}

fn scope(words: &mut Words<'_>) -> Result<Scope, LimitError> {
    if words.rest().is_empty() {
        return Ok(Scope::User);
    }
    if !words.take(&["for"]) {
        return Err(unexpected(words, "only `for` and whose spending counts may follow"));
    }
    let is_article = words.take(&["this", "the", "each", "every"]);
    let scope = match words.peek().to_ascii_lowercase().as_str() {
        "workspace" | "folder" => Scope::Workspace,
        "suggestions" => Scope::Suggestions,
        kind @ ("provider" | "model") if !is_article => {
            words.next();
            let name = words.rest().to_owned();
            if name.is_empty() || name.chars().any(char::is_control) {
                return Err(words.error(words.at, format!("the name of the {kind} is missing")));
            }
            return Ok(if kind == "provider" { Scope::Provider(name) } else { Scope::Model(name) });
        }
        _ => return Err(unexpected(words, "`workspace`, `suggestions`, `provider NAME` or `model ID` is missing")),
    };
    words.next();
    if words.rest().is_empty() { Ok(scope) } else { Err(unexpected(words, "nothing may follow")) }
}
