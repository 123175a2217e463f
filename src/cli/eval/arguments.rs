//! What can be asked of `tandem eval`.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::{bail, ensure};

use super::variants::{self, ContextWish, EngineWish, Variant};
use crate::cli::{self, Options, engines};
use crate::complete::Patience;
use crate::config::Settings;
use crate::eval::{Kind, Plan};
use crate::syntax::Language;

/// Measure how well this repository is completed: cut text out of its files, and see what would be suggested there.
///
/// Holes are drawn over the repository's own code, the same ones for the same --seed. Each goes through the whole pipeline
/// as if you typed there, with the hole's text known to nobody. Exit code: 0 done, 1 interrupted, 2 a mistake.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem eval --engine lookup                       lookup alone, on the files as they are
  tandem eval --out results                         with the records of every position; again continues it
  tandem eval --commit v1.2 --languages rust,go     a commit's files, two languages
  tandem eval --model small.gguf --model large.gguf --positions 400 --out results
  tandem eval --variant short:completion.maxLines=1 --context with")]
pub struct Arguments {
    /// The repository; without it the one around the current directory
    #[arg(long, value_name = "DIRECTORY")]
    pub folder: Option<PathBuf>,

    /// The files of this commit instead of those that are there now. Needs git.
    #[arg(long, value_name = "COMMIT")]
    pub commit: Option<String>,

    /// Positions that each variant is asked at
    #[arg(long, value_name = "NUMBER", default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    positions: u32,

    /// Other numbers choose other positions
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// Only these languages, by the names of `tandem index --stats`; without it all that are code
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    languages: Vec<String>,

    /// Only these kinds of holes: line, arguments, lines, block
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = kind)]
    kinds: Vec<Kind>,

    /// Leave out positions whose lines stand in another file, too
    #[arg(long)]
    skip_copies: bool,

    /// Compare this GGUF model; may be given several times
    #[arg(long, value_name = "FILE")]
    model: Vec<PathBuf>,

    /// Compare an engine: `lookup` alone, `model` alone, or `auto` for what the settings say
    #[arg(long, value_name = "ENGINE")]
    engine: Vec<EngineArgument>,

    /// With text of other files in the prompt, without, or both
    #[arg(long, value_name = "WHICH", default_value = "both")]
    context: ContextWish,

    /// Compare a set of completion.* settings, too; may be given several times
    #[arg(long, value_name = "NAME:KEY=VALUE,…")]
    variant: Vec<String>,

    /// Measure what each engine's confidence is worth here, and use that from now on in every editor
    #[arg(long)]
    pub calibrate: bool,

    /// Longest wait for a model's answer in seconds. An editor's ghost text waits for 1.5.
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    patience: f64,

    /// What to write: md, json, html; several with commas. To --out as report.md and so on, otherwise to stdout
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    pub format: Vec<Format>,

    /// Where records and reports go. A run of the same arguments continues what is there.
    #[arg(long, value_name = "DIRECTORY")]
    pub out: Option<PathBuf>,

    /// Write over the records of another run in --out
    #[arg(long, requires = "out")]
    pub fresh: bool,

    /// Set one setting for this run, for example --set completion.eagerness=high
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
    Model,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Format {
    Md,
    Json,
    Html,
}

fn kind(word: &str) -> Result<Kind, String> {
    Kind::named(word).ok_or_else(|| "the kinds are line, arguments, lines and block".to_owned())
}

impl Arguments {
    pub fn options(&self) -> Options {
        Options { set: self.set.clone(), model: None, log: self.log.clone() }
    }

    pub fn engines(&self) -> anyhow::Result<Vec<EngineWish>> {
        ensure!(
            cfg!(feature = "llama") || !self.engine.contains(&EngineArgument::Model),
            "--engine model: {}",
            engines::WITHOUT_LLAMA
        );
        let named = self.engine.iter().map(|engine| match engine {
            EngineArgument::Auto => EngineWish::AsSet,
            EngineArgument::Lookup => EngineWish::Lookup,
            EngineArgument::Model => EngineWish::ModelAlone,
        });
        let mut wishes: Vec<EngineWish> = named.collect();
        for file in &self.model {
            ensure!(cfg!(feature = "llama"), "--model {}: {}", file.display(), engines::WITHOUT_LLAMA);
            wishes.push(EngineWish::Model(std::path::absolute(file)?));
        }
        if wishes.is_empty() {
            wishes.push(EngineWish::AsSet);
        }
        Ok(wishes)
    }

    pub fn plan(&self, settings: &Settings) -> anyhow::Result<Plan> {
        for name in &self.languages {
            if Language::named(name).is_none() {
                let known: Vec<&str> = Language::all().iter().map(|language| language.name.as_str()).collect();
                bail!("--languages {name}: the languages are {}", known.join(", "));
            }
        }
        Ok(Plan {
            seed: self.seed,
            positions: self.positions as usize,
            kinds: if self.kinds.is_empty() { Kind::ALL.to_vec() } else { self.kinds.clone() },
            languages: self.languages.clone(),
            skip_copies: self.skip_copies,
            most_bytes: settings.completion.max_document_bytes,
        })
    }

    pub fn variants(&self, settings: &Settings) -> anyhow::Result<Vec<Variant>> {
        let mut named = Vec::new();
        for variant in &self.variant {
            let (name, assignments) = variants::split(variant)?;
            named.push((name, cli::assignments("--variant", &assignments)?));
        }
        variants::variants(settings, &self.engines()?, self.context, &named)
    }

    pub fn patience(&self) -> anyhow::Result<Patience> {
        ensure!((0.01..=3_600.0).contains(&self.patience), "--patience takes 0.01 to 3600 seconds");
        let wait = Duration::from_secs_f64(self.patience);
        Ok(Patience { soft: wait, hard: wait, ..Patience::COMMAND })
    }
}
