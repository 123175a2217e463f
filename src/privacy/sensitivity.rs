//! What may be sent of a workspace, path by path.

use std::path::Path;

use crate::config::PrivacySettings;

/// How far a file may go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Sensitivity {
    #[default]
    Public,
    /// The user is asked about it each time.
    Internal,
    /// Never off this machine; a question that needs it stays here, too.
    LocalOnly,
}

/// Why nothing of a file may be in a request to another machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Denial {
    #[error("an ignore file denies it, or it holds secrets by its name")]
    Ignored,
    #[error("it lies outside of the workspace")]
    Outside,
    #[error("it cannot be resolved")]
    Unresolved,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    Denied(Denial),
    Allowed(Sensitivity),
}

/// The rules of one folder of the workspace. Ignore files are read once a directory: make new rules for each request.
#[derive(Debug)]
pub struct SensitivityRules {}

impl SensitivityRules {
    /// `exclude` are the patterns of `index.exclude`.
    pub fn new(_root: &Path, _exclude: &[String], _settings: &PrivacySettings) -> Self {
        Self {}
    }

    /// `path` is absolute, or from the folder's root. Links are followed: the path as given and the file that it really is
    /// are both judged, and the stricter verdict counts. Touches the disk.
    pub fn of(&self, _path: &Path) -> Verdict {
        Verdict::Denied(Denial::Unresolved)
    }
}
