//! `tandem engine`: the engine host, started by `tandem serve` and not by hand.

use anyhow::Context as _;

use crate::engine::host::{HostArgs, ModelSettings};

/// What a client tells the host that it starts.
#[derive(Clone, Debug, clap::Args)]
pub struct EngineArgs {
    #[command(flatten)]
    pub host: HostArgs,
    /// `ModelSettings`, as JSON.
    #[arg(long)]
    pub settings: String,
}

/// Serves until nobody needs this host any more.
pub fn run(arguments: &EngineArgs) -> anyhow::Result<()> {
    let settings = serde_json::from_str(&arguments.settings).context("the settings of the engine host do not parse")?;
    serve(&arguments.host, settings)
}

#[cfg(feature = "llama")]
fn serve(host: &HostArgs, settings: ModelSettings) -> anyhow::Result<()> {
    use std::sync::Arc;

    use crate::engine::Engine;
    use crate::engine::host::{Entry, Register, Role, run_host};
    use crate::engine::llama::{LlamaEmbedder, LlamaEngine, ModelConfig};

    run_host(host, || {
        let mut config = ModelConfig::new(&settings.engine, &settings.completion, settings.cache_dir);
        let register = Register::new(&host.address());
        config.life.role = settings.role;
        config.life.register = Some(register.clone());
        let make: Box<dyn Fn() -> Arc<dyn Engine> + Send + Sync> = if settings.role == Role::Embedding {
            let engine: Arc<dyn Engine> = Arc::new(LlamaEmbedder::start(config));
            Box::new(move || engine.clone())
        } else {
            let engine = LlamaEngine::start(config);
            Box::new(move || Arc::new(engine.handle()))
        };
        let entry = Entry::keep(register, settings.role, make().status());
        Ok(move |_client| {
            let _kept = &entry;
            make()
        })
    })
}

#[cfg(not(feature = "llama"))]
fn serve(_host: &HostArgs, _settings: ModelSettings) -> anyhow::Result<()> {
    anyhow::bail!("this build of Tandem has no llama.cpp; build it with the feature `llama` to run models")
}
