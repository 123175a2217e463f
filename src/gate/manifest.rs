//! What a request holds and what it may cost, for people to see before it is sent and for the record.

use std::fmt;
use std::ops::Range;

use crate::budget::{Picodollars, Purpose, WindowState, thousands};

/// A file of which something is in the request.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct SentFile {
    /// From the folder's root, with `/`; secrets in it are redacted.
    pub path: String,
    /// In the file, in order, without overlaps.
    pub ranges: Vec<Range<usize>>,
    /// Bytes of it in the request.
    pub bytes: usize,
    /// The user wants to be asked about it each time.
    pub is_internal: bool,
}

/// Secrets of one kind that placeholders stand for.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Redacted {
    pub rule: String,
    pub count: usize,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Manifest {
    pub files: Vec<SentFile>,
    /// Bytes of text in the request, our own instructions included.
    pub bytes: usize,
    pub redactions: Vec<Redacted>,
}

/// An answer's limit that was lowered, so that the request fits into what is left of the budget.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lowered {
    /// Tokens, and those that it would have had.
    pub to: u32,
    pub from: u32,
    /// The limit that leaves the least.
    pub window: Box<WindowState>,
}

/// A sentence without its end.
impl fmt::Display for Lowered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let limit = &self.window.limit;
        let [to, from] = [self.to, self.from].map(|tokens| thousands(u64::from(tokens)));
        let left = limit.amount.show(self.window.left());
        write!(f, "The answer may have {to} tokens instead of {from}, because {left} of {limit} can be spent now")
    }
}

/// What the user is shown before a request is sent. The default is of no request: a consent to it
/// is one to nothing. Of a request it comes from the door alone:
///
/// ```
/// use tandem::gate::{ClearedPrompt, Door, Preview, Withheld};
///
/// fn of(door: &Door, prompt: &ClearedPrompt) -> Result<Preview, Withheld> {
///     door.preview(prompt)
/// }
/// ```
/// ```compile_fail,E0451
/// fn forge(digest: [u8; 32], shown: tandem::gate::Preview) -> tandem::gate::Preview {
///     tandem::gate::Preview { digest, ..shown }
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview {
    pub provider: String,
    /// Host and port.
    pub host: String,
    pub model: String,
    pub purpose: Purpose,
    /// Nothing leaves for this one, or only to a server of the user's.
    pub is_local: bool,
    pub manifest: Manifest,
    /// Input tokens, at least and at most.
    pub input_tokens: (u64, u64),
    pub max_output_tokens: u32,
    /// Where these are fewer than were wanted.
    pub lowered: Option<Lowered>,
    /// At least, as a short answer, and at most, as is reserved.
    pub cost: (Picodollars, Picodollars),
    pub windows: Vec<WindowState>,
    /// Made by the door alone, so that a consent is always to something that could be shown.
    pub(super) digest: [u8; 32],
}

impl Preview {
    /// Of nothing, for those who show previews. No door lets a consent to it through.
    #[cfg(test)]
    pub(crate) fn for_tests(provider: &str, model: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            host: "example.com:443".to_owned(),
            model: model.to_owned(),
            purpose: Purpose::Question,
            is_local: false,
            manifest: Manifest::default(),
            input_tokens: (1, 2),
            max_output_tokens: 1,
            lowered: None,
            cost: (Picodollars::ZERO, Picodollars::DOLLAR),
            windows: Vec::new(),
            digest: [0; 32],
        }
    }

    /// Of destination and exact content.
    pub fn digest(&self) -> &[u8; 32] {
        &self.digest
    }
}
