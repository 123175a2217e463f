//! Names of models in the settings become files here, before any engine or host sees them.

use std::path::{Path, PathBuf};

use crate::cli::fitting;
use crate::config::{EngineSettings, Paths, Settings};
use crate::models::{ModelName, ResolveError, Role, Store};

/// The settings with files in place of names. What answers questions and what compares texts is left out where it is not
/// there: completion does not need it, and who needs it says so.
///
/// # Errors
/// The model that completes is not there, as a sentence with what to type.
pub fn with_files(settings: &Settings, paths: &Paths) -> Result<Settings, ResolveError> {
    let mut settings = settings.clone();
    let store = Store::of(&settings.models, paths);
    let wished = settings.engine.clone();
    let engine = &mut settings.engine;
    engine.model = file(&store, engine.model.as_deref(), Role::Completion, &wished)?;
    for (key, model, role) in [
        ("engine.chatModel", &mut engine.chat_model, Role::Chat),
        ("engine.embeddingModel", &mut engine.embedding_model, Role::Embedding),
    ] {
        *model = file(&store, model.as_deref(), role, &wished).unwrap_or_else(|error| {
            tracing::warn!("{key}: {error}");
            None
        });
    }
    Ok(settings)
}

/// The settings of what answers questions, with files in place of names. A model of its own needs none that completes;
/// without one it is the one that completes, by the very settings that its host was started with.
///
/// # Errors
/// There is none to be asked, as a sentence with what to type.
#[cfg(any(test, feature = "llama"))]
pub fn for_chat(settings: &Settings, paths: &Paths) -> Result<Settings, String> {
    let Some(chat) = &settings.engine.chat_model else {
        let settings = with_files(settings, paths).map_err(|error| format!("engine.model: {error}"))?;
        return match settings.engine.model {
            Some(_) => Ok(settings),
            None => {
                Err("engine.model comes to the starter, which only completes: `tandem model list` names chat models \
                         for engine.chatModel"
                    .to_owned())
            }
        };
    };
    let found = file(&Store::of(&settings.models, paths), Some(chat), Role::Chat, &settings.engine);
    let found = found.map_err(|error| format!("engine.chatModel: {error}"))?.ok_or_else(|| {
        format!(
            "engine.chatModel: `{}` comes to no installed chat model; `tandem model list` names some",
            chat.display()
        )
    })?;
    let mut settings = settings.clone();
    let engine = &mut settings.engine;
    (engine.model, engine.embedding_model, engine.chat_model) = (None, None, Some(found));
    Ok(settings)
}

/// Whether a setting means the model that is compiled in.
#[cfg(any(test, feature = "llama"))]
pub fn is_starter(model: &Path) -> bool {
    ModelName::of(model).is_some_and(|name| name.is_starter())
}

