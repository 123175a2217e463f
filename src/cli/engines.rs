//! From settings to the engine that they ask for.

pub mod hosted;
mod names;
mod server;

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::config::{EngineChoice, Loader, Paths, Settings};
use crate::engine::chat::ChatEngine;
use crate::engine::{Engine, EngineState, EngineStatus, Finish, Generation, Job, Writer, generation};
use crate::index::Meaning;
use crate::lsp::{EngineFactory, MeaningFactory};
use crate::session::questions::MakeChat;

pub use names::with_files;
#[cfg(feature = "llama")]
use names::{for_chat, is_starter};

/// Longest wait for a model to load. A large one on a slow disk takes a minute.
const LOAD_PATIENCE: Duration = Duration::from_secs(300);

/// Makes engines for a server, which asks again when the settings change.
pub fn factory(loader: &Loader) -> EngineFactory {
    let loader = loader.clone();
    Arc::new(move |settings| start(settings, &loader))
}

/// Starts what `settings` ask for and returns at once; `Engine::status` tells how it goes. None for lookup alone, which a paid
/// service may stand beside.
///
/// Must be called inside a tokio runtime with time and IO.
pub fn start(settings: &Settings, loader: &Loader) -> Option<Arc<dyn Engine>> {
    let runtime = Handle::current();
    if settings.completion.cloud {
        return Some(hosted::start(settings, loader, &runtime));
    }
    match settings.engine.choice {
        EngineChoice::Lookup => None,
        EngineChoice::Auto => own(settings, loader, &runtime),
    }
}

/// The same without a paid service: for whoever tries and measures, whatever the user pays for while they type.
pub fn start_unpaid(settings: &Settings, loader: &Loader) -> Option<Arc<dyn Engine>> {
    let mut settings = settings.clone();
    settings.completion.cloud = false;
    start(&settings, loader)
}

/// The user's own server, or else the model in this machine.
fn own(settings: &Settings, loader: &Loader, runtime: &Handle) -> Option<Arc<dyn Engine>> {
    match settings.engine.server.url.trim() {
        "" => model(settings, loader.paths(), runtime),
        _ => Some(server::start(settings, loader, runtime)),
    }
}

/// Makes what answers questions on this machine, for a pipeline that asks again when the settings change.
pub fn chat(loader: &Loader) -> MakeChat {
    let paths = loader.paths().clone();
    Arc::new(move |settings| chat_model(settings, &paths))
}

#[cfg(not(feature = "llama"))]
fn chat_model(_settings: &Settings, _paths: &Paths) -> Option<Arc<dyn ChatEngine>> {
    None
}

/// The model of `engine.chatModel` in a host of its own, else the one that completes, in its host. Nothing starts before it is
/// asked, and names are looked up then: what is not installed is a sentence, and found when it is. The starter knows no
/// conversation, so it is not even asked; nor is the model that completes in this process, which would be loaded twice.
#[cfg(feature = "llama")]
fn chat_model(settings: &Settings, paths: &Paths) -> Option<Arc<dyn ChatEngine>> {
    use crate::config::HostMode;
    use crate::engine::chat::OnDemand;
    use crate::engine::host::{HostConfig, HostEngine, Role};
    use crate::engine::llama::{LlamaEngine, ModelConfig};

    let engine = &settings.engine;
    let completes = engine.choice != EngineChoice::Lookup && engine.host == HostMode::Process;
    let role = match (&engine.chat_model, &engine.model) {
        (Some(_), _) => Role::Chat,
        (None, Some(model)) if completes && !is_starter(model) => Role::Completion,
        (None, _) => return None,
    };
    let (settings, paths, runtime) = (settings.clone(), paths.clone(), Handle::current());
    let make = move || -> Result<Arc<dyn ChatEngine>, String> {
        let why = |error: anyhow::Error| format!("the engine host cannot be started: {error:#}");
        let settings = for_chat(&settings, &paths)?;
        match settings.engine.host {
            HostMode::InProcess => {
                let config = ModelConfig::new(&settings.engine, &settings.completion, paths.cache.clone());
                // An adapter is made for the model that completes.
                let mut config = ModelConfig { model: settings.engine.chat_model, lora: None, ..config };
                config.life.role = Role::Chat;
                Ok(Arc::new(LlamaEngine::start(config)))
            }
            HostMode::Process => {
                let program = std::env::current_exe().map_err(|error| why(error.into()))?;
                let config = HostConfig::with_role((&paths).into(), program, &settings, role).map_err(why)?;
                Ok(Arc::new(HostEngine::new(config, &runtime)))
            }
        }
    };
    Some(Arc::new(OnDemand::new(make, CHAT_IDLE)))
}

