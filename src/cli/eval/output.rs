//! Where the figures go: files, stdout, and the calibrations that editors use.

use std::collections::HashSet;
use std::path::Path;

use anyhow::Context;

use super::arguments::{Arguments, Format};
use super::document::{self, About, percent};
use super::render;
use super::variants::Variant;
use crate::cli::terminal::{Terminal, printable};
use crate::complete::Calibration;
use crate::config::Loader;
use crate::eval::{self, Record, Summary};

/// Stores what the confidence of each engine is worth, from its first variant. Told on stderr: stdout may be a report.
pub fn calibrate(variants: &[Variant], records: &[Record], about: &About, directory: &Path) -> anyhow::Result<()> {
    let mut done = HashSet::new();
    for (number, variant) in variants.iter().enumerate() {
        // A model is never asked alone but to be measured.
        if !done.insert(variant.engine) || !variant.with_lookup {
            continue;
        }
        let own: Vec<&Record> = records.iter().filter(|record| record.variant == number).collect();
        let built_in = Calibration::built_in(&variant.settings.engine);
        let Some(fit) = eval::fit(&own, &about.sentence(), &built_in) else {
            eprintln!("tandem: {}: too few suggestions to calibrate; ask for more with --positions", variant.name);
            continue;
        };
        let file = fit.calibration.store(directory, &variant.settings.engine);
        let file = file.with_context(|| format!("cannot write a calibration to {}", directory.display()))?;
        eprintln!(
            "tandem: {}: calibrated by {} suggestions; probabilities are off by {:.3} on average, the engine's own were by {:.3}",
            variant.name, fit.suggestions, fit.after.calibration_error, fit.before.calibration_error
        );
        if let (Some(after), Some(before)) = (fit.after.wrong_hidden_at_90_recall, fit.before.wrong_hidden_at_90_recall)
        {
            eprintln!(
                "  where nine of ten right suggestions are shown, {} of the wrong ones are hidden, before {}",
                percent(after.share),
                percent(before.share)
            );
        }
        for threshold in &fit.thresholds {
            eprintln!(
                "  completion.eagerness={:<7} shows from {:>3.0} % on: {} right of {} shown, {:.0} % of all that is right",
                threshold.eagerness,
                threshold.probability * 100.0,
                percent(threshold.precision.share),
                threshold.precision.of,
                threshold.recall.share * 100.0
            );
        }
        eprintln!("  written to {}; remove it to undo this", file.display());
    }
    Ok(())
}

pub fn report(arguments: &Arguments, loader: &Loader, about: &About, summary: &Summary) -> anyhow::Result<()> {
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
        terminal.line(format!("written to {}", printable(&directory.display().to_string())))?;
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
