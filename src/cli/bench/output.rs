//! Where a report goes: a terminal, stdout for programs, files.

use std::io;
use std::path::Path;

use anyhow::Context;

use super::arguments::{Arguments, Format};
use super::document;
use super::report::Report;
use crate::cli::eval::document::{Part, Table};
use crate::cli::eval::render;
use crate::cli::terminal::{Style, Terminal, printable};
use crate::config::Loader;
use crate::measure::Advice;

pub fn write(arguments: &Arguments, loader: &Loader, report: &Report, earlier: Option<&Report>) -> anyhow::Result<()> {
    let file = loader.paths().user_file(loader.environment());
    let formats = arguments.formats();
    let text_of = |format: Format| match format {
        Format::Md => Ok(markdown(report, earlier, &file)),
        Format::Json => serde_json::to_string_pretty(report).map(|text| text + "\n"),
    };
    for model in &report.models {
        if let Some(reason) = &model.failed {
            eprintln!("tandem: {}: {reason}", model.name);
        }
    }
    if report.is_partial {
        eprintln!("tandem: interrupted: the report holds what was measured by then");
    }
    let mut terminal = Terminal::stdout(loader.environment());
    if let Some(directory) = &arguments.out {
        let formats = if formats.is_empty() { vec![Format::Md, Format::Json] } else { formats };
        for format in formats {
            store(&directory.join(format.file_name()), &text_of(format)?)?;
        }
    } else if !formats.is_empty() {
        for format in formats {
            terminal.line(text_of(format)?.trim_end())?;
        }
        return Ok(());
    }
    print(&mut terminal, report, earlier, &file)?;
    if let Some(directory) = &arguments.out {
        terminal.line(format!("written to {}", printable(&directory.display().to_string())))?;
    }
    Ok(())
}

impl Format {
    fn file_name(self) -> &'static str {
        match self {
            Self::Md => "bench.md",
            Self::Json => "bench.json",
        }
    }
}

/// Whoever reads the file while it is written sees the old one.
fn store(file: &Path, text: &str) -> anyhow::Result<()> {
    let draft = file.with_extension(format!("draft-{}", std::process::id()));
    std::fs::write(&draft, text)
        .and_then(|()| std::fs::rename(&draft, file))
        .with_context(|| format!("cannot write {}", file.display()))
}

fn print(terminal: &mut Terminal, report: &Report, earlier: Option<&Report>, file: &Path) -> io::Result<()> {
    let is_alone = report.models.len() == 1;
    for part in document::figures(report, earlier) {
        show(terminal, &part)?;
    }
    for model in &report.models {
        for part in document::advice(model, is_alone) {
            show(terminal, &part)?;
        }
        if let Some(advice) = model.advice.as_ref().filter(|advice| !advice.changes.is_empty()) {
            terminal.line(format!("\nFor {}:\n", printable(&file.display().to_string())))?;
            terminal.line(snippet(advice))?;
        }
    }
    Ok(())
}

fn snippet(advice: &Advice) -> String {
    advice.toml().trim_end().to_owned()
}

fn markdown(report: &Report, earlier: Option<&Report>, file: &Path) -> String {
    let is_alone = report.models.len() == 1;
    let mut text = render::markdown(&document::figures(report, earlier));
    for model in &report.models {
        let parts = document::advice(model, is_alone);
        // The first heading of a document is its title; these are below one.
        text.push_str(&render::markdown(&parts).replacen("# ", "## ", 1));
        if let Some(advice) = model.advice.as_ref().filter(|advice| !advice.changes.is_empty()) {
            let name = printable(&file.display().to_string());
            text.push_str(&format!("```toml\n# {name}\n{}\n```\n\n", snippet(advice)));
        }
    }
    text
}

fn show(terminal: &mut Terminal, part: &Part) -> io::Result<()> {
    match part {
        Part::Heading(heading) => {
            terminal.line("")?;
            terminal.heading(&printable(heading))
        }
        Part::Text(text) => terminal.line(printable(text)),
        Part::Table(table) => {
            terminal.line("")?;
            for (number, line) in aligned(table).iter().enumerate() {
                terminal.styled(&[(if number == 0 { Style::Dim } else { Style::Plain }, line.as_str())])?;
            }
            terminal.line("")
        }
        // This report has none.
        Part::Plot(plot) => terminal.line(printable(&plot.title)),
    }
}

/// Names to the left, figures to the right.
fn aligned(table: &Table) -> Vec<String> {
    let rows: Vec<&Vec<String>> = std::iter::once(&table.head).chain(&table.rows).collect();
    let cell = |row: &Vec<String>, column: usize| row.get(column).map_or(String::new(), |cell| printable(cell));
    let width = |column: usize| rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..table.head.len()).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = widths.iter().enumerate().map(|(column, width)| match column {
            0 => format!("{:<width$}", cell(row, column)),
            _ => format!("{:>width$}", cell(row, column)),
        });
        format!("  {}", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.into_iter().map(line).collect()
}
