//! What a client must know of its host: where it is, what it is made of, whom it serves.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;
use serde::{Deserialize, Serialize};

use super::address::{HostIdentity, HostPaths, fnv1a};
use super::register::Role;
use crate::config::{CompletionSettings, EngineSettings, Settings};

/// Everything that a client must know to find or start its host.
#[derive(Clone, Debug)]
pub struct HostConfig {
    pub paths: HostPaths,
    /// The program to start: this one.
    pub program: PathBuf,
    /// Its subcommand and what concerns the model; `HostArgs` follow.
    pub arguments: Vec<OsString>,
    pub identity: HostIdentity,
    /// How long a host without clients stays.
    pub idle: Duration,
}

/// What the host makes its engine of: the settings that concern the model, the others at their defaults, so that they do
/// not part windows that could share it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelSettings {
    #[serde(default)]
    pub role: Role,
    pub engine: EngineSettings,
    /// The token budgets, of which the context's size follows.
    pub completion: CompletionSettings,
    /// Where the starter model is extracted to.
    pub cache_dir: PathBuf,
}

impl ModelSettings {
    fn new(settings: &Settings, cache_dir: PathBuf, role: Role) -> anyhow::Result<Self> {
        let (mut engine, completion) = (settings.engine.clone(), &settings.completion);
        if role == Role::Chat {
            // What is made for the other model is not for this one.
            (engine.model, engine.lora) = (engine.chat_model.take(), None);
        }
        if role == Role::Embedding {
            (engine.model, engine.lora) = (engine.embedding_model.take(), None);
        }
        let absolute = |model: PathBuf| {
            // The host has another working directory.
            std::path::absolute(&model).with_context(|| format!("no such model: {}", model.display()))
        };
        let usual = EngineSettings::default();
        Ok(Self {
            role,
            engine: EngineSettings {
                chat_model: None,
                embedding_model: None,
                model: engine.model.map(absolute).transpose()?,
                lora: engine.lora.map(absolute).transpose()?,
                choice: usual.choice,
                host: usual.host,
                host_idle_seconds: usual.host_idle_seconds,
                ..engine
            },
            completion: CompletionSettings {
                prefix_tokens: completion.prefix_tokens,
                suffix_tokens: completion.suffix_tokens,
                snippet_tokens: completion.snippet_tokens,
                max_tokens: completion.max_tokens,
                ..CompletionSettings::default()
            },
            cache_dir,
        })
    }
}

impl HostConfig {
    /// `program` is the running executable. An error is a sentence for the user.
    pub fn new(paths: HostPaths, program: PathBuf, settings: &Settings) -> anyhow::Result<Self> {
        Self::with_role(paths, program, settings, Role::Completion)
    }

    /// The same for the model of one role.
    pub fn with_role(paths: HostPaths, program: PathBuf, settings: &Settings, role: Role) -> anyhow::Result<Self> {
        let idle = Duration::from_secs(settings.engine.host_idle_seconds);
        let model = ModelSettings::new(settings, paths.cache_dir.clone(), role)?;
        let json = serde_json::to_string(&model).context("the model's path must be Unicode; rename the file")?;
        let files = [&model.engine.model, &model.engine.lora].into_iter().flatten();
        let stamp = files.map(|file| stamp(file)).collect::<Vec<_>>().join(" ");
        let identity =
            HostIdentity { binary: binary_version(&program), model: format!("{json} {stamp}").trim_end().to_owned() };
        let arguments = vec!["engine".into(), "--settings".into(), json.into()];
        Ok(Self { paths, program, arguments, identity, idle })
    }
}

/// The version and a stamp of the file: a host of yesterday's build must not serve today's.
fn binary_version(program: &Path) -> String {
    format!("{}+{}", env!("CARGO_PKG_VERSION"), stamp(program))
}

/// Changes when the file does; empty when there is none.
fn stamp(path: &Path) -> String {
    let Ok(found) = std::fs::metadata(path) else { return String::new() };
    let modified = found.modified().ok().and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
    let modified = modified.unwrap_or_default().as_nanos();
    format!("{:016x}", fnv1a([&found.len().to_le_bytes()[..], &modified.to_le_bytes()[..]]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::EngineChoice;

    fn paths() -> HostPaths {
        HostPaths { runtime_dir: "/run/tandem".into(), state_dir: "/state".into(), cache_dir: "/cache".into() }
    }

    #[test]
    fn windows_share_a_host_unless_the_model_differs() {
        let model = |change: &dyn Fn(&mut Settings)| {
            let mut settings = Settings::default();
            change(&mut settings);
            HostConfig::new(paths(), "/usr/bin/tandem".into(), &settings).expect("works").identity.model
        };
        let usual = model(&|_| ());
        assert_eq!(usual, model(&|settings| settings.engine.host_idle_seconds = 1));
        assert_eq!(usual, model(&|settings| settings.engine.choice = EngineChoice::Lookup));
        assert_eq!(usual, model(&|settings| settings.completion.max_lines = 1));
        assert_ne!(usual, model(&|settings| settings.engine.context_tokens = 1));
        assert_ne!(usual, model(&|settings| settings.completion.prefix_tokens = 1));
        assert_ne!(usual, model(&|settings| settings.engine.model = Some("other.gguf".into())));
        assert_eq!(usual, model(&|settings| settings.engine.chat_model = Some("other.gguf".into())));
        assert_ne!(usual, model(&|settings| settings.engine.lora = Some("team.gguf".into())));
        assert_ne!(usual, model(&|settings| settings.engine.lora_percent = 50));
        assert_ne!(usual, model(&|settings| settings.engine.device = "cpu".into()));
    }

    #[test]
    fn a_model_for_questions_has_a_host_of_its_own() {
        let mut settings = Settings::default();
        settings.engine.model = Some("/models/one.gguf".into());
        settings.engine.chat_model = Some("/models/other.gguf".into());
        let identity = |settings: &Settings, role| {
            let config = HostConfig::with_role(paths(), "/usr/bin/tandem".into(), settings, role);
            config.expect("works").identity.model
        };
        let (complete, chat) = (identity(&settings, Role::Completion), identity(&settings, Role::Chat));
        assert!(complete.contains("one.gguf") && !complete.contains("other.gguf"), "{complete}");
        assert!(chat.contains("other.gguf") && !chat.contains("one.gguf"), "{chat}");
        settings.engine.chat_model = Some("/models/one.gguf".into());
        assert_ne!(identity(&settings, Role::Chat), complete, "the same file in another role");
    }

    #[test]
    fn a_model_file_that_changed_is_another_model() {
        let root = tempfile::tempdir().expect("tempdir");
        let file = root.path().join("model.gguf");
        let identity = || {
            let mut settings = Settings::default();
            settings.engine.model = Some(file.clone());
            HostConfig::new(paths(), "/usr/bin/tandem".into(), &settings).expect("works").identity
        };
        std::fs::write(&file, "one").expect("written");
        let before = identity();
        std::fs::write(&file, "three").expect("written");
        assert_ne!(before, identity());
    }
}
