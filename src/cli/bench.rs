//! `tandem bench`: how fast the engine is on this machine, and which settings follow from that.

mod arguments;
mod document;
mod launcher;
mod output;
mod report;
mod text;

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::cli::eval::progress::Progress;
use crate::config::{EngineChoice, Loader, Settings};
use crate::measure::{self, Clock, Facts, LookupFigures, Material, ModelFigures, Plan};
pub use arguments::Arguments;
use launcher::Launcher;
use report::{Report, Watch};

/// The progress bar's steps.
const STEPS: usize = 1000;

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    // Mistakes are told before anything takes time.
    let engines = arguments.engines()?;
    let earlier = arguments.compare.as_deref().map(Report::read).transpose()?;
    arguments.prepare()?;
    let folder = text::folder(arguments.folder.as_deref())?;
    let loaded = loader.load(std::slice::from_ref(&folder), None);
    for problem in &loaded.problems {
        eprintln!("tandem: {problem}");
    }
    let base = loaded.settings;
    let mut subjects: Vec<(String, Settings)> = Vec::new();
    for engine in engines {
        subjects.extend(engine.subject(&base));
    }
    let material = text::material(arguments.folder.is_some(), &folder, &base, loader);
    let mut report = Report::new(&material, arguments.seconds());
    if let Some(warning) = report.load.warning_before(report.machine.threads) {
        eprintln!("tandem: {warning}");
    }
    if subjects.is_empty() && base.engine.choice == EngineChoice::Auto && !cfg!(feature = "llama") {
        eprintln!("tandem: {}; it alone is measured", super::engines::WITHOUT_LLAMA);
    }

    if !base.engine.server.url.trim().is_empty() {
        eprintln!(
            "tandem: the server of engine.server.url is not asked: what is measured is this machine; `tandem eval` asks it as an \
             editor does"
        );
    }

    let plan = arguments.plan(report.machine.threads);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let launcher = Launcher::new(loader.paths(), runtime.handle());
    let watch = Watch::start();
    let is_whole = runtime.block_on(async {
        let interrupt = tokio::signal::ctrl_c();
        let measuring = measure_all(&launcher, &base, &subjects, &material, &plan, &mut report);
        tokio::select! {
            biased;
            _ = interrupt => false,
            () = measuring => true,
        }
    });
    report.is_partial = !is_whole;
    report.load.note(&watch, launcher.cpu_seconds());
    drop(launcher);
    runtime.shutdown_background();

    let facts = Facts {
        cores: plan.cores,
        free_memory: report.machine.memory_free,
        is_disturbed: report.load.warning_after(report.machine.threads).is_some(),
    };
    for (figures, (_, settings)) in report.models.iter_mut().zip(&subjects) {
        figures.digest = figures.info.as_ref().and_then(report::digest);
        figures.advice = figures.info.is_some().then(|| measure::advise(figures, settings, facts));
    }
    output::write(arguments, loader, &report, earlier.as_ref())?;
    Ok(code(&report))
}

/// Lookup first: it needs a second, and is there in every case.
async fn measure_all(
    launcher: &Launcher,
    base: &Settings,
    subjects: &[(String, Settings)],
    material: &Material,
    plan: &Plan,
    report: &mut Report,
) {
    let progress = Mutex::new(Progress::new(STEPS * (subjects.len() + 1), 0));
    let started = Instant::now();
    let clock: Clock = Arc::new(move || started.elapsed());
    let tell = |subject: usize, what: &str, part: f64| {
        let done = STEPS * subject + (part * STEPS as f64) as usize;
        progress.lock().unwrap_or_else(PoisonError::into_inner).at(done, what);
    };
    let lookup: &mut LookupFigures = &mut report.lookup;
    let told = |what: &str, part: f64| tell(0, what, part);
    measure::lookup_figures(base, material, arguments::lookup_seconds(plan), &clock, &told, lookup).await;
    for (number, (name, settings)) in subjects.iter().enumerate() {
        report.models.push(ModelFigures { name: name.clone(), ..ModelFigures::default() });
        let told = |what: &str, part: f64| tell(number + 1, &format!("{name}: {what}"), part);
        if let Some(figures) = report.models.last_mut() {
            measure::model_figures(launcher, settings, material, plan, &clock, &told, figures).await;
        }
    }
}

/// 0 where all was measured, 1 where some was, 2 where no model was.
fn code(report: &Report) -> ExitCode {
    let failed = report.models.iter().filter(|model| model.failed.is_some()).count();
    let has_nothing = |model: &ModelFigures| model.failed.is_some() && model.cold.is_empty();
    if !report.models.is_empty() && report.models.iter().all(has_nothing) {
        return super::USAGE_OR_FILE_ERROR.into();
    }
    if report.is_partial || failed > 0 { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