/// Makes what a folder's index is given to search by meaning; None without `engine.embeddingModel`. Nothing starts before the
/// first text. `patience` is how long a search waits for the vector of its query.
pub fn meaning(loader: &Loader) -> MeaningFactory {
    let paths = loader.paths().clone();
    Arc::new(move |settings| embedding_model(settings, &paths, QUERY_PATIENCE, true))
}

/// So long an editor's search waits for its query's vector, which takes some ms of a model that is there.
const QUERY_PATIENCE: Duration = Duration::from_millis(1_500);

/// See `meaning`.
#[cfg(not(feature = "llama"))]
pub fn embedding_model(
    _settings: &Settings,
    _paths: &Paths,
    _patience: Duration,
    _makes_missing: bool,
) -> Option<Meaning> {
    None
}

/// See `meaning`.
#[cfg(feature = "llama")]
pub fn embedding_model(settings: &Settings, paths: &Paths, patience: Duration, makes_missing: bool) -> Option<Meaning> {
    use crate::config::HostMode;
    use crate::engine::embed::{EmbedEngine, OnDemand, identity};
    use crate::engine::host::{HostConfig, HostEngine, Role};
    use crate::engine::llama::{LlamaEmbedder, ModelConfig};

    settings.engine.embedding_model.as_ref()?;
    // The model that completes may be missing without harm to search.
    let mut settings = settings.clone();
    settings.engine.model = None;
    let settings = with_files(&settings, paths).ok()?;
    let file = settings.engine.embedding_model.clone()?;
    let identity = match identity(&file) {
        Ok(identity) => identity,
        Err(error) => {
            tracing::warn!(
                "engine.embeddingModel: {} cannot be read: {error}; search is by words alone",
                file.display()
            );
            return None;
        }
    };
    let name = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let bytes = (settings.index.vectors_mb as u64).saturating_mul(1 << 20);
    let (paths, runtime) = (paths.clone(), Handle::current());
    let make = move || -> Result<Arc<dyn EmbedEngine>, String> {
        let why = |error: anyhow::Error| format!("the engine host cannot be started: {error:#}");
        match settings.engine.host {
            HostMode::InProcess => {
                let config = ModelConfig::new(&settings.engine, &settings.completion, paths.cache.clone());
                let mut config = ModelConfig { model: Some(file.clone()), ..config };
                config.life.role = Role::Embedding;
                Ok(Arc::new(LlamaEmbedder::start(config)))
            }
            HostMode::Process => {
                let program = std::env::current_exe().map_err(|error| why(error.into()))?;
                let config =
                    HostConfig::with_role((&paths).into(), program, &settings, Role::Embedding).map_err(why)?;
                Ok(Arc::new(HostEngine::new(config, &runtime)))
            }
        }
    };
    let engine = Arc::new(OnDemand::new(make));
    Some(Meaning { bytes, patience, makes_missing, ..Meaning::new(engine, identity, name) })
}

/// A model that nobody asked for so long is left, and its process ends if it has no other client.
#[cfg(feature = "llama")]
const CHAT_IDLE: Duration = Duration::from_secs(900);

/// Longest wait for a server to be found out about.
const SERVER_PATIENCE: Duration = Duration::from_secs(5);

