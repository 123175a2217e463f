//! A request before anybody looked at what is in it: texts, each with where it comes from.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::budget::Purpose;
use crate::providers::{CacheLife, Effort, Endpoint, Role};

/// Where a text comes from. `Debug` shows no path: nobody has looked for secrets in it yet.
#[derive(Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Source {
    /// Our own words.
    Instructions,
    /// The user's.
    Question,
    /// Of a file of the workspace.
    File {
        /// From the folder's root, with `/`.
        path: String,
        /// Bytes of the file, or of the open document. Empty where the text is derived from all of it, as a signature is.
        bytes: Range<usize>,
    },
    /// Messages of other language servers or of the compiler about a file.
    Diagnostics { path: String },
    /// `git diff` of these paths; each hunk of a path's diff is a piece of its own.
    Diff { path: String },
    /// `git log`.
    Log,
    /// What a model answered before in this thread.
    Answer,
}

/// `Debug` shows no text.
#[derive(Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Piece {
    pub text: Arc<str>,
    pub source: Source,
}

/// Pieces that stand together, without anything in between, and are one block of the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    pub pieces: Vec<Piece>,
    /// Everything up to the end of this section is the same in the next question.
    pub cache: Option<CacheLife>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftTurn {
    pub role: Role,
    pub sections: Vec<Section>,
}

/// What stands behind a hole that is to be filled. The last section of the draft's only turn stands before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftFill {
    pub suffix: Section,
    /// The text ends before any of these; four at most. None of them holds anything of the user's.
    pub stops: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    pub endpoint: Arc<Endpoint>,
    pub model: String,
    pub system: Vec<Section>,
    pub turns: Vec<DraftTurn>,
    /// Of what is typed; None of a question.
    pub fill: Option<DraftFill>,
    /// Tokens of the answer, reasoning included.
    pub max_output: u32,
    pub effort: Option<Effort>,
}

impl Draft {
    /// What it is for: it decides which rules and limits hold.
    pub fn purpose(&self) -> Purpose {
        if self.fill.is_some() { Purpose::Suggestion } else { Purpose::Question }
    }
}

impl Source {
    /// The file that it is of or about, from the folder's root.
    pub fn path(&self) -> Option<&str> {
        match self {
            Self::File { path, .. } | Self::Diagnostics { path } | Self::Diff { path } => Some(path),
            Self::Instructions | Self::Question | Self::Log | Self::Answer => None,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Instructions => "Instructions",
            Self::Question => "Question",
            Self::File { bytes, .. } => return write!(f, "File({}..{})", bytes.start, bytes.end),
            Self::Diagnostics { .. } => "Diagnostics",
            Self::Diff { .. } => "Diff",
            Self::Log => "Log",
            Self::Answer => "Answer",
        })
    }
}

impl fmt::Debug for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {} bytes", self.source, self.text.len())
    }
}
