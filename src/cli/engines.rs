//! From settings to the engine that they ask for.

mod names;

use std::io::IsTerminal;
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::Handle;

use crate::config::{EngineChoice, Loader, Paths, Settings};
use crate::engine::{Engine, EngineState};
use crate::lsp::EngineFactory;

pub use names::with_files;

/// Longest wait for a model to load. A large one on a slow disk takes a minute.
const LOAD_PATIENCE: Duration = Duration::from_secs(300);

/// Makes engines for a server, which asks again when the settings change.
pub fn factory(loader: &Loader) -> EngineFactory {
    let paths = loader.paths().clone();
    Arc::new(move |settings| start(settings, &paths))
}

/// Starts what `settings` ask for and returns at once; `Engine::status` tells how it goes. None for lookup alone.
///
/// Must be called inside a tokio runtime with time and IO.
pub fn start(settings: &Settings, paths: &Paths) -> Option<Arc<dyn Engine>> {
    match settings.engine.choice {
        EngineChoice::Lookup => None,
        EngineChoice::Auto => model(settings, paths, &Handle::current()),
    }
}

/// Waits until the model is there or has failed. Who watches sees how far it is.
pub async fn wait_until_settled(model: &dyn Engine) {
    let mut status = model.status();
    let watched = std::io::stderr().is_terminal();
    let wait = async {
        loop {
            let progress = match &status.borrow_and_update().state {
                EngineState::Loading { progress } => *progress,
                EngineState::Idle => 0.0,
                EngineState::Asleep { wakes: true, .. } => {
                    model.wake();
                    0.0
                }
                EngineState::Ready | EngineState::Asleep { .. } | EngineState::Failed { .. } => break,
            };
            if watched {
                eprint!("\rloading the model: {:3.0} %", progress * 100.0);
            }
            if status.changed().await.is_err() {
                break;
            }
        }
    };
    let _ = tokio::time::timeout(LOAD_PATIENCE, wait).await;
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
            return Some(Arc::new(Broken::new(reason)));
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
                Arc::new(Broken::new(reason))
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
#[cfg(feature = "llama")]
struct Broken {
    reason: String,
    status: tokio::sync::watch::Sender<crate::engine::EngineStatus>,
}

#[cfg(feature = "llama")]
impl Broken {
    fn new(reason: String) -> Self {
        use crate::engine::{EngineState, EngineStatus};

        let state = EngineState::Failed { reason: reason.clone() };
        Self { reason, status: tokio::sync::watch::Sender::new(EngineStatus::new("llama", state)) }
    }
}

#[cfg(feature = "llama")]
impl Engine for Broken {
    fn generate(&self, _job: crate::engine::Job) -> crate::engine::Generation {
        let (sender, stream) = crate::engine::generation();
        sender.finish(crate::engine::Finish::Failed(self.reason.clone()));
        stream
    }

    fn status(&self) -> tokio::sync::watch::Receiver<crate::engine::EngineStatus> {
        self.status.subscribe()
    }
}