/// The file of one setting. None where there is none to be named: the setting is absent, or means the starter.
fn file(
    store: &Store,
    model: Option<&Path>,
    role: Role,
    engine: &EngineSettings,
) -> Result<Option<PathBuf>, ResolveError> {
    let Some(model) = model else { return Ok(None) };
    match ModelName::of(model) {
        None => Ok(Some(model.to_owned())),
        Some(name) if name.is_starter() => Ok(None),
        Some(name) if name.is_auto() => {
            let best = fitting::best_installed(store, role, engine, &fitting::machine(engine))?;
            Ok(best.and_then(|best| best.files.first().map(|file| store.path(file))))
        }
        Some(name) => store.resolve(&name).map(Some),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::models::fit::Machine;
    use crate::models::{Holding, Installed, InstalledFile, Origin, OriginKind, Sha256};

    fn install(store: &Store, name: &str, role: Role, bytes: usize) {
        let name: ModelName = name.parse().unwrap();
        let place = store.place(&name).unwrap();
        std::fs::create_dir_all(&place).unwrap();
        let path = place.join("m.gguf");
        std::fs::write(&path, vec![0; bytes]).unwrap();
        let file = InstalledFile {
            path: path.strip_prefix(store.directory()).unwrap().to_owned(),
            source: "m.gguf".to_owned(),
            bytes: bytes as u64,
            sha256: Sha256([0; 32]),
        };
        let origin = Origin { kind: OriginKind::Hub, repository: "a/b".to_owned(), revision: String::new() };
        let (holding, when) = (Holding::Own, jiff::Timestamp::UNIX_EPOCH);
        store.add(Installed { name, role, origin, holding, when, files: vec![file] }).unwrap();
    }

    #[test]
    fn names_become_files_and_files_stay() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path().join("models"));
        install(&store, "mine:q8_0", Role::Completion, 10);
        let found = |model: &str| file(&store, Some(Path::new(model)), Role::Completion, &EngineSettings::default());
        let own = store.directory().join("mine/q8_0/m.gguf");
        assert_eq!(found("mine").unwrap(), Some(own.clone()));
        assert_eq!(found("MINE:Q8_0").unwrap(), Some(own));
        assert_eq!(found("/m/a.gguf").unwrap(), Some("/m/a.gguf".into()));
        assert_eq!(found("starter").unwrap(), None);
        assert_eq!(file(&store, None, Role::Completion, &EngineSettings::default()).unwrap(), None);
        let error = found("qwen2.5-coder-7b").unwrap_err().to_string();
        assert_eq!(error, "qwen2.5-coder-7b is not installed; type `tandem model pull qwen2.5-coder-7b`");
    }

    #[test]
    fn auto_is_the_best_that_fits() {
        let place = tempfile::tempdir().unwrap();
        let store = Store::open(place.path().join("models"));
        let chosen = |gibibytes: u64| {
            let machine = Machine { available: Some(gibibytes << 30), threads: 15, ..Machine::default() };
            let engine = EngineSettings::default();
            let best = fitting::best_installed(&store, Role::Completion, &engine, &machine).unwrap();
            best.map(|model| model.name.to_string())
        };
        assert_eq!(chosen(16), None);
        install(&store, "qwen2.5-coder-0.5b:q8_0", Role::Completion, 10);
        install(&store, "qwen2.5-coder-1.5b:q8_0", Role::Completion, 10);
        install(&store, "qwen3-1.7b:q8_0", Role::Chat, 10);
        install(&store, "no-header:q8_0", Role::Completion, 10);
        assert_eq!(chosen(16).as_deref(), Some("qwen2.5-coder-1.5b:q8_0"));
        assert_eq!(chosen(1).as_deref(), Some("qwen2.5-coder-0.5b:q8_0"));
        assert_eq!(chosen(0), None);
        std::fs::remove_file(store.directory().join("qwen2.5-coder-1.5b/q8_0/m.gguf")).unwrap();
        assert_eq!(chosen(16).as_deref(), Some("qwen2.5-coder-0.5b:q8_0"), "one that is gone is not chosen");
    }

    #[test]
    fn only_completion_needs_its_model() {
        let place = tempfile::tempdir().unwrap();
        let paths = Paths::of(&crate::config::Environment::of(&[("HOME", place.path().to_str().unwrap())]));
        let mut settings = Settings::default();
        settings.engine.chat_model = Some("qwen3-1.7b".into());
        assert_eq!(with_files(&settings, &paths).unwrap().engine.chat_model, None);
        settings.engine.model = Some("qwen3-1.7b".into());
        assert!(with_files(&settings, &paths).is_err());
    }

    #[test]
    fn what_answers_questions_is_found_on_its_own() {
        let directory = tempfile::tempdir().unwrap();
        let mut settings = Settings::default();
        settings.models.directory = Some(directory.path().to_owned());
        let paths = Paths::of(&crate::config::Environment::of(&[]));
        settings.engine.chat_model = Some("qwen3-1.7b".into());
        let refused = for_chat(&settings, &paths).unwrap_err();
        assert!(refused.starts_with("engine.chatModel: ") && refused.contains("qwen3-1.7b"), "{refused}");
        // It is there by now; what completes is not.
        settings.engine.model = Some("no-such-model".into());
        let store = Store::open(directory.path());
        install(&store, "qwen3-1.7b:q8_0", Role::Chat, 10);
        let found = for_chat(&settings, &paths).unwrap().engine;
        assert!(found.chat_model.is_some_and(|file| file.starts_with(directory.path())));
        assert_eq!(found.model, None);
        // The model that completes, where there is no other.
        settings.engine.chat_model = None;
        assert!(for_chat(&settings, &paths).unwrap_err().starts_with("engine.model: "));
        settings.engine.model = Some("/models/one.gguf".into());
        assert_eq!(for_chat(&settings, &paths).unwrap().engine.model, settings.engine.model);
        settings.engine.model = Some("auto".into());
        assert!(for_chat(&settings, &paths).unwrap_err().contains("engine.chatModel"));
        assert!(is_starter(Path::new("starter")) && !is_starter(Path::new("/models/starter.gguf")));
    }
}
