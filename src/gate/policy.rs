//! What holds for requests of one workspace.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::SecretsMode;
use crate::privacy::IgnoreRules;

/// Facts and rules that a draft is cleared by. Made anew after a setting, an ignore file or trust changed.
#[derive(Debug)]
pub struct Policy {
    /// `cloud.enabled`.
    pub is_cloud_enabled: bool,
    /// The user's names of the providers that may be asked: the one of `cloud.provider`, and servers of the user's.
    pub providers: Vec<String>,
    /// Base URLs of the servers that the user's own settings call theirs. This machine's own addresses need not be here.
    pub own_servers: Vec<String>,
    /// A limit for all spending of a month is set.
    pub has_monthly_limit: bool,
    /// The user trusts the workspace, with the settings it has now.
    pub is_trusted: bool,
    pub secrets: SecretsMode,
    /// The workspace's folder.
    pub root: PathBuf,
    pub rules: Arc<IgnoreRules>,
}
