//! All measurements of one model, in the order in which they matter: who interrupts has the most useful ones.

use std::time::Duration;

use super::ask::{Clock, Launch, Running, ask, milliseconds};
use super::figures::{LookupFigures, ModelFigures, Rival, WhatItTook};
use super::material::Material;
use super::rivals::{Trial, Variant, variants};
pub use super::rounds::Tell;
use super::rounds::{Desk, Stage};
use super::{cold, duel, lookup, typing};
use crate::config::Settings;

/// Parts of the time for each measurement; all comparisons but that of drafts share the last.
const COLD: f64 = 0.25;
const TYPING: f64 = 0.10;
const CANCEL: f64 = 0.05;
const DRAFTS: f64 = 0.15;
const RIVALS: f64 = 0.45;

/// Memory that must stay free beside a second engine.
const SPARE_MEMORY: u64 = 256 << 20;

/// How long and what to measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// For each model, loading not counted.
    pub seconds: f64,
    /// Leave out what seldom matters.
    pub is_quick: bool,
    /// Numbers of threads to compare; empty for powers of two.
    pub threads: Vec<u32>,
    /// Threads that the machine runs at once.
    pub cores: u32,
    /// This build can use a graphics card.
    pub has_gpu_backend: bool,
}

impl Default for Plan {
    fn default() -> Self {
        Self { seconds: 60.0, is_quick: false, threads: Vec::new(), cores: 1, has_gpu_backend: false }
    }
}

/// Measures a model. What is known stands in `out` at any time, so that it can be dropped in between; what goes wrong
/// stands in `out.failed`.
pub async fn model_figures(
    launch: &impl Launch,
    settings: &Settings,
    material: &Material,
    plan: &Plan,
    clock: &Clock,
    tell: Tell<'_>,
    out: &mut ModelFigures,
) {
    let desk = Desk::new(settings, material, clock, tell);
    if let Err(reason) = measure(launch, plan, &desk, out).await {
        out.failed = Some(reason);
    }
}

/// Measures the lookup engine.
pub async fn lookup_figures(
    settings: &Settings,
    material: &Material,
    seconds: f64,
    clock: &Clock,
    tell: Tell<'_>,
    out: &mut LookupFigures,
) {
    let desk = Desk::new(settings, material, clock, tell);
    let share = Duration::from_secs_f64(seconds);
    lookup::lookup(&desk, &Stage { what: "lookup".to_owned(), share, from: 0.0, to: 1.0 }, out).await;
}

async fn measure(launch: &impl Launch, plan: &Plan, desk: &Desk<'_>, out: &mut ModelFigures) -> Result<(), String> {
    let began = (desk.clock)();
    (desk.tell)("loading", 0.0);
    let base = launch.start(desk.settings).await?;
    out.took.ready_ms = milliseconds((desk.clock)().saturating_sub(began));
    out.info = Some(base.info.clone());
    let took = WhatItTook { ..out.took };
    let note = |out: &mut ModelFigures| {
        let (resident_bytes, cpu_seconds) = (launch.resident(&base), launch.cpu_seconds(&base));
        out.took = WhatItTook { resident_bytes, cpu_seconds, ..took };
    };
    note(out);

    let mut part = 0.0;
    let mut stage = |what: &str, width: f64| {
        let share = Duration::from_secs_f64(plan.seconds * width);
        let stage = Stage { what: what.to_owned(), share, from: part, to: part + width };
        part += width;
        stage
    };
    // The first request pays for pages that are not there yet.
    ask(base.engine.as_ref(), cold::question(desk, Some(64)), desk.clock).await?;
    cold::cold(&base, desk, &stage("cold prompts", COLD), &mut out.cold, &mut out.left_out).await?;
    typing::typing(&base, desk, &stage("typing", TYPING), &mut out.typing).await?;
    typing::cancel(&base, desk, &stage("cancels", CANCEL), &mut out.cancel).await?;
    note(out);

    let (rivals, notes) = variants(desk.settings, &base.info, plan);
    out.left_out.extend(notes);
    let others = rivals.iter().filter(|rival| rival.trial == Trial::Request).count().max(1);
    for variant in &rivals {
        let width = if variant.trial == Trial::Drafts { DRAFTS } else { RIVALS / others as f64 };
        let stage = stage(&format!("{} {}", variant.key, variant.value), width);
        if let Err(reason) = compare(launch, &base, variant, desk, &stage, out).await {
            out.left_out.push(format!("{} {}: {reason}", variant.key, variant.value));
        }
        note(out);
    }
    // A model that died in a comparison would be measured as one that works.
    ask(base.engine.as_ref(), cold::question(desk, Some(64)), desk.clock).await?;
    (desk.tell)("done", 1.0);
    Ok(())
}

