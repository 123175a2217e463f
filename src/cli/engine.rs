//! `tandem engine`: the engine host, started by `tandem serve` and not by hand.

use crate::config::EngineSettings;
use crate::engine::host::HostArgs;

/// What a client tells the host that it starts.
#[derive(Clone, Debug, clap::Args)]
pub struct EngineArgs {
    #[command(flatten)]
    pub host: HostArgs,
    /// The model's settings, as JSON.
    #[arg(long)]
    pub settings: String,
}

pub fn run(arguments: &EngineArgs) -> anyhow::Result<()> {
    use anyhow::Context as _;

    let settings: EngineSettings =
        serde_json::from_str(&arguments.settings).context("the settings of the engine host do not parse")?;
    serve(&arguments.host, settings)
}

#[cfg(not(feature = "llama"))]
fn serve(_host: &HostArgs, _settings: EngineSettings) -> anyhow::Result<()> {
    anyhow::bail!("this build of Tandem has no llama.cpp; build it with the feature `llama` to run models")
}
