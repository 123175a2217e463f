//! What holds for requests of one workspace: whom they may go to, what of its files may be in them.

use std::path::Path;

use super::Withheld;
use crate::budget::{Limits, Purpose};
use crate::config::{ProviderKind, SecretsMode, Settings};
use crate::privacy::secrets::Placeholders;
use crate::privacy::{SensitivityRules, UserKey};
use crate::providers::Endpoint;

/// How far away a request's destination is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// A server on this machine.
    Machine,
    /// Another machine that the user's own settings call theirs.
    Own,
    Cloud,
}

/// Facts and rules that drafts are cleared by. Made anew for each request: settings, ignore files and trust change.
#[derive(Debug)]
pub struct Policy {
    is_cloud_enabled: bool,
    provider: String,
    /// Whom suggestions may be asked of; None where nobody is.
    suggests: Option<String>,
    /// The user's names of servers of theirs.
    own_servers: Vec<String>,
    has_monthly_limit: bool,
    limits_problem: Option<String>,
    is_trusted: bool,
    pub(super) secrets: SecretsMode,
    pub(super) files: SensitivityRules,
    pub(super) placeholders: Placeholders,
    pub(super) user_tag: Option<String>,
}

impl Policy {
    /// `settings` are as they hold for the folder. `has_monthly_limit`: of the user's own limits. `is_trusted`: the user trusts
    /// the folder with what is in it now.
    pub fn new(
        settings: &Settings,
        root: &Path,
        has_monthly_limit: bool,
        is_trusted: bool,
        placeholders: Placeholders,
    ) -> Self {
        let is_own = |(_, provider): &(&String, &crate::config::ProviderSettings)| provider.is_local == Some(true);
        Self {
            is_cloud_enabled: settings.cloud.enabled,
            provider: settings.cloud.provider.clone(),
            suggests: settings.completion.cloud.then(|| settings.completion.cloud_provider(&settings.cloud)),
            own_servers: settings.cloud.providers.iter().filter(is_own).map(|(name, _)| name.clone()).collect(),
            has_monthly_limit,
            limits_problem: Limits::read(&settings.budget.limits).refusal(),
            is_trusted,
            secrets: settings.privacy.secrets,
            files: SensitivityRules::new(root, &settings.index.exclude, &settings.privacy),
            placeholders,
            user_tag: None,
        }
    }

    /// With a name for the user that says nothing of who that is.
    #[must_use]
    pub fn with_user_tag(self, tag: String) -> Self {
        Self { user_tag: Some(tag), ..self }
    }

    /// With such a name for the folder, where the provider has a use for one.
    #[must_use]
    pub fn tagged(self, key: &UserKey, root: &Path, kind: ProviderKind) -> Self {
        match user_tag(key, root, kind) {
            Some(tag) => self.with_user_tag(tag),
            None => self,
        }
    }

    /// An endpoint's own word for being local counts only where its address or the user's settings say so, too.
    pub fn reach(&self, endpoint: &Endpoint) -> Reach {
        match endpoint.is_local {
            true if is_loopback(endpoint.host()) => Reach::Machine,
            true if self.own_servers.contains(&endpoint.name) => Reach::Own,
            _ => Reach::Cloud,
        }
    }

    /// Whether a cloud may be asked at all.
    pub(super) fn admits(&self, endpoint: &Endpoint, purpose: Purpose) -> Result<(), Withheld> {
        if !self.is_cloud_enabled {
            return Err(Withheld::CloudOff);
        }
        match (purpose, &self.suggests) {
            (Purpose::Question, _) if self.provider.is_empty() || self.provider != endpoint.name => {
                return Err(Withheld::NoProvider);
            }
            (Purpose::Suggestion, None) => return Err(Withheld::SuggestionsOff),
            (Purpose::Suggestion, Some(name)) if name.is_empty() || *name != endpoint.name => {
                return Err(Withheld::NoSuggester);
            }
            _ => {}
        }
        if !self.has_monthly_limit {
            return Err(Withheld::NoMonthlyLimit);
        }
        if let Some(problem) = &self.limits_problem {
            return Err(Withheld::Limits(problem.clone()));
        }
        if !self.is_trusted {
            return Err(Withheld::Untrusted);
        }
        if !endpoint.base_url.starts_with("https://") && !is_loopback(endpoint.host()) {
            return Err(Withheld::Request(format!("`{}` is asked over https only", endpoint.name)));
        }
        Ok(())
    }
}

/// Letters of a user's tag, 128 bits.
const TAG_LETTERS: usize = 32;

/// What tells one folder's requests from all others', and nobody whose or which that is: only to providers that find a prompt's
/// beginning in their cache by it.
fn user_tag(key: &UserKey, root: &Path, kind: ProviderKind) -> Option<String> {
    match kind {
        ProviderKind::OpenAi | ProviderKind::OpenAiChat | ProviderKind::Azure | ProviderKind::Mistral => {
            let hash = key.hash("tandem 2026-11 tags of users", &[root.to_string_lossy().as_bytes()]);
            Some(hash.chars().take(TAG_LETTERS).collect())
        }
        ProviderKind::Anthropic
        | ProviderKind::Gemini
        | ProviderKind::Bedrock
        | ProviderKind::OpenRouter
        | ProviderKind::DeepSeek
        | ProviderKind::Compatible => None,
    }
}

/// Whether `host:port` never leaves this machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.split_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_tells_folders_and_users_apart_and_goes_where_it_helps() {
        let (ann, bob) = (UserKey::new([1; 32]), UserKey::new([2; 32]));
        let tag = |key, root| user_tag(key, Path::new(root), ProviderKind::OpenAi).unwrap();
        let first = tag(&ann, "/srv/work");
        assert_eq!(first, tag(&ann, "/srv/work"), "the same to-morrow, as caches are");
        assert!(first.len() == TAG_LETTERS && first.bytes().all(|byte| byte.is_ascii_hexdigit()), "{first}");
        assert_ne!(first, tag(&ann, "/srv/play"));
        assert_ne!(first, tag(&bob, "/srv/work"), "nobody without the key can try names of folders");
        let of = |kind| user_tag(&ann, Path::new("/srv/work"), kind).is_some();
        use ProviderKind::{
            Anthropic, Azure, Bedrock, Compatible, DeepSeek, Gemini, Mistral, OpenAi, OpenAiChat, OpenRouter,
        };
        assert!([OpenAi, OpenAiChat, Azure, Mistral].into_iter().all(of));
        assert!(![Anthropic, Gemini, Bedrock, OpenRouter, DeepSeek, Compatible].into_iter().any(of));
    }
}
