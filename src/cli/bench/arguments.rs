//! What can be asked of `tandem bench`.

use std::path::PathBuf;

use anyhow::{Context, ensure};

use crate::cli::{Options, engines};
use crate::config::{EngineChoice, Settings};
use crate::measure::Plan;

/// Seconds of a quick run, and of the lookup engine.
const QUICK: f64 = 15.0;
const LOOKUP: f64 = 2.0;

/// Measure the engine on this machine: reading prompts, writing, what a key costs, drafts, cancels, threads. Recommends settings.
///
/// The model runs in a process of its own, as it does for an editor, but in none that an editor uses. Settings are compared
/// side by side, and one is recommended only where its gain is more than the noise. Nothing is written to your settings.
/// Exit code: 0 all was measured, 1 interrupted or a model failed, 2 a mistake or no model could be measured.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem bench                                       the configured model, about two minutes
  tandem bench --quick                               15 seconds of measuring, the main figures
  tandem bench --model small.gguf --model large.gguf --seconds 120
  tandem bench --engine lookup                       the lookup engine alone
  tandem bench --json > before.json                  and later: tandem bench --compare before.json")]
pub struct Arguments {
    /// Measure this GGUF model; may be given several times. Without it what the settings say
    #[arg(long, value_name = "FILE")]
    model: Vec<PathBuf>,

    /// Measure an engine: `lookup` alone, or `auto` for what the settings say
    #[arg(long, value_name = "ENGINE")]
    engine: Vec<EngineArgument>,

    /// About a quarter of the time: fewer rounds, and settings that seldom matter are not compared
    #[arg(long, conflicts_with = "seconds")]
    quick: bool,

    /// Seconds of measuring for each model, loading not counted. A slow model takes up to four times as long
    #[arg(long, value_name = "NUMBER", value_parser = seconds)]
    seconds: Option<f64>,

    /// Numbers of threads to compare, for example 1,2,4; without it powers of two and all of this machine
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = clap::value_parser!(u32).range(1..=512))]
    threads: Vec<u32>,

    /// Take text from this folder; without it from the repository around the current directory
    #[arg(long, value_name = "DIRECTORY")]
    pub folder: Option<PathBuf>,

    /// One JSON object on stdout: short for --format json
    #[arg(long, conflicts_with = "format")]
    json: bool,

    /// What to write: md, json, or both with a comma. To --out as bench.md and so on, otherwise to stdout
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    format: Vec<Format>,

    /// Where reports go
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,

    /// Compare with an earlier report (--json)
    #[arg(long, value_name = "FILE")]
    pub compare: Option<PathBuf>,

    /// Set one setting for this run, for example --set engine.threads=4
    #[arg(long, value_name = "KEY=VALUE")]
    set: Vec<String>,

    /// Log what matches, for example debug: short for --set log.filter=FILTER
    #[arg(long, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum EngineArgument {
    Auto,
    Lookup,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Md,
    Json,
}

/// What is to be measured beside the lookup engine.
pub enum EngineWish {
    AsSet,
    Lookup,
    Model(PathBuf),
}

fn seconds(word: &str) -> Result<f64, String> {
    let number: Option<f64> = word.parse().ok().filter(|seconds| (1.0..=3600.0).contains(seconds));
    number.ok_or_else(|| "it takes 1 to 3600 seconds".to_owned())
}

impl Arguments {
    pub fn options(&self) -> Options {
        Options { set: self.set.clone(), model: None, log: self.log.clone() }
    }

    pub fn engines(&self) -> anyhow::Result<Vec<EngineWish>> {
        let named = self.engine.iter().map(|engine| match engine {
            EngineArgument::Auto => EngineWish::AsSet,
            EngineArgument::Lookup => EngineWish::Lookup,
        });
        let mut wishes: Vec<EngineWish> = named.collect();
        for file in &self.model {
            ensure!(cfg!(feature = "llama"), "--model {}: {}", file.display(), engines::WITHOUT_LLAMA);
            let file = std::path::absolute(file)?;
            let is_twice = wishes.iter().any(|wish| matches!(wish, EngineWish::Model(other) if *other == file));
            ensure!(!is_twice, "--model {} is named twice", file.display());
            wishes.push(EngineWish::Model(file));
        }
        if wishes.is_empty() {
            wishes.push(EngineWish::AsSet);
        }
        Ok(wishes)
    }

    /// Makes the directory that the report goes to, while a mistake costs nothing yet.
    pub fn prepare(&self) -> anyhow::Result<()> {
        match &self.out {
            Some(directory) => {
                std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))
            }
            None => Ok(()),
        }
    }

    pub fn formats(&self) -> Vec<Format> {
        if self.json { vec![Format::Json] } else { self.format.clone() }
    }

    pub fn seconds(&self) -> f64 {
        let usual = Plan::default().seconds;
        self.seconds.unwrap_or(if self.quick { QUICK } else { usual })
    }

    pub fn plan(&self, threads: usize) -> Plan {
        Plan {
            seconds: self.seconds(),
            is_quick: self.quick,
            threads: self.threads.clone(),
            cores: u32::try_from(threads).unwrap_or(u32::MAX),
            has_gpu_backend: cfg!(any(feature = "cuda", feature = "vulkan", feature = "metal")),
        }
    }
}

/// The lookup engine is quick to measure.
pub fn lookup_seconds(plan: &Plan) -> f64 {
    LOOKUP.min(plan.seconds / 4.0)
}

impl EngineWish {
    /// A model's name and settings; None where no model is to be loaded.
    pub fn subject(self, base: &Settings) -> Option<(String, Settings)> {
        let mut settings = base.clone();
        match self {
            Self::Lookup => return None,
            Self::AsSet if base.engine.choice == EngineChoice::Lookup || !cfg!(feature = "llama") => return None,
            Self::AsSet => {}
            Self::Model(file) => {
                settings.engine.choice = EngineChoice::Auto;
                settings.engine.model = Some(file);
            }
        }
        let stem = settings.engine.model.as_deref().and_then(std::path::Path::file_stem);
        let name = stem.map_or_else(|| "starter model".to_owned(), |stem| stem.to_string_lossy().into_owned());
        Some((name, settings))
    }
}
