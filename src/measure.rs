//! The engine measured on this machine, as the editor would use it: reading prompts, writing, what typing costs, drafts,
//! cancels; the settings that matter against others, side by side; and what follows for the settings.
//!
//! Engines are asked as the pipeline asks them, with the time that they report and the time that a caller waits. Nothing
//! here prints, starts a process or judges by a single measurement. Whoever runs it gives it the engines, the text, the
//! clock and the time.

mod advice;
mod ask;
mod cold;
mod compare;
mod date;
mod duel;
mod figures;
mod lookup;
mod material;
mod noise;
mod process;
mod rivals;
mod rounds;
mod run;
mod typing;

pub use advice::{Advice, Change, Facts, Pace, advise};
pub use ask::{Clock, Launch, Running};
pub use compare::{Difference, compare};
pub use date::utc;
pub use figures::{
    Cancel, Cold, Keys, LookupFigures, ModelFigures, Percentiles, Rival, Speculation, Typing, WhatItTook,
};
pub use material::Material;
pub use noise::Series;
pub use process::{Busy, cpu_seconds, load_average, resident};
pub use rivals::{Trial, Variant};
pub use run::{Plan, Tell, lookup_figures, model_figures};

#[cfg(test)]
mod testing;
