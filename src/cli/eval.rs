//! `tandem eval`: how well a repository is completed, by which engine, and with which settings.

mod arguments;
mod asking;
mod checkout;
pub(super) mod document;
mod output;
mod plot;
pub(super) mod progress;
pub(super) mod render;
mod target;
mod variants;

use std::process::ExitCode;

use anyhow::{bail, ensure};

use super::workspace;
use crate::complete::{Calibration, Patience};
use crate::config::Loader;
use crate::eval::{self, Header, Journal, Plan, Runner, Sample, Summary};
pub use arguments::Arguments;
use asking::Run;
use document::About;
use target::Target;
use variants::Variant;

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
        let options = target::index_options(arguments, loader, &target, &settings)?;
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
    output::report(arguments, loader, &about, &summary)?;
    if arguments.calibrate && is_whole {
        output::calibrate(&variants, &records, &about, &directory)?;
    }
    if !is_whole {
        let total = sample.holes.len() * variants.len();
        let again = if arguments.out.is_some() { "; the same command continues" } else { "" };
        eprintln!("tandem: interrupted after {} of {total} answers{again}", records.len());
    }
    Ok(if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
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
