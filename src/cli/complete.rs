//! `tandem complete FILE:LINE:COLUMN`: what would be suggested there, by whom, and what it cost.

mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};

use super::place::Place;
use super::terminal::Terminal;
use super::{Options, engines};
use crate::complete::{Calibration, Outcome, Patience, Trigger};
use crate::config::Loader;
use crate::session::{Session, file_uri};
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

    /// Answer as to typing: one candidate, and silence where it would disturb
    #[arg(long)]
    typing: bool,

    /// One JSON object on stdout
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    pub(super) options: Options,
}

pub fn run(arguments: &Arguments, loader: &Loader) -> anyhow::Result<ExitCode> {
    let file = std::path::absolute(&arguments.place.file)?;
    let text = read(&arguments.place.file)?;
    let (line, column) = arguments.place.resolve(&text)?;
    let folder = workspace(&file);
    let loaded = loader.load(std::slice::from_ref(&folder), None);
    for problem in &loaded.problems {
        eprintln!("tandem: {problem}");
    }

    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let report = runtime.block_on(async {
        let model = engines::start(&loaded.settings, loader.paths());
        if let Some(model) = &model {
            engines::wait_until_settled(model.as_ref()).await;
        }
        let calibration = Calibration::load(&loader.paths().calibration_directory(), &loaded.settings.engine);
        let session = Session::new(loaded.settings, model.clone());
        session.set_calibration(calibration);
        session.initialize(PositionEncoding::Utf32, vec![folder]);
        let document = file_uri(&file);
        session.open(&document, language_id(&file, &text), 0, &text);
        let position = Position::new(line, column);
        let trigger = if arguments.typing { Trigger::Automatic } else { Trigger::Invoked };
        let outcome: Outcome = session.complete_within(&document, position, trigger, Patience::COMMAND).await;
        let before = text.lines().nth(line as usize).unwrap_or_default().chars().take(column as usize).collect();
        let status = model.map(|model| model.status().borrow().clone());
        Report::new(&arguments.place, (line, column), before, outcome, session.why(&document, position), status)
    });
    runtime.shutdown_background();

    let mut terminal = Terminal::stdout(loader.environment());
    if arguments.json {
        terminal.line(serde_json::to_string_pretty(&report)?)?;
    } else {
        report.print(&mut terminal)?;
    }
    Ok(if report.suggestions.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
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