/// Starts the rival beside the engine and measures both. An error concerns this comparison alone.
async fn compare(
    launch: &impl Launch,
    base: &Running,
    variant: &Variant,
    desk: &Desk<'_>,
    stage: &Stage,
    out: &mut ModelFigures,
) -> Result<(), String> {
    // The file is mapped and shared by both; what each has for itself is the cache, and on a graphics card everything.
    let is_on_gpu = base.info.devices.iter().any(|device| device.name != "CPU");
    let needed = base.info.kv_bytes + if is_on_gpu { base.info.bytes } else { 0 } + SPARE_MEMORY;
    if let Some(free) = launch.free_memory().filter(|free| *free < needed) {
        return Err(format!(
            "not compared: a second engine needs about {} MB of memory, and {} MB are free",
            needed >> 20,
            free >> 20
        ));
    }
    (desk.tell)(&format!("{}: loading", stage.what), stage.from);
    let rival = launch.start(&variant.settings).await?;
    out.rivals.push(Rival {
        key: variant.key.to_owned(),
        value: variant.value.clone(),
        against: variant.against.clone(),
        kv_bytes: rival.info.kv_bytes,
        kv_bytes_against: base.info.kv_bytes,
        ..Rival::default()
    });
    let Some(row) = out.rivals.last_mut() else { return Ok(()) };
    match variant.trial {
        Trial::Request => duel::requests(base, &rival, desk, stage, row).await,
        Trial::Drafts => {
            let base_drafts = desk.settings.engine.max_draft_tokens > 0;
            duel::drafts(base, &rival, desk, stage, row, base_drafts).await
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::measure::testing::{Machine, Time};

    async fn figures(machine: &Machine, time: &Time, plan: &Plan) -> ModelFigures {
        let (settings, material, clock) = (Settings::default(), Material::built_in(), time.clock());
        let told = Mutex::new(Vec::new());
        let tell = |_: &str, part: f64| told.lock().unwrap().push(part);
        let mut out = ModelFigures::default();
        model_figures(machine, &settings, &material, plan, &clock, &tell, &mut out).await;
        let told = told.into_inner().unwrap();
        assert!(told.iter().all(|part| (0.0..=1.0).contains(part)) && told.is_sorted(), "{told:?}");
        out
    }

    #[tokio::test]
    async fn everything_is_measured_within_the_time() {
        let time = Time::default();
        let machine = Machine::new(&time);
        let plan = Plan { cores: 4, ..Plan::default() };
        let out = figures(&machine, &time, &plan).await;
        assert_eq!(out.failed, None);
        let keys: Vec<&str> = out.rivals.iter().map(|rival| rival.key.as_str()).collect();
        assert_eq!(
            keys,
            ["engine.maxDraftTokens", "engine.threads", "engine.threads", "engine.kvType", "engine.flashAttention"]
        );
        assert!(out.rivals.iter().all(|rival| rival.request.of >= 3), "{out:#?}");
        assert_eq!((out.cold.len(), out.typing.len()), (4, 3));
        assert_eq!((out.took.resident_bytes, out.took.cpu_seconds), (Some(5 << 20), Some(0.5)));
        let seconds = (time.clock())().as_secs_f64();
        assert!((0.5 * plan.seconds..2.0 * plan.seconds).contains(&seconds), "{seconds}");
        assert_eq!(machine.started.lock().unwrap().len(), 6);
    }

    #[tokio::test]
    async fn a_model_that_does_not_load_is_told() {
        let time = Time::default();
        let mut machine = Machine::new(&time);
        machine.refuses = Arc::new(|_| Some("no such file".to_owned()));
        let out = figures(&machine, &time, &Plan::default()).await;
        assert_eq!(out.failed.as_deref(), Some("no such file"));
        assert!(out.cold.is_empty() && out.info.is_none());
    }

    #[tokio::test]
    async fn a_rival_that_does_not_load_is_left_out_alone() {
        let time = Time::default();
        let mut machine = Machine::new(&time);
        machine.refuses = Arc::new(|settings| (settings.engine.threads == 2).then(|| "no memory".to_owned()));
        let out = figures(&machine, &time, &Plan { cores: 2, ..Plan::default() }).await;
        assert_eq!(out.failed, None);
        assert!(out.left_out.contains(&"engine.threads 2: no memory".to_owned()), "{:?}", out.left_out);
        assert!(out.rivals.iter().any(|rival| rival.key == "engine.kvType"));
    }

    #[tokio::test]
    async fn without_memory_for_a_second_engine_nothing_is_compared() {
        let time = Time::default();
        let mut machine = Machine::new(&time);
        machine.free_memory = Some(300 << 20);
        let out = figures(&machine, &time, &Plan { cores: 2, ..Plan::default() }).await;
        assert!(out.rivals.is_empty() && out.cold.len() == 4);
        assert!(out.left_out.iter().any(|note| note.contains("needs about 456 MB of memory, and 300 MB are free")));
        assert_eq!(machine.started.lock().unwrap().len(), 1);
    }

    #[tokio::test]
    async fn an_engine_that_dies_is_a_failure_with_what_was_measured() {
        let time = Time::default();
        let out = figures(&Machine::new(&time).fails_after(20, "the host ended"), &time, &Plan::default()).await;
        assert_eq!(out.failed.as_deref(), Some("the host ended"));
        assert!(!out.cold.is_empty());
    }
}
