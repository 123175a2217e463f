//! `tandem model pull`: a model from a hub, or a file from an address, into the store.
//!
//! This is the one command that brings something from a network, and nothing calls it but its user. What it is about to bring,
//! from where and under which licence is said before the first byte.

#[cfg(feature = "cloud")]
mod bring;
#[cfg(feature = "cloud")]
mod plan;
#[cfg(feature = "cloud")]
mod screen;

use std::process::ExitCode;

use super::selection::ForRole;
use crate::cli::Options;
use crate::cli::terminal::Terminal;
use crate::config::Loader;
use crate::models::ModelName;

/// Download a model and verify it.
///
/// NAME is one of `tandem model list`, with a quantisation behind a `:` or without; `hf:OWNER/REPOSITORY/FILE.gguf` or
/// `OWNER/REPOSITORY:Q4_K_M` is any file of the hub; an https address is any file of the web. The digest that the hub promises
/// is compared with what is on the disk, and written into models.lock: a later pull of the same version must bring the same.
/// What was interrupted goes on where it was. Sent are the name of what you ask for, and your token to the hub's own host.
///
/// Exit code: 0 it is there; 1 it is not: the hub, the disk or you said no; 2 a mistake in the arguments.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem model pull qwen2.5-coder-1.5b             the file that the catalogue proposes, or one that fits here
  tandem model pull qwen2.5-coder-1.5b:q8_0 --use  this one, and use it from now on
  tandem model pull Qwen/Qwen2.5-Coder-3B-GGUF:Q4_K_M
  tandem model pull hf:owner/repository/file.gguf
  tandem model pull https://models.example.com/some.gguf --name some:q8_0

Settings: models.hub (another hub), models.tokenEnv (the variable with its token, HF_TOKEN), models.directory, cloud.caFile.
HTTPS_PROXY is heeded.")]
pub struct Arguments {
    #[arg(value_name = "NAME|OWNER/REPOSITORY|URL")]
    wanted: String,

    /// Use it from now on, as `tandem model use` does
    #[arg(long = "use")]
    is_to_be_used: bool,

    /// Without a question about the licence
    #[arg(long)]
    yes: bool,

    /// What it is called here; without it a name of the catalogue or one made of the file's
    #[arg(long, value_name = "NAME")]
    name: Option<ModelName>,

    /// What it is for; without it what the catalogue or the file says
    #[arg(long = "for", value_name = "ROLE", value_enum)]
    role: Option<ForRole>,

    /// A branch, a tag or a commit of the repository
    #[arg(long, value_name = "REVISION")]
    revision: Option<String>,

    /// Most connections at once; one that is fast enough stays alone
    #[arg(long, value_name = "NUMBER", default_value_t = 4, value_parser = clap::value_parser!(u8).range(1..=16))]
    connections: u8,

    /// One JSON object a line on stdout for each thing that happens; sizes in bytes
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(in crate::cli) options: Options,
}

#[cfg(feature = "cloud")]
pub fn run(terminal: &mut Terminal, loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    bring::run(terminal, loader, arguments)
}

#[cfg(not(feature = "cloud"))]
pub fn run(_terminal: &mut Terminal, _loader: &Loader, arguments: &Arguments) -> anyhow::Result<ExitCode> {
    let Arguments {
        wanted,
        is_to_be_used: _,
        yes: _,
        name: _,
        role: _,
        revision: _,
        connections: _,
        json: _,
        options: _,
    } = arguments;
    anyhow::bail!(
        "this build cannot open a network, so it brings no {}: get the GGUF file with another program and type `tandem model \
         import FILE`",
        crate::cli::terminal::printable(wanted)
    )
}
