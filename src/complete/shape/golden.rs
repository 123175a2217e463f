//! Bad outputs of models in every language and what a user should see of them: `tests/fixtures/shape/<language>.txt`.
//!
//! A case is `== title`, a document with `▮` at the cursor, `-- raw` and what a model wrote there, then `-- shown` and
//! what is right, or `-- nothing:` and the reason. `(invoked)` in a title asks by key, which allows several lines
//! anywhere. `⏎` stands for nothing: it keeps white space at the end of a line or a text. The expected texts are written
//! by judgement, not by running the code.

use std::path::Path;
use std::sync::Arc;

use ropey::Rope;

use super::Shaper;
use crate::complete::{Place, Trigger, trigger};
use crate::config::CompletionSettings;
use crate::syntax::{Language, SyntaxTree};

/// No test fails because the machine is busy.
const PATIENT: std::time::Duration = std::time::Duration::from_secs(600);
const CURSOR: char = '▮';

struct Case {
    title: String,
    document: String,
    raw: String,
    /// What is shown, or the name of the reason.
    expected: Result<String, String>,
}

/// Cases that a language has to have. Pages and style sheets have fewer ways to go wrong.
fn least(language: &Language) -> usize {
    if language.family() == "web" { 10 } else { 20 }
}

#[test]
fn models_outputs_are_shown_as_a_user_wants_them() {
    let mut complaints = Vec::new();
    for language in Language::all().iter().filter(|language| !language.is_outline()) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/fixtures/shape/{}.txt", language.name));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let cases = parse(&text).unwrap_or_else(|complaint| panic!("{}: {complaint}", path.display()));
        if cases.len() < least(language) {
            complaints.push(format!("{}: {} cases, {} are wanted", language.name, cases.len(), least(language)));
        }
        complaints.extend(cases.iter().filter_map(|case| complaint(language, case)));
    }
    assert!(complaints.is_empty(), "\n{}\n{} complaints", complaints.join("\n"), complaints.len());
}

fn complaint(language: &'static Language, case: &Case) -> Option<String> {
    let (before, after) = case.document.split_once(CURSOR)?;
    let rope = Rope::from_str(&format!("{before}{after}"));
    let tree = Arc::new(SyntaxTree::parse_within(PATIENT, language, &rope, None).expect("in time"));
    let trigger = if case.title.contains("(invoked)") { Trigger::Invoked } else { Trigger::Automatic };
    let place = Place::at(&rope, before.len());
    let cursor = tree.cursor(before.len());
    let plan = trigger::plan(&place, Some(&cursor), trigger, &CompletionSettings::default());
    let shown = plan.and_then(|plan| {
        let shaper = Shaper::within(PATIENT, place, plan.max_lines, Some(&tree), before.len());
        shaper.shape(&case.raw).map(|(text, _)| text)
    });
    let shown = shown.map_err(|reason| format!("{reason:?}"));
    if let Ok(text) = &shown {
        let accepted = tree.with(PATIENT, before.len()..before.len(), text).expect("in time");
        if accepted.error_count() > tree.error_count() {
            return Some(format!("{}: {}\n  adds an error:\n{}", language.name, case.title, quoted(text)));
        }
    }
    let said = |side: &Result<String, String>| match side {
        Ok(text) => quoted(text),
        Err(reason) => format!("  nothing: {reason}"),
    };
    (shown != case.expected).then(|| {
        format!("{}: {}\n expected\n{}\n is\n{}", language.name, case.title, said(&case.expected), said(&shown))
    })
}

fn quoted(text: &str) -> String {
    text.split('\n').map(|line| format!("  |{}|", line.replace('\t', "→"))).collect::<Vec<_>>().join("\n")
}

fn parse(text: &str) -> Result<Vec<Case>, String> {
    let cases = text.split("\n== ").skip(1);
    cases
        .map(|case| {
            let (title, rest) = case.split_once('\n').ok_or("a case is empty")?;
            let part = |mark: &str| rest.split_once(&format!("\n-- {mark}"));
            let (document, _) = part("raw\n").ok_or(format!("{title}: no raw"))?;
            let raw = &rest[document.len() + "\n-- raw\n".len()..];
            let end = raw.find("\n-- ").ok_or(format!("{title}: nothing expected"))?;
            let (raw, expected) = (&raw[..end], raw[end + 1..].trim_end_matches('\n'));
            if document.matches(CURSOR).count() != 1 {
                return Err(format!("{title}: not one cursor"));
            }
            let plain = |text: &str| text.replace('⏎', "");
            let expected = match (expected.strip_prefix("-- shown\n"), expected.strip_prefix("-- nothing: ")) {
                (Some(shown), _) => Ok(plain(shown)),
                (_, Some(reason)) => Err(reason.to_owned()),
                _ => return Err(format!("{title}: neither shown nor nothing")),
            };
            Ok(Case { title: title.to_owned(), document: format!("{document}\n"), raw: plain(raw), expected })
        })
        .collect()
}
