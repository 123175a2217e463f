//! `tandem eval`: how well a repository is completed, by which engine, and with which settings.

mod checkout;
mod document;
mod plot;
mod progress;
mod render;
mod variants;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};

use super::terminal::Terminal;
use super::{Options, engines, workspace};
use crate::complete::{Calibration, Patience};
use crate::config::{Loader, Settings};
use crate::engine::EngineState;
use crate::eval::{self, Header, Journal, Kind, Plan, Record, Runner, Sample, Summary};
use crate::index::IndexOptions;
use crate::syntax::Language;
use checkout::Checkout;
use document::About;
use progress::Progress;
use variants::{ContextWish, EngineWish, Variant};

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
    folder: Option<PathBuf>,

    /// The files of this commit instead of those that are there now. Needs git.
    #[arg(long, value_name = "COMMIT")]
    commit: Option<String>,

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

    /// Compare an engine: `lookup` alone, or `auto` for what the settings say
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
    calibrate: bool,

    /// Longest wait for a model's answer in seconds. An editor's ghost text waits for 1.5.
    #[arg(long, value_name = "SECONDS", default_value_t = 20.0)]
    patience: f64,

    /// What to write: md, json, html; several with commas. To --out as report.md and so on, otherwise to stdout
    #[arg(long, value_name = "FORMATS", value_delimiter = ',')]
    format: Vec<Format>,

    /// Where records and reports go. A run of the same arguments continues what is there.
    #[arg(long, value_name = "DIRECTORY")]
    out: Option<PathBuf>,

    /// Write over the records of another run in --out
    #[arg(long, requires = "out")]
    fresh: bool,

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    Md,
    Json,
    Html,
}

fn kind(word: &str) -> Result<Kind, String> {
    Kind::named(word).ok_or_else(|| "the kinds are line, arguments, lines and block".to_owned())
}

impl Arguments {
    pub(super) fn options(&self) -> Options {
        Options { set: self.set.clone(), model: None, log: self.log.clone() }
    }

