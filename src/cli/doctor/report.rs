//! What `tandem doctor` found out, as data: sections of facts, and findings with the way out of each. What people read and
//! what programs read is made of the same.

use serde::Serialize;

/// Raised when a name in the document changes its meaning or goes; new sections, facts and findings do not raise it.
pub const VERSION: u32 = 1;

/// How bad something is. In the order in which people should read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Something that the settings ask for does not work. The command ends with 1.
    Broken,
    /// It works, but worse or less safely than it could.
    Warning,
    /// Worth knowing.
    Note,
}

/// The way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Fix {
    /// A command line for a shell.
    Run(String),
    /// Lines of the user's `config.toml`.
    Set(String),
    /// What no command and no setting does.
    Do(String),
}

impl Fix {
    pub fn run(command: impl Into<String>) -> Option<Self> {
        Some(Self::Run(command.into()))
    }

    /// A setting by its dotted path, as TOML.
    pub fn set(key: &str, value: &str) -> Option<Self> {
        Some(Self::Set(format!("{key} = {value}")))
    }

    pub fn by_hand(what: impl Into<String>) -> Option<Self> {
        Some(Self::Do(what.into()))
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The same in every version: what programs go by.
    pub id: &'static str,
    pub severity: Severity,
    /// A sentence for people, without a full stop.
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Fact {
    pub name: String,
    pub value: String,
}

/// What one look found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Section {
    pub id: &'static str,
    pub title: &'static str,
    pub facts: Vec<Fact>,
    pub findings: Vec<Finding>,
}

impl Section {
    pub fn new(id: &'static str, title: &'static str) -> Self {
        Self { id, title, facts: Vec::new(), findings: Vec::new() }
    }

    pub fn fact(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.facts.push(Fact { name: name.into(), value: value.into() });
    }

    pub fn broken(&mut self, id: &'static str, what: impl Into<String>, fix: Option<Fix>) {
        self.find(Severity::Broken, id, what.into(), fix);
    }

    pub fn warn(&mut self, id: &'static str, what: impl Into<String>, fix: Option<Fix>) {
        self.find(Severity::Warning, id, what.into(), fix);
    }

    pub fn note(&mut self, id: &'static str, what: impl Into<String>, fix: Option<Fix>) {
        self.find(Severity::Note, id, what.into(), fix);
    }

    fn find(&mut self, severity: Severity, id: &'static str, what: String, fix: Option<Fix>) {
        self.findings.push(Finding { id, severity, what, fix });
    }
}

/// All of it. The document of `--json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub version: u32,
    /// Tandem's.
    pub tandem: &'static str,
    pub broken: usize,
    pub warnings: usize,
    pub notes: usize,
    pub sections: Vec<Section>,
}

impl Report {
    pub fn of(sections: Vec<Section>) -> Self {
        let count = |severity| {
            let findings = sections.iter().flat_map(|section| &section.findings);
            findings.filter(|finding| finding.severity == severity).count()
        };
        Self {
            version: VERSION,
            tandem: env!("CARGO_PKG_VERSION"),
            broken: count(Severity::Broken),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
            sections,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_are_counted_by_how_bad_they_are() {
        let (mut one, mut other) = (Section::new("one", "One"), Section::new("other", "Other"));
        one.broken("gone", "it is gone", Fix::run("bring it back"));
        one.warn("slow", "it is slow", None);
        other.warn("old", "it is old", Fix::set("engine.threads", "2"));
        other.note("seen", "it was seen", None);
        let report = Report::of(vec![one, other]);
        assert_eq!((report.broken, report.warnings, report.notes), (1, 2, 1));
    }

    #[test]
    fn the_document_is_stable() {
        let mut section = Section::new("machine", "Machine");
        section.fact("threads", "8");
        section.broken("no-avx2", "this processor lacks AVX2", Fix::by_hand("take another build"));
        section.warn("few", "there are few", Fix::run("tandem model list"));
        section.note("one", "there is one", Fix::set("engine.device", "\"cpu\""));
        insta::assert_json_snapshot!(Report::of(vec![section]), {".tandem" => "[version]"}, @r#"
        {
          "version": 1,
          "tandem": "[version]",
          "broken": 1,
          "warnings": 1,
          "notes": 1,
          "sections": [
            {
              "id": "machine",
              "title": "Machine",
              "facts": [
                {
                  "name": "threads",
                  "value": "8"
                }
              ],
              "findings": [
                {
                  "id": "no-avx2",
                  "severity": "broken",
                  "what": "this processor lacks AVX2",
                  "fix": {
                    "do": "take another build"
                  }
                },
                {
                  "id": "few",
                  "severity": "warning",
                  "what": "there are few",
                  "fix": {
                    "run": "tandem model list"
                  }
                },
                {
                  "id": "one",
                  "severity": "note",
                  "what": "there is one",
                  "fix": {
                    "set": "engine.device = \"cpu\""
                  }
                }
              ]
            }
          ]
        }
        "#);
    }
}
