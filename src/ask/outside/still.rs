//! The last look before a prompt is sent: what held when it was cleared may not hold any more.

use std::path::{Path, PathBuf};

use crate::config::PrivacySettings;
use crate::gate::{ClearedPrompt, Withheld};
use crate::privacy::{SensitivityRules, Trust, TrustState, Verdict};

/// What held when a prompt was cleared, and must hold when it is sent: the user may think about it for minutes.
#[derive(Clone, Debug)]
pub struct Still {
    pub root: PathBuf,
    pub trust: Trust,
    pub exclude: Vec<String>,
    pub privacy: PrivacySettings,
    /// For a server of the user's.
    pub is_free: bool,
}

impl Still {
    /// Reads trust, ignore files and links anew.
    pub fn holds(&self, prompt: &ClearedPrompt) -> Result<(), Withheld> {
        if self.is_free {
            return Ok(());
        }
        if self.trust.state(&self.root) != TrustState::Trusted {
            return Err(Withheld::Untrusted);
        }
        let rules = SensitivityRules::new(&self.root, &self.exclude, &self.privacy);
        let paths = prompt.manifest().files.iter().map(|file| &file.path);
        let denied = paths.filter(|path| matches!(rules.of(Path::new(path)), Verdict::Denied(_)));
        let paths: Vec<String> = denied.cloned().collect();
        if paths.is_empty() { Ok(()) } else { Err(Withheld::Denied { paths }) }
    }
}
