//! Asks what is missing, engine by engine, and keeps every answer at once.

use std::collections::HashSet;

use anyhow::bail;

use super::progress::Progress;
use super::variants::Variant;
use crate::cli::engines;
use crate::complete::Calibration;
use crate::config::Loader;
use crate::engine::{Engine, EngineState};
use crate::eval::{Journal, Record, Runner, Sample};

/// All that is to be asked.
pub struct Run<'a> {
    pub runner: &'a Runner,
    pub sample: &'a Sample,
    pub variants: &'a [Variant],
    /// One for each variant.
    pub calibrations: &'a [Calibration],
    pub engines: usize,
    pub loader: &'a Loader,
}

impl Run<'_> {
    /// Asks what was not asked yet, variant by variant: the second one finds nothing of the first one's prompts in the
    /// engine's cache. False when the user interrupted it.
    pub async fn all(&self, journal: &mut Option<Journal>, records: &mut Vec<Record>) -> anyhow::Result<bool> {
        let done: HashSet<(usize, usize)> = records.iter().map(|record| (record.variant, record.hole)).collect();
        let mut progress = Progress::new(self.variants.len() * self.sample.holes.len(), done.len());
        let interrupt = tokio::signal::ctrl_c();
        tokio::pin!(interrupt);
        tokio::select! {
            biased;
            _ = &mut interrupt => return Ok(false),
            ready = self.runner.ready(&self.sample.holes) => ready?,
        }
        for engine in 0..self.engines {
            let own = || self.variants.iter().enumerate().filter(|(_, variant)| variant.engine == engine);
            let is_open = |number: usize| (0..self.sample.holes.len()).any(|hole| !done.contains(&(number, hole)));
            let Some((_, first)) = own().find(|(number, _)| is_open(*number)) else { continue };
            // Hundreds of holes in a minute are not what anybody said yes to.
            let model = engines::start_unpaid(&first.settings, self.loader);
            if let Some(model) = &model {
                engines::wait_until_settled(model.as_ref()).await;
                ensure_ready(model.as_ref(), &first.name)?;
            }
            for (number, variant) in own() {
                let calibration = self.calibrations.get(number).cloned().unwrap_or_default();
                self.runner.configure(variant.settings.clone(), model.clone(), calibration);
                if !variant.with_lookup {
                    self.runner.leave_lookup_out();
                }
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
fn ensure_ready(model: &dyn Engine, variant: &str) -> anyhow::Result<()> {
    match &model.status().borrow().state {
        EngineState::Failed { reason } | EngineState::Asleep { reason, .. } => bail!("{variant}: {reason}"),
        EngineState::Idle | EngineState::Loading { .. } => bail!("{variant}: the model does not come to load"),
        EngineState::Ready => Ok(()),
    }
}
