//! The model on this machine, as the pipeline sees it: what it may read, how much of that it has room for, what it is asked.
//!
//! Nothing leaves for it, so there is no gate on this way: no consent, no price, no record of what was sent. What is denied to
//! everybody is in no index and is not read here either.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::Workspace;
use super::remote::{Reach, Standing, Target};
use crate::config::{CloudEffort, ProviderKind};
use crate::engine::chat::{ChatEngine, ChatJob, ChatModel, ChatRole, ChatTurn};
use crate::gate::{Draft, Section, is_plain};
use crate::privacy::{SensitivityRules, Verdict};
use crate::providers::{Endpoint, Role};

/// What this machine is called where a provider's name would stand.
const NAME: &str = "this machine";
/// Weights below which a model is called small.
const SMALL: u64 = 8_000_000_000;
/// Texts whose tokens are remembered.
const MOST_COUNTS: usize = 4096;

/// The model of this machine for the questions about one workspace.
pub struct Here {
    pub engine: Arc<dyn ChatEngine>,
    pub model: ChatModel,
    standing: Standing,
    rules: SensitivityRules,
    /// By the texts' hashes: packing looks at the same ones again.
    counts: Mutex<HashMap<blake3::Hash, usize>>,
}

impl std::fmt::Debug for Here {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Here").field("model", &self.model).finish_non_exhaustive()
    }
}

impl Here {
    /// Reads ignore files.
    pub fn new(engine: Arc<dyn ChatEngine>, model: ChatModel, workspace: &Workspace) -> Self {
        let endpoint = Endpoint {
            name: NAME.to_owned(),
            kind: ProviderKind::Compatible,
            base_url: String::new(),
            region: None,
            api_version: None,
            price_as: None,
            shows_bearer: false,
            is_local: true,
        };
        let standing = Standing {
            endpoint: Arc::new(endpoint),
            model: model.name.clone(),
            is_local: true,
            stays: true,
            window: Some(u64::from(model.window)),
            tiers: Vec::new(),
            blocked: None,
            down: None,
            left: None,
        };
        let settings = &workspace.settings;
        let rules = SensitivityRules::new(workspace.index.root(), &settings.index.exclude, &settings.privacy);
        Self { engine, model, standing, rules, counts: Mutex::default() }
    }

    /// For the footer: its name and what may be expected of it.
    pub fn title(&self) -> String {
        title(&self.model)
    }

    /// What the model is asked.
    pub fn job(draft: &Draft, effort: CloudEffort) -> ChatJob {
        let text = |sections: &[Section]| {
            let pieces = sections.iter().flat_map(|section| &section.pieces);
            pieces.map(|piece| &*piece.text).collect::<String>()
        };
        let system = ChatTurn::new(ChatRole::System, text(&draft.system));
        let turns = draft.turns.iter().map(|turn| {
            let role = match turn.role {
                Role::User => ChatRole::User,
                Role::Assistant => ChatRole::Assistant,
            };
            ChatTurn::new(role, text(&turn.sections))
        });
        ChatJob {
            turns: std::iter::once(system).chain(turns).collect(),
            max_tokens: draft.max_output,
            // A small model thinks long and answers little.
            reasoning_tokens: match effort {
                CloudEffort::Low => 0,
                CloudEffort::Medium => draft.max_output / 4,
                CloudEffort::High => draft.max_output / 2,
            },
            ..ChatJob::default()
        }
    }
}

impl Target for Here {
    fn standing(&self) -> &Standing {
        &self.standing
    }

    fn reach(&self, path: &str) -> Reach {
        match self.rules.of(Path::new(path)) {
            Verdict::Allowed(_) if is_plain(path) => Reach::Out,
            _ => Reach::Denied,
        }
    }

    /// By the model's vocabulary; where that cannot be had, as many as there can be of usual text.
    fn count(&self, text: &str) -> usize {
        let key = blake3::hash(text.as_bytes());
        if let Some(known) = self.counts.lock().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return *known;
        }
        let counted = self.engine.count(vec![Arc::from(text)]).and_then(|counts| counts.first().copied());
        let Some(counted) = counted else { return text.len().div_ceil(2) };
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.len() < MOST_COUNTS {
            counts.insert(key, counted as usize);
        }
        counted as usize
    }
}

/// `qwen2.5-coder (1.5B parameters, a small model) on this machine`
fn title(model: &ChatModel) -> String {
    let size = match model.parameters {
        0 => "of unknown size".to_owned(),
        size if size < 1_000_000_000 => format!("{}M parameters, a small model", size / 1_000_000),
        size if size < SMALL => format!("{:.1}B parameters, a small model", size as f64 / 1e9),
        size => format!("{:.0}B parameters", size as f64 / 1e9),
    };
    format!("{} ({size}) on this machine", model.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_is_called_what_it_is() {
        let title = |parameters| title(&ChatModel { name: "m".to_owned(), parameters, ..ChatModel::default() });
        assert_eq!(title(494_000_000), "m (494M parameters, a small model) on this machine");
        assert_eq!(title(1_543_714_304), "m (1.5B parameters, a small model) on this machine");
        assert_eq!(title(30_500_000_000), "m (30B parameters) on this machine");
        assert_eq!(title(0), "m (of unknown size) on this machine");
    }
}
