//! `tandem complete FILE:LINE:COLUMN`: what would be suggested there, by whom, and what it cost.

mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};

use super::place::Place;
use super::terminal::Terminal;
use super::{Options, engines};
use crate::complete::{Calibration, Outcome, Patience, Trigger, Why};
use crate::config::Loader;
use crate::engine::EngineStatus;
use crate::index::IndexOptions;
use crate::session::{IndexPlan, Session, file_uri};
use crate::syntax::Language;
use crate::text::{Position, PositionEncoding};
use report::Report;

/// Show what would be suggested at a place, who wrote it, and what it cost.
///
/// Exit code: 0 a suggestion, 1 none (with the reason), 2 a place that does not exist or a file that cannot be read.
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Examples:
  tandem complete src/main.rs:12:9          as if you asked by key: up to three candidates
  tandem complete src/main.rs:12            at the end of line 12
  tandem complete --typing src/main.rs:12:9   as if you had just typed
  tandem complete --json src/main.rs:12:9 | jq .suggestions[0].text")]
pub struct Arguments {
    /// Line and column from 1, as editors show them. Without a column the end of the line.
    #[arg(value_name = "FILE:LINE:COLUMN")]
    place: Place,

    #[command(flatten)]
    pub(super) question: Question,

    /// Answer as to typing: one candidate, and silence where it would disturb
    #[arg(long)]
    typing: bool,
}

/// What is needed to ask at a place.
#[derive(Clone, Debug, clap::Args)]
pub struct Question {
    /// One JSON object on stdout
    #[arg(long)]
    pub json: bool,

    /// Wait at most so long for the index of the repository
    #[arg(long, value_name = "SECONDS", default_value_t = 10.0)]
    wait: f64,

    #[command(flatten)]
    pub(super) options: Options,
}

/// What came of it.
pub struct Asked {
    /// From 0; the column in characters.
    at: (u32, u32),
    line_before: String,
    outcome: Outcome,
    pub why: Option<Why>,
    status: Option<EngineStatus>,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let trigger = if arguments.typing { Trigger::Automatic } else { Trigger::Invoked };
    let Asked { at, line_before, outcome, why, status } = arguments.question.ask(&arguments.place, trigger, loader)?;
    let report = Report::new(&arguments.place, at, line_before, outcome, why, status);
    let mut terminal = Terminal::stdout(loader.environment());
    if arguments.question.json {
        terminal.line(serde_json::to_string_pretty(&report)?)?;
    } else {
        report.print(&mut terminal)?;
    }
    Ok(if report.suggestions.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

impl Question {
    /// Asks as an editor would that has the file's repository open.
    pub fn ask(&self, place: &Place, trigger: Trigger, loader: &Loader) -> anyhow::Result<Asked> {
        let file = std::path::absolute(&place.file)?;
        let text = read(&place.file)?;
        let (line, column) = place.resolve(&text)?;
        let folder = workspace(&file);
        let loaded = loader.load(std::slice::from_ref(&folder), None);
        for problem in &loaded.problems {
            eprintln!("tandem: {problem}");
        }
        let wait = Duration::from_secs_f64(self.wait.clamp(0.0, 1e9));
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let asked = runtime.block_on(async {
            let model = engines::start(&loaded.settings, loader);
            let is_indexed = loaded.settings.index.enabled;
            let options = IndexOptions::new(&loaded.settings.index, Some(loader.paths().index_directory()));
            let calibration = Calibration::load(&loader.paths().calibration_directory(), &loaded.settings.engine);
            let session = Session::new(loaded.settings, model.clone());
            session.set_calibration(calibration);
            session.initialize(PositionEncoding::Utf32, vec![folder.clone()]);
            if is_indexed {
                session.set_indexes(Some(IndexPlan { folders: vec![folder], options, watches: false }));
            }
            if let Some(model) = &model {
                engines::wait_until_settled(model.as_ref()).await;
            }
            let document = file_uri(&file);
            session.open(&document, language_id(&file, &text), 0, &text);
            if tokio::time::timeout(wait, until_indexed(&session, &document, &text)).await.is_err() {
                eprintln!("tandem: the repository is not indexed yet; --wait SECONDS waits longer");
            }
            let position = Position::new(line, column);
            let outcome = session.complete_within(&document, position, trigger, Patience::COMMAND).await;
            let line_before = text.lines().nth(line as usize).unwrap_or_default().chars().take(column as usize);
            if let Some(model) = model.clone() {
                // What it has to write down may wait for a disk.
                let _ = tokio::task::spawn_blocking(move || model.close()).await;
            }
            Asked {
                at: (line, column),
                line_before: line_before.collect(),
                outcome,
                why: session.why(&document, position),
                status: model.map(|model| model.status().borrow().clone()),
            }
        });
        runtime.shutdown_background();
        Ok(asked)
    }
}

/// Until every file is known, this one as it is now. At once where it is in no index.
async fn until_indexed(session: &Session, document: &str, text: &str) {
    let Some((index, path)) = session.index_of(document) else { return };
    let _ = index.progress().wait_for(|progress| progress.is_caught_up).await;
    while index.read().file_at(&path).is_none_or(|file| !file.is_open) || index.text(&path).as_deref() != Some(text) {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

/// Reads what an editor would have open: text, of a size that memory holds.
fn read(file: &Path) -> anyhow::Result<String> {
    const MAX_BYTES: u64 = 1 << 30;
    let data = file.metadata().with_context(|| format!("cannot read {}", file.display()))?;
    if !data.is_file() {
        bail!("{} is not a file", file.display());
    }
    if data.len() > MAX_BYTES {
        bail!("{} has {} bytes, more than {MAX_BYTES}", file.display(), data.len());
    }
    let bytes = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    String::from_utf8(bytes).ok().with_context(|| format!("{} is not UTF-8 text", file.display()))
}

/// The folder that an editor would have open: the nearest with a `.git`, else the file's own.
fn workspace(file: &Path) -> PathBuf {
    let parent = file.parent().unwrap_or(Path::new("."));
    parent.ancestors().find(|folder| folder.join(".git").exists()).unwrap_or(parent).to_owned()
}

/// As editors name the languages that we know; the names of folders in `grammars/` are the same words.
fn language_id<'a>(file: &Path, text: &str) -> &'a str {
    let first_line = text.lines().next().unwrap_or_default();
    Language::detect("", &file.to_string_lossy(), first_line).map_or("plaintext", |language| &language.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workspace_is_the_repository() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().canonicalize().unwrap();
        std::fs::create_dir_all(root.join(".git")).unwrap();
        std::fs::create_dir_all(root.join("src/deep")).unwrap();
        assert_eq!(workspace(&root.join("src/deep/a.rs")), root);
    }

    #[test]
    fn what_is_not_text_is_refused_with_a_sentence() {
        let place = tempfile::tempdir().unwrap();
        let file = place.path().join("a.bin");
        std::fs::write(&file, [0xff, 0xfe]).unwrap();
        assert!(read(&file).unwrap_err().to_string().ends_with("a.bin is not UTF-8 text"));
        assert!(read(place.path()).unwrap_err().to_string().ends_with("is not a file"));
        assert!(read(Path::new("nowhere.rs")).unwrap_err().to_string().contains("cannot read nowhere.rs"));
    }
}
