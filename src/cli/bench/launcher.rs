//! Engines for the measurement: processes as an editor's server starts them, in a directory that no server looks into, so
//! that nobody else's requests are in between and nobody is disturbed.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError, Weak};

use tokio::runtime::Handle;

use crate::cli::doctor::machine::Machine;
use crate::config::{Paths, Settings};
use crate::engine::Engine;
use crate::measure::{self, Launch, Running};

pub struct Launcher {
    #[cfg(feature = "llama")]
    paths: Paths,
    #[cfg(feature = "llama")]
    runtime: Handle,
    /// For sockets and logs; removed at the end.
    directory: PathBuf,
    /// All processes that were started, and whose they are.
    started: Mutex<Vec<(u32, Weak<dyn Engine>)>>,
}

impl Launcher {
    #[cfg_attr(not(feature = "llama"), expect(unused_variables, reason = "without llama.cpp nothing is started"))]
    pub fn new(paths: &Paths, runtime: &Handle) -> Self {
        // A short name: the path of a socket has a limit.
        let directory = paths.runtime.join(format!("b{}", std::process::id()));
        Self {
            #[cfg(feature = "llama")]
            paths: Paths { runtime: directory.clone(), state: directory.clone(), ..paths.clone() },
            #[cfg(feature = "llama")]
            runtime: runtime.clone(),
            directory,
            started: Mutex::default(),
        }
    }

    /// CPU seconds of this process and all that it started.
    pub fn cpu_seconds(&self) -> Option<f64> {
        let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
        // Who has ended counts among our children by now.
        let alive = started.iter().filter_map(|(process, _)| measure::cpu_seconds(Some(*process)));
        Some(measure::cpu_seconds(None)? + alive.sum::<f64>())
    }

    /// Waits for processes whose engine was dropped: their memory is wanted.
    #[cfg(feature = "llama")]
    async fn wait_for_ends(&self) {
        use std::time::Duration;

        const LOOK: Duration = Duration::from_millis(50);
        const MOST_LOOKS: usize = 100;
        let is_ending = || {
            let started = self.started.lock().unwrap_or_else(PoisonError::into_inner);
            let mut dropped = started.iter().filter(|(_, engine)| engine.strong_count() == 0);
            dropped.any(|(process, _)| measure::resident(Some(*process)).is_some())
        };
        for _ in 0..MOST_LOOKS {
            if !is_ending() {
                return;
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}

impl Drop for Launcher {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.directory);
    }
}

impl Launch for Launcher {
    #[cfg(not(feature = "llama"))]
    async fn start(&self, _settings: &Settings) -> Result<Running, String> {
        Err(crate::cli::engines::WITHOUT_LLAMA.to_owned())
    }

    #[cfg(feature = "llama")]
    async fn start(&self, settings: &Settings) -> Result<Running, String> {
        use std::sync::Arc;

        use crate::cli::engines;
        use crate::config::HostMode;
        use crate::engine::EngineState;
        use crate::engine::llama::{LlamaEngine, ModelConfig};

        self.wait_for_ends().await;
        let settings = engines::with_files(settings, &self.paths).map_err(|error| format!("engine.model: {error}"))?;
        if let Some(file) = &settings.engine.model
            && let Ok(data) = file.metadata()
        {
            has_room(data.len(), self.free_memory(), &file.display().to_string())?;
        }
        // A process that nobody needs any more ends soon, and its memory is free for the next one.
        let mut settings = settings;
        settings.engine.host_idle_seconds = 1;
        let mut host = None;
        let engine: Arc<dyn Engine> = match settings.engine.host {
            HostMode::InProcess => {
                let config = ModelConfig::new(&settings.engine, &settings.completion, self.paths.cache.clone());
                Arc::new(LlamaEngine::start(config))
            }
            HostMode::Process => {
                let client = engines::host(&settings, &self.paths, &self.runtime)
                    .map_err(|error| format!("the engine host cannot be started: {error:#}"))?;
                host = Some(client.clone());
                client
            }
        };
        engines::wait_until_settled(engine.as_ref()).await;
        let status = engine.status().borrow().clone();
        match (status.state, status.model) {
            (EngineState::Ready, Some(info)) => {
                let process = host.and_then(|host| host.host_process());
                let started = process.map(|process| (process, Arc::downgrade(&engine)));
                self.started.lock().unwrap_or_else(PoisonError::into_inner).extend(started);
                Ok(Running { engine, info, process })
            }
            (EngineState::Failed { reason } | EngineState::Asleep { reason, .. }, _) => Err(reason),
            _ => Err("the model takes more than five minutes to load: use a smaller one (engine.model)".to_owned()),
        }
    }

    fn resident(&self, running: &Running) -> Option<u64> {
        measure::resident(running.process)
    }

    fn cpu_seconds(&self, running: &Running) -> Option<f64> {
        measure::cpu_seconds(running.process)
    }

    fn free_memory(&self) -> Option<u64> {
        Machine::look().memory_free
    }
}

/// Whether a model's file fits into memory. Where a graphics card may hold it, llama.cpp decides.
#[cfg(any(feature = "llama", test))]
fn has_room(bytes: u64, free: Option<u64>, file: &str) -> Result<(), String> {
    use crate::cli::doctor::machine::size;

    let is_on_processor = !cfg!(any(feature = "cuda", feature = "vulkan", feature = "metal"));
    match free.filter(|free| is_on_processor && *free < bytes) {
        Some(free) => Err(format!(
            "the model {file} has {} and only {} of memory are free: it would be read from the disk again for every token. \
             Choose a smaller model or a stronger quantisation (engine.model), or close other programs",
            size(bytes),
            size(free)
        )),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_larger_than_the_free_memory_is_refused_with_the_way_out() {
        let error = has_room(8_100_000_000, Some(3_000_000_000), "big.gguf").unwrap_err();
        assert!(error.starts_with("the model big.gguf has 8.1 GB and only 3.0 GB of memory are free"), "{error}");
        assert!(error.contains("Choose a smaller model"), "{error}");
        assert_eq!(has_room(3_000_000_000, Some(8_100_000_000), "small.gguf"), Ok(()));
        assert_eq!(has_room(u64::MAX, None, "x"), Ok(()), "nobody knows");
    }
}
