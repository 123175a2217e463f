//! A report as Markdown, as a page, and as a few lines for a terminal.

use std::fmt::Write;
use std::io;

use super::document::{About, Part, Table, copies, milliseconds, points, rate};
use super::plot::escape;
use crate::cli::terminal::{Style, Terminal, printable};
use crate::eval::Summary;

pub fn markdown(parts: &[Part]) -> String {
    let mut text = String::new();
    let mut is_first = true;
    for part in parts {
        // Writing to a string does not fail.
        let _ = match part {
            Part::Heading(heading) => {
                let mark = if std::mem::take(&mut is_first) { "#" } else { "##" };
                writeln!(text, "{mark} {}\n", markdown_text(heading))
            }
            Part::Text(paragraph) => writeln!(text, "{}\n", markdown_text(paragraph)),
            Part::Table(table) => writeln!(text, "{}", markdown_table(table)),
            Part::Plot(plot) => {
                writeln!(text, "### {}\n\n{}", markdown_text(&plot.title), markdown_table(&plot.table))
            }
        };
    }
    text
}

fn markdown_table(table: &Table) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<String> = cells.iter().map(|cell| markdown_text(cell)).collect();
        format!("| {} |\n", cells.join(" | "))
    };
    let rule: Vec<String> =
        (0..table.head.len()).map(|column| if column == 0 { "---" } else { "---:" }.to_owned()).collect();
    let rows = table.rows.iter().map(|row| line(row));
    [line(&table.head), format!("| {} |\n", rule.join(" | "))].into_iter().chain(rows).collect()
}

/// Names of files and models may hold anything.
fn markdown_text(text: &str) -> String {
    printable(text).replace('\\', "\\\\").replace('|', "\\|").replace('<', "&lt;").replace('`', "\\`")
}

/// One file that needs nothing else: no script, no image and no font of elsewhere.
pub fn html(title: &str, parts: &[Part]) -> String {
    let mut body = String::new();
    let mut is_first = true;
    for (number, part) in parts.iter().enumerate() {
        let _ = match part {
            Part::Heading(heading) => {
                let level = if std::mem::take(&mut is_first) { 1 } else { 2 };
                writeln!(body, "<h{level}>{}</h{level}>", escape(heading))
            }
            Part::Text(paragraph) => writeln!(body, "<p>{}</p>", escape(paragraph)),
            Part::Table(table) => writeln!(body, "{}", html_table(table)),
            Part::Plot(plot) => writeln!(
                body,
                "<figure>\n<figcaption>{}</figcaption>\n{}{}<details><summary>The same in numbers</summary>\n{}</details>\n\
                 </figure>",
                escape(&plot.title),
                plot.svg(&format!("plot{number}")),
                plot.legend(),
                html_table(&plot.table)
            ),
        };
    }
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n<title>{}</title>\n\
         <style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        escape(title)
    )
}

fn html_table(table: &Table) -> String {
    let head: String = table.head.iter().map(|cell| format!("<th scope=\"col\">{}</th>", escape(cell))).collect();
    let mut rows = String::new();
    for row in &table.rows {
        rows.push_str("<tr>");
        for (column, cell) in row.iter().enumerate() {
            let cell = escape(cell);
            let _ = match column {
                0 => write!(rows, "<th scope=\"row\">{cell}</th>"),
                _ => write!(rows, "<td>{cell}</td>"),
            };
        }
        rows.push_str("</tr>\n");
    }
    format!("<div class=\"wide\"><table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody>\n</table></div>\n")
}

/// The colours of the lines are those of Okabe and Ito (2008), which people who do not see all colours tell apart; each has
/// dashes of its own, too.
const STYLE: &str = "\
:root { color-scheme: light dark; --ink: #1c1c1c; --paper: #ffffff; --faint: #d0d0d0; --soft: #5a5a5a;
  --s0: #0072b2; --s1: #d55e00; --s2: #009e73; --s3: #a3527c; --s4: #8a6d00; --s5: #1c1c1c; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #ececec; --paper: #161616; --faint: #404040; --soft: #a8a8a8;
    --s0: #56b4e9; --s1: #e69f00; --s2: #2fc79b; --s3: #e0a0c4; --s4: #f0e442; --s5: #ececec; } }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 64rem; margin: 0 auto; padding: 1rem; }
p { max-width: 44rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; font-size: 0.9rem; }
th, td { padding: 0.25rem 0.75rem; text-align: right; border-bottom: 1px solid var(--faint); white-space: nowrap; }
th:first-child { text-align: left; }
tbody th { font-weight: normal; }
figure { margin: 2rem 0; max-width: 44rem; }
figcaption { font-weight: bold; }
figure > svg { width: 100%; height: auto; }
svg text { fill: var(--soft); font: 12px system-ui, sans-serif; }
.grid { stroke: var(--faint); stroke-width: 1; }
.ideal { stroke: var(--soft); stroke-width: 1; stroke-dasharray: 2 4; }
polyline, .legend line { fill: none; stroke-width: 2; }
.legend { list-style: none; padding: 0; margin: 0.5rem 0; display: flex; flex-wrap: wrap; gap: 0.25rem 1.5rem; }
.legend svg { width: 24px; height: 8px; }
.s0 { stroke: var(--s0); } .s1 { stroke: var(--s1); stroke-dasharray: 8 3; } .s2 { stroke: var(--s2); stroke-dasharray: 3 3; }
.s3 { stroke: var(--s3); stroke-dasharray: 8 3 2 3; } .s4 { stroke: var(--s4); stroke-dasharray: 12 4; }
.s5 { stroke: var(--s5); stroke-dasharray: 1 4; }
circle[r] { fill: var(--paper); stroke-dasharray: none; stroke-width: 2; }
";

/// What matters, in a screen's width.
pub fn print(terminal: &mut Terminal, about: &About, summary: &Summary) -> io::Result<()> {
    terminal.heading(&printable(&about.sentence()))?;
    let mut rows =
        vec![["", "exact", "first line", "similarity", "shown", "right when shown", "p50, p95 ms"].map(str::to_owned)];
    for variant in &summary.variants {
        if variant.asked == 0 {
            continue;
        }
        let total = variant.stages_ms.get("total").copied().unwrap_or_default();
        let time = format!("{}, {}", milliseconds(total.p50), milliseconds(total.p95));
        let figures = &variant.overall;
        rows.push([
            printable(&variant.name),
            rate(&figures.exact),
            rate(&figures.first_line),
            format!("{:.3}", figures.similarity.mean),
            rate(&figures.shown),
            rate(&figures.precision),
            time,
        ]);
    }
    for (number, line) in aligned(&rows).iter().enumerate() {
        terminal.styled(&[(if number == 0 { Style::Dim } else { Style::Plain }, line.as_str())])?;
    }
    for difference in &summary.differences {
        let what = printable(&format!("{} against {}", difference.variant, difference.against));
        if difference.is_none() {
            terminal.line(format!("{what}: the same at all {} positions", difference.exact.of))?;
            continue;
        }
        let exact = points(&difference.exact);
        let chance = if difference.exact.holds_zero() { ", which may be chance" } else { "" };
        terminal.line(format!("{what}: {exact} points exact{chance}"))?;
    }
    terminal.styled(&[(Style::Dim, &copies(about, summary))])?;
    terminal.styled(&[(Style::Dim, "In brackets: 95 % intervals. Right when shown is of the first line.")])
}

fn aligned<const COLUMNS: usize>(rows: &[[String; COLUMNS]]) -> Vec<String> {
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..COLUMNS).map(width).collect();
    let line = |row: &[String; COLUMNS]| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests;