/// Waits until the model is there or has failed, or the server is known to be there or not. Who watches sees how far it is.
pub async fn wait_until_settled(model: &dyn Engine) {
    let mut status = model.status();
    let watched = std::io::stderr().is_terminal();
    let wait = async {
        loop {
            let is_asleep = matches!(status.borrow().state, EngineState::Asleep { wakes: true, .. });
            if is_asleep {
                model.wake();
            }
            let progress = {
                let now = status.borrow_and_update();
                // The model here is made by the first request that needs it.
                let is_behind = now.server.as_ref().is_some_and(|server| server.writer == Writer::Here);
                match &now.state {
                    EngineState::Loading { progress } => *progress,
                    EngineState::Idle if is_behind => break,
                    EngineState::Idle | EngineState::Asleep { wakes: true, .. } => 0.0,
                    EngineState::Ready | EngineState::Asleep { .. } | EngineState::Failed { .. } => break,
                }
            };
            if watched {
                eprint!("\rloading the model: {:3.0} %", progress * 100.0);
            }
            if status.changed().await.is_err() {
                break;
            }
        }
    };
    let patience = if model.status().borrow().server.is_some() { SERVER_PATIENCE } else { LOAD_PATIENCE };
    let _ = tokio::time::timeout(patience, wait).await;
    if watched {
        eprint!("\r\x1b[K");
    }
}

/// What a build without llama.cpp says when a model is wanted.
pub const WITHOUT_LLAMA: &str = "this build has no llama.cpp: the lookup engine completes alone";

#[cfg(not(feature = "llama"))]
fn model(settings: &Settings, paths: &Paths, _runtime: &Handle) -> Option<Arc<dyn Engine>> {
    if let Err(error) = with_files(settings, paths) {
        tracing::warn!("engine.model: {error}");
    }
    tracing::info!("{WITHOUT_LLAMA}");
    None
}

#[cfg(feature = "llama")]
fn model(settings: &Settings, paths: &Paths, runtime: &Handle) -> Option<Arc<dyn Engine>> {
    use crate::config::HostMode;
    use crate::engine::llama::{LlamaEngine, ModelConfig};

    let settings = match with_files(settings, paths) {
        Ok(settings) => settings,
        Err(error) => {
            let reason = format!("engine.model: {error}. Completions go on with the lookup engine");
            tracing::error!("{reason}");
            return Some(Arc::new(Broken::new("llama", reason)));
        }
    };
    let settings = &settings;
    match settings.engine.host {
        HostMode::InProcess => {
            let config = ModelConfig::new(&settings.engine, &settings.completion, paths.cache.clone());
            Some(Arc::new(LlamaEngine::start(config)))
        }
        HostMode::Process => Some(match host(settings, paths, runtime) {
            Ok(engine) => engine,
            Err(error) => {
                let reason = format!("the engine host cannot be started: {error:#}");
                tracing::error!("{reason}");
                Arc::new(Broken::new("llama", reason))
            }
        }),
    }
}

/// The client of a host process, which begins to load the model.
#[cfg(feature = "llama")]
pub fn host(
    settings: &Settings,
    paths: &Paths,
    runtime: &Handle,
) -> anyhow::Result<Arc<crate::engine::host::HostEngine>> {
    use crate::engine::host::{HostConfig, HostEngine};

    let engine = HostEngine::new(HostConfig::new(paths.into(), std::env::current_exe()?, settings)?, runtime);
    // The model loads while the user reads; lookup answers until it is there.
    engine.connect();
    Ok(Arc::new(engine))
}

/// Stands where an engine should be and says why it is not.
struct Broken {
    reason: String,
    status: tokio::sync::watch::Sender<EngineStatus>,
}

impl Broken {
    fn new(engine: &str, reason: String) -> Self {
        let state = EngineState::Failed { reason: reason.clone() };
        Self { reason, status: tokio::sync::watch::Sender::new(EngineStatus::new(engine, state)) }
    }
}

impl Engine for Broken {
    fn generate(&self, _job: Job) -> Generation {
        let (sender, stream) = generation();
        sender.finish(Finish::Failed(self.reason.clone()));
        stream
    }

    fn status(&self) -> tokio::sync::watch::Receiver<EngineStatus> {
        self.status.subscribe()
    }
}