    fn engines(&self) -> anyhow::Result<Vec<EngineWish>> {
        let named = self.engine.iter().map(|engine| match engine {
            EngineArgument::Auto => EngineWish::AsSet,
            EngineArgument::Lookup => EngineWish::Lookup,
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

    fn plan(&self, settings: &Settings) -> anyhow::Result<Plan> {
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

    fn variants(&self, settings: &Settings) -> anyhow::Result<Vec<Variant>> {
        let mut named = Vec::new();
        for variant in &self.variant {
            let (name, assignments) = variants::split(variant)?;
            named.push((name, super::assignments("--variant", &assignments)?));
        }
        variants::variants(settings, &self.engines()?, self.context, &named)
    }

    fn patience(&self) -> anyhow::Result<Patience> {
        ensure!((0.01..=3_600.0).contains(&self.patience), "--patience takes 0.01 to 3600 seconds");
        let wait = Duration::from_secs_f64(self.patience);
        Ok(Patience { soft: wait, hard: wait, ..Patience::COMMAND })
    }
}

/// What is evaluated, and where it lies.
struct Target {
    root: PathBuf,
    repository: String,
    checkout: Option<Checkout>,
}

impl Target {
    fn new(arguments: &Arguments, loader: &Loader) -> anyhow::Result<Self> {
        let folder = workspace::root(arguments.folder.as_deref())?;
        let checkout = match &arguments.commit {
            Some(revision) => Some(Checkout::new(&folder, revision, loader.environment(), &loader.paths().cache)?),
            None => None,
        };
        if let Some(checkout) = checkout.as_ref().filter(|checkout| checkout.is_dirty) {
            let commit = &checkout.commit[..checkout.commit.len().min(10)];
            eprintln!(
                "tandem: the working tree has changes that are not committed; {commit} is evaluated without them"
            );
        }
        let repository = folder.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        let root = checkout.as_ref().map_or(folder, |checkout| checkout.root.clone());
        Ok(Self { root, repository, checkout })
    }
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    // Mistakes are told before anything takes time.
    let patience = arguments.patience()?;
    let engine_wishes = arguments.engines()?;
    let target = Target::new(arguments, loader)?;
    let loaded = loader.load(std::slice::from_ref(&target.root), None);
    for problem in &loaded.problems {
        eprintln!("tandem: {problem}");
    }
    let settings = loaded.settings;
    ensure!(
        settings.index.enabled,
        "index.enabled is false here; --set index.enabled=true turns the index on for this"
    );
    let plan = arguments.plan(&settings)?;
    let variants = arguments.variants(&settings)?;
    // What is to be measured is the confidence as it is.
    let directory = loader.paths().calibration_directory();
    let calibration_of = |variant: &Variant| match arguments.calibrate {
        true => Calibration::default(),
        false => Calibration::load(&directory, &variant.settings.engine),
    };
    let calibrations: Vec<Calibration> = variants.iter().map(calibration_of).collect();
    let mut named = Vec::new();
    for (variant, calibration) in variants.iter().zip(&calibrations) {
        named.push((variant.name.clone(), variants::fingerprint(variant, calibration)?));
    }

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let finished = runtime.block_on(async {
        let options = index_options(arguments, loader, &target, &settings)?;
        let runner = Runner::start(&target.root, settings, options, patience)?;
        workspace::wait_for(runner.index(), None);
        let sample = eval::sample(runner.index(), &plan);
        check(&sample, &plan)?;
        let header = header(&target, &runner, &plan, &sample, named, patience)?;
        let (mut journal, mut records) = match &arguments.out {
            Some(directory) => {
                let (journal, records) = Journal::open(directory, &header, arguments.fresh)?;
                (Some(journal), records)
            }
            None => (None, Vec::new()),
        };
        let run = Run {
            runner: &runner,
            sample: &sample,
            variants: &variants,
            calibrations: &calibrations,
            engines: engine_wishes.len(),
            loader,
        };
        let is_whole = run.all(&mut journal, &mut records).await?;
        Ok::<_, anyhow::Error>((header, sample, records, is_whole))
    });
    runtime.shutdown_background();
    let (header, sample, records, is_whole) = finished?;

    let names: Vec<String> = variants.iter().map(|variant| variant.name.clone()).collect();
    let summary = Summary::new(&names, &records);
    let about = About {
        repository: target.repository.clone(),
        commit: header.commit.clone(),
        of_commit: target.checkout.is_some(),
        seed: plan.seed,
        positions: sample.holes.len(),
        files: sample.files,
        skipped_copies: plan.skip_copies.then_some(sample.skipped_copies),
        is_partial: !is_whole,
        version: header.version.clone(),
    };
    report(arguments, loader, &about, &summary)?;
    if arguments.calibrate && is_whole {
        calibrate(&variants, &records, &about, &directory)?;
    }
    if !is_whole {
        let total = sample.holes.len() * variants.len();
        let again = if arguments.out.is_some() { "; the same command continues" } else { "" };
        eprintln!("tandem: interrupted after {} of {total} answers{again}", records.len());
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The stored index is used where it is of the same files. Files of a commit are indexed in memory, for their directory is
/// gone afterwards; and so is a workspace without the results of earlier runs: these hold the answers.
fn index_options(
    arguments: &Arguments,
    loader: &Loader,
    target: &Target,
    settings: &Settings,
) -> anyhow::Result<IndexOptions> {
    let mut options = IndexOptions::new(&settings.index, Some(loader.paths().index_directory()));
    if target.checkout.is_some() {
        options.store = None;
    }
    if let Some(directory) = &arguments.out {
        std::fs::create_dir_all(directory).with_context(|| format!("cannot make {}", directory.display()))?;
        if let Ok(inside) = std::fs::canonicalize(directory)?.strip_prefix(&target.root) {
            options.exclude.push(exact_pattern(inside)?);
            options.store = None;
        }
    }
    Ok(options)
}

/// A pattern in git's syntax for one directory. An error where that is the workspace itself.
fn exact_pattern(directory: &Path) -> anyhow::Result<String> {
    let path = directory.to_string_lossy().replace('\\', "/");
    ensure!(!path.is_empty(), "--out is the repository itself; name a directory in it or elsewhere");
    let mut pattern = String::from("/");
    for character in path.chars() {
        if matches!(character, '*' | '?' | '[' | ']' | '!' | '#' | ' ') {
            pattern.push('\\');
        }
        pattern.push(character);
    }
    pattern.push('/');
    Ok(pattern)
}

/// Tells where there is less than was asked for.
fn check(sample: &Sample, plan: &Plan) -> anyhow::Result<()> {
    if sample.holes.is_empty() {
        bail!("no position of these kinds in {} files of these languages; see tandem index --stats", sample.files);
    }
    if sample.holes.len() < plan.positions {
        eprintln!("tandem: {} positions were found, fewer than {}", sample.holes.len(), plan.positions);
    }
    Ok(())
}

fn header(
    target: &Target,
    runner: &Runner,
    plan: &Plan,
    sample: &Sample,
    variants: Vec<(String, String)>,
    patience: Patience,
) -> anyhow::Result<Header> {
    let commit = match &target.checkout {
        Some(checkout) => Some(checkout.commit.clone()),
        None => runner.index().provenance().commit,
    };
    Ok(Header {
        tandem_eval: Header::format(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        repository: target.repository.clone(),
        commit,
        seed: plan.seed,
        holes: eval::fingerprint(&sample.holes),
        positions: sample.holes.len(),
        variants,
        patience_ms: u64::try_from(patience.hard.as_millis())?,
    })
}

/// All that is to be asked.
struct Run<'a> {
    runner: &'a Runner,
    sample: &'a Sample,
    variants: &'a [Variant],
    /// One for each variant.
    calibrations: &'a [Calibration],
    engines: usize,
    loader: &'a Loader,
}

impl Run<'_> {
    /// Asks what was not asked yet, variant by variant: the second one finds nothing of the first one's prompts in the
    /// engine's cache. False when the user interrupted it.
    async fn all(&self, journal: &mut Option<Journal>, records: &mut Vec<Record>) -> anyhow::Result<bool> {
        let done: HashSet<(usize, usize)> = records.iter().map(|record| (record.variant, record.hole)).collect();
        let mut progress = Progress::new(self.variants.len() * self.sample.holes.len(), done.len());
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        for engine in 0..self.engines {
            let own = || self.variants.iter().enumerate().filter(|(_, variant)| variant.engine == engine);
            let is_open = |number: usize| (0..self.sample.holes.len()).any(|hole| !done.contains(&(number, hole)));
            let Some((_, first)) = own().find(|(number, _)| is_open(*number)) else { continue };
            let model = engines::start(&first.settings, self.loader.paths());
            if let Some(model) = &model {
                engines::wait_until_settled(model.as_ref()).await;
                ensure_ready(model.as_ref(), &first.name)?;
            }
            for (number, variant) in own() {
                let calibration = self.calibrations.get(number).cloned().unwrap_or_default();
                self.runner.configure(variant.settings.clone(), model.clone(), calibration);
                for (hole_number, hole) in self.sample.holes.iter().enumerate() {
                    if done.contains(&(number, hole_number)) {
                        continue;
                    }
                    let record = tokio::select! {
                        biased;
                        _ = &mut interrupt => return Ok(false),
                        record = self.runner.fill((number, hole_number), hole) => record?,
                    };
                    if let Some(model) = &model {
                        ensure_ready(model.as_ref(), &variant.name)?;
                    }
                    if let Some(journal) = journal {
                        journal.add(&record)?;
                    }
                    records.push(record);
                    progress.step(&variant.name);
                }
            }
        }
        Ok(true)
    }
}

/// Without its model a variant would be measured as what it is not.
fn ensure_ready(model: &dyn crate::engine::Engine, variant: &str) -> anyhow::Result<()> {
    match &model.status().borrow().state {
        EngineState::Failed { reason } => bail!("{variant}: {reason}"),
        EngineState::Idle | EngineState::Loading { .. } => bail!("{variant}: the model does not come to load"),
        EngineState::Ready => Ok(()),
    }
}

/// Stores what the confidence of each engine is worth, from its first variant. Told on stderr: stdout may be a report.
fn calibrate(variants: &[Variant], records: &[Record], about: &About, directory: &Path) -> anyhow::Result<()> {
    let mut done = HashSet::new();
    for (number, variant) in variants.iter().enumerate() {
        if !done.insert(variant.engine) {
            continue;
        }
        let own: Vec<&Record> = records.iter().filter(|record| record.variant == number).collect();
        let Some(fit) = eval::fit(&own, &about.sentence()) else {
            eprintln!("tandem: {}: too few suggestions to calibrate; ask for more with --positions", variant.name);
            continue;
        };
        let file = fit.calibration.store(directory, &variant.settings.engine);
        let file = file.with_context(|| format!("cannot write a calibration to {}", directory.display()))?;
        eprintln!(
            "tandem: {}: calibrated by {} suggestions; confidence is off by {:.3} on average, before it was {:.3}",
            variant.name, fit.suggestions, fit.error_after, fit.error_before
        );
        for threshold in &fit.thresholds {
            eprintln!(
                "  completion.eagerness={:<7} shows from {:>3.0} % on: {} right of {} shown, {:.0} % of all that is right",
                threshold.eagerness,
                threshold.probability * 100.0,
                document::percent(threshold.precision.share),
                threshold.precision.of,
                threshold.recall.share * 100.0
            );
        }
        eprintln!("  written to {}; remove it to undo this", file.display());
    }
    Ok(())
}

fn report(arguments: &Arguments, loader: &Loader, about: &About, summary: &Summary) -> anyhow::Result<()> {
    let parts = document::document(about, summary);
    let text_of = |format: Format| match format {
        Format::Md => Ok(render::markdown(&parts)),
        Format::Html => Ok(render::html(&format!("Completions in {}", about.repository), &parts)),
        Format::Json => serde_json::to_string_pretty(&serde_json::json!({"about": about, "summary": summary}))
            .map(|text| text + "\n"),
    };
    let mut terminal = Terminal::stdout(loader.environment());
    if let Some(directory) = &arguments.out {
        let all = [Format::Md, Format::Json, Format::Html];
        let formats = if arguments.format.is_empty() { &all[..] } else { &arguments.format };
        for format in formats {
            write(&directory.join(format.file_name()), &text_of(*format)?)?;
        }
    } else if !arguments.format.is_empty() {
        for format in &arguments.format {
            terminal.line(text_of(*format)?.trim_end())?;
        }
        return Ok(());
    }
    render::print(&mut terminal, about, summary)?;
    if let Some(directory) = &arguments.out {
        terminal.line(format!("written to {}", super::terminal::printable(&directory.display().to_string())))?;
    }
    Ok(())
}

impl Format {
    fn file_name(self) -> &'static str {
        match self {
            Self::Md => "report.md",
            Self::Json => "report.json",
            Self::Html => "report.html",
        }
    }
}

/// Whoever reads the file while it is written sees the old one.
fn write(file: &Path, text: &str) -> anyhow::Result<()> {
    let draft = file.with_extension(format!("draft-{}", std::process::id()));
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, file))
        .with_context(|| format!("cannot write {}", file.display()))
}
