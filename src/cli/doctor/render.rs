//! The report for people: facts by section, then what was found, worst first, each with the way out, and a verdict.

use std::io;

use super::report::{Finding, Fix, Report, Severity};
use crate::cli::terminal::{Style, Terminal, printable};

pub fn print(terminal: &mut Terminal, report: &Report) -> io::Result<()> {
    for section in report.sections.iter().filter(|section| !section.facts.is_empty()) {
        terminal.heading(section.title)?;
        for fact in &section.facts {
            terminal.entry(&printable(&fact.name), printable(&fact.value))?;
        }
    }
    let mut findings: Vec<&Finding> = report.sections.iter().flat_map(|section| &section.findings).collect();
    // Of the same kind in the order of their sections.
    findings.sort_by_key(|finding| finding.severity);
    terminal.line("")?;
    for finding in findings {
        let (style, word) = match finding.severity {
            Severity::Broken => (Style::Bad, "broken: "),
            Severity::Warning => (Style::Bold, "warning: "),
            Severity::Note => (Style::Dim, "note: "),
        };
        terminal.styled(&[(style, word), (Style::Plain, &printable(&finding.what))])?;
        if let Some(fix) = &finding.fix {
            show_fix(terminal, fix)?;
        }
    }
    verdict(terminal, report)
}

/// Commands and settings stand alone on their lines, so that they can be copied.
fn show_fix(terminal: &mut Terminal, fix: &Fix) -> io::Result<()> {
    let (word, text) = match fix {
        Fix::Run(command) => ("  run", command),
        Fix::Set(lines) => ("  config.toml", lines),
        Fix::Do(what) => return terminal.styled(&[(Style::Dim, "  way out: "), (Style::Plain, &printable(what))]),
    };
    terminal.styled(&[(Style::Dim, &format!("{word}:"))])?;
    text.lines().try_for_each(|line| terminal.line(format!("    {}", printable(line))))
}

fn verdict(terminal: &mut Terminal, report: &Report) -> io::Result<()> {
    match (report.broken, report.warnings) {
        (0, 0) => terminal.styled(&[(Style::Good, "Everything works.")]),
        (0, 1) => terminal.line("Everything works, with 1 warning."),
        (0, warnings) => terminal.line(format!("Everything works, with {warnings} warnings.")),
        (1, _) => terminal.line("1 thing is broken."),
        (broken, _) => terminal.line(format!("{broken} things are broken.")),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::report::Section;
    use super::*;

    /// What was written, for one who looks later.
    #[derive(Clone, Default)]
    struct Paper(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Paper {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn printed(sections: Vec<Section>) -> String {
        let paper = Paper::default();
        print(&mut Terminal::to(Box::new(paper.clone()), false), &Report::of(sections)).unwrap();
        String::from_utf8(paper.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn what_is_worst_stands_first_and_each_has_its_way_out() {
        let (mut one, mut other) = (Section::new("one", "One"), Section::new("other", "Other"));
        one.fact("threads", "8");
        one.note("small", "it is small", Fix::set("engine.model", "\"auto\""));
        one.warn("late", "it is late\u{1b}[2J", Fix::by_hand("be earlier"));
        other.broken("gone", "it is gone", Fix::run("tandem model pull it"));
        insta::assert_snapshot!(printed(vec![one, other]), @r#"
        One
          threads       8

        broken: it is gone
          run:
            tandem model pull it
        warning: it is late�[2J
          way out: be earlier
        note: it is small
          config.toml:
            engine.model = "auto"
        1 thing is broken.
        "#);
    }

    #[test]
    fn a_warning_breaks_nothing() {
        let mut section = Section::new("one", "One");
        section.warn("late", "it is late", None);
        assert!(printed(vec![section]).ends_with("\nEverything works, with 1 warning.\n"));
        assert!(printed(vec![]).ends_with("Everything works.\n"));
    }
}
