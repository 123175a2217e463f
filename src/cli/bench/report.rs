//! A report as programs read it: the machine, how busy it was, and what was measured on it.

use std::path::Path;
use std::time::{Instant, SystemTime};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::cli::doctor::machine;
use crate::complete::model_digest;
use crate::engine::ModelInfo;
use crate::measure::{self, Busy, LookupFigures, Material, ModelFigures};

/// Changes when an older report can no longer be compared.
const FORMAT: u32 = 1;
/// Longest report that is read back, in bytes.
const MOST_BYTES: u64 = 16 << 20;
/// Shares of the machine's processors from which on figures say little of it: before the run, and taken by others meanwhile.
const LOADED: f64 = 0.5;
const DISTURBED: f64 = 0.1;

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    pub tandem_bench: u32,
    pub version: String,
    /// None in a build without it.
    pub llama_cpp: Option<String>,
    pub is_optimised: bool,
    pub date: String,
    pub machine: Machine,
    pub load: Load,
    /// Where the text is from.
    pub text: String,
    /// For each model.
    pub seconds: f64,
    pub is_partial: bool,
    pub lookup: LookupFigures,
    pub models: Vec<ModelFigures>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Machine {
    pub system: String,
    pub processor: Option<String>,
    /// That run at once.
    pub threads: usize,
    /// Bytes.
    pub memory: Option<u64>,
    pub memory_free: Option<u64>,
}

/// What else the machine did. Absent where the system does not tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Load {
    /// Programs that wanted a processor, in the minute before.
    pub average_before: Option<f64>,
    /// Processors that others kept busy meanwhile, on average.
    pub others: Option<f64>,
    /// CPU seconds of all that was measured, and seconds that it took.
    pub cpu_seconds: Option<f64>,
    pub seconds: f64,
}

/// From the first measurement on.
pub struct Watch {
    busy: Option<Busy>,
    started: Instant,
    own: Option<f64>,
}

impl Watch {
    pub fn start() -> Self {
        Self { busy: Busy::now(), started: Instant::now(), own: measure::cpu_seconds(None) }
    }
}

impl Load {
    fn before() -> Self {
        Self { average_before: measure::load_average(), ..Self::default() }
    }

    /// `cpu_seconds` are those of this process and all that it started.
    pub fn note(&mut self, watch: &Watch, cpu_seconds: Option<f64>) {
        let elapsed = watch.started.elapsed();
        self.seconds = elapsed.as_secs_f64();
        self.cpu_seconds = cpu_seconds.zip(watch.own).map(|(now, before)| now - before);
        if let (Some(before), Some(now), Some(ours)) = (watch.busy, Busy::now(), self.cpu_seconds) {
            self.others = Some(now.others_since(before, ours, elapsed));
        }
    }

    pub fn warning_before(&self, threads: usize) -> Option<String> {
        let load = self.average_before.filter(|load| *load > LOADED * threads as f64)?;
        Some(format!(
            "the machine is busy: on average {load:.1} programs wanted one of its {threads} processors in the last minute. \
             The figures will say little of an idle one"
        ))
    }

    pub fn warning_after(&self, threads: usize) -> Option<String> {
        let others = self.others.filter(|others| *others > DISTURBED * threads as f64)?;
        Some(format!(
            "others kept {others:.1} of {threads} processors busy meanwhile: times are longer than on an idle machine. \
             Comparisons side by side suffer less"
        ))
    }
}

impl Report {
    pub fn new(material: &Material, seconds: f64) -> Self {
        let found = machine::Machine::look();
        Self {
            tandem_bench: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            llama_cpp: llama_cpp(),
            is_optimised: !cfg!(debug_assertions),
            date: measure::utc(SystemTime::now()),
            machine: Machine {
                system: format!("{} on {}", std::env::consts::OS, std::env::consts::ARCH),
                processor: found.processor,
                threads: found.threads,
                memory: found.memory,
                memory_free: found.memory_free,
            },
            load: Load::before(),
            text: material.source.clone(),
            seconds,
            is_partial: false,
            lookup: LookupFigures::default(),
            models: Vec::new(),
        }
    }

    /// A report that was written earlier.
    pub fn read(file: &Path) -> anyhow::Result<Self> {
        let name = file.display();
        let length = std::fs::metadata(file).with_context(|| format!("cannot read {name}"))?.len();
        ensure!(length <= MOST_BYTES, "{name} is no report of tandem bench: it is too long");
        let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {name}"))?;
        let wrong = || format!("{name} is no report of tandem bench; `tandem bench --json` writes one");
        let value: serde_json::Value = serde_json::from_str(&text).with_context(wrong)?;
        let format = value.get("tandemBench").and_then(serde_json::Value::as_u64).with_context(wrong)?;
        ensure!(
            format == u64::from(FORMAT),
            "{name} was written by another version of Tandem, in format {format}; this one reads {FORMAT}"
        );
        serde_json::from_value(value).with_context(wrong)
    }
}

#[cfg(feature = "llama")]
fn llama_cpp() -> Option<String> {
    Some(crate::engine::llama::VERSION.to_owned())
}

#[cfg(not(feature = "llama"))]
fn llama_cpp() -> Option<String> {
    None
}

/// What the model's file holds. None where it cannot be read.
pub fn digest(info: &ModelInfo) -> Option<String> {
    model_digest(info.path.as_deref()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_machine_is_told_before_and_after() {
        let load = |average_before, others| Load { average_before, others, ..Load::default() };
        assert_eq!(load(Some(0.9), Some(0.1)).warning_before(2), None);
        assert!(load(Some(3.2), None).warning_before(2).unwrap().contains("3.2 programs wanted one of its 2"));
        assert_eq!(load(None, Some(0.1)).warning_after(2), None);
        assert!(load(None, Some(1.3)).warning_after(2).unwrap().starts_with("others kept 1.3 of 2 processors busy"));
        assert_eq!((load(None, None).warning_before(1), load(None, None).warning_after(1)), (None, None));
    }

    #[test]
    fn only_reports_are_read() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("old.json");
        let error = |text: &str| {
            std::fs::write(&file, text).unwrap();
            format!("{:#}", Report::read(&file).unwrap_err())
        };
        assert!(error("no JSON").contains("`tandem bench --json` writes one"));
        assert!(error("{\"summary\": {}}").contains("is no report of tandem bench"));
        assert!(error("{\"tandemBench\": 99}").contains("in format 99; this one reads 1"));
        let report = Report::new(&Material::built_in(), 9.0);
        std::fs::write(&file, serde_json::to_string(&report).unwrap()).unwrap();
        assert_eq!(Report::read(&file).unwrap().machine, report.machine);
        assert!(Report::read(&place.path().join("none")).unwrap_err().to_string().starts_with("cannot read"));
    }
}
