//! What is asked.

use std::ops::Range;

use crate::budget::Picodollars;
use crate::config::RouteChoice;

/// What the user wants. The last three are answered with a diff to look at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    #[default]
    Ask,
    Explain,
    /// Why a diagnostic is there.
    WhyError,
    Tests,
    Document,
    Refactor,
}

/// The place that a question is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Focus {
    /// From the folder's root, with `/`.
    pub path: String,
    /// Bytes of the document: what is selected, or the definition around the cursor. None for the whole file.
    pub range: Option<Range<usize>>,
    /// Name of the definition, if it is one.
    pub name: Option<String>,
    /// Messages about this place, as the client has them.
    pub diagnostics: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    pub kind: Kind,
    /// The user's words; may be empty for the kinds that say enough.
    pub text: String,
    pub focus: Option<Focus>,
    /// Goes on with this thread.
    pub thread: Option<String>,
    /// Of the user for this question; None for the setting.
    pub route: Option<RouteChoice>,
    /// The user's limit for this question.
    pub limit: Option<Picodollars>,
    /// Take the uncommitted changes along.
    pub with_changes: bool,
}
