//! Plays the sessions.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tandem::config::{Environment, IndexSettings, Paths, Settings};
use tandem::engine::Engine;
use tandem::engine::llama::{LlamaEngine, ModelConfig};
use tandem::index::IndexOptions;
use tandem::session::{IndexPlan, Session, file_uri};
use tandem::syntax::Language;
use tandem::text::PositionEncoding;

use super::counted::Counted;
use super::editor::Editor;
use super::figures::{Figures, Key};
use super::hands::Hands;
use super::history::{self, Change, Commit};
use crate::cost;

/// Most commits that are looked at for one session.
const COMMITS: usize = 400;
/// Nobody accepts what is shorter, in bytes.
const WORTH_A_KEY: usize = 4;

#[derive(Clone, Debug)]
struct Options {
    minutes: f64,
    speed: f64,
    accepts: bool,
    seed: u64,
    settings: Settings,
}

pub fn run() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number = |name: &str| words.iter().find_map(|word| word.strip_prefix(name)?.parse::<f64>().ok());
    let mut settings = Settings::default();
    settings.engine.threads = 1;
    settings.completion.look_ahead = !words.iter().any(|word| word == "--no-look-ahead");
    let options = Options {
        minutes: number("--minutes=").unwrap_or(10.0),
        speed: number("--speed=").unwrap_or(1.0).max(0.01),
        accepts: !words.iter().any(|word| word == "--accept=no"),
        seed: number("--seed=").unwrap_or(1.0) as u64,
        settings,
    };
    let sources: Vec<String> = words.iter().filter(|word| !word.starts_with('-')).cloned().collect();
    if sources.is_empty() {
        println!("replay: no repositories given: cargo bench --bench replay -- REPOSITORY[@COMMIT] …");
        return ExitCode::SUCCESS;
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let results = runtime.block_on(async {
        let sessions = sources.iter().map(|source| tokio::spawn(play(source.clone(), options.clone())));
        let mut results = Vec::new();
        for session in sessions.collect::<Vec<_>>() {
            results.push(session.await.expect("a session panicked"));
        }
        results
    });
    let keys = words.iter().find_map(|word| word.strip_prefix("--keys=")).map(PathBuf::from);
    let mut rows = vec![format!("session\t{}", Key::HEADING)];
    let mut all = Figures::default();
    let mut code = ExitCode::SUCCESS;
    for (source, result) in sources.iter().zip(results) {
        match result {
            Ok(figures) => {
                figures.print(source);
                rows.extend(figures.keys.iter().map(|key| format!("{source}\t{}", key.row())));
                all.add(figures);
            }
            Err(error) => {
                eprintln!("replay: {source}: {error}");
                code = ExitCode::FAILURE;
            }
        }
    }
    if let Some(file) = keys
        && let Err(error) = write(&file, rows.join("\n").as_bytes())
    {
        eprintln!("replay: {error}");
        code = ExitCode::FAILURE;
    }
    if sources.len() > 1 {
        all.print("all");
    }
    println!("\nCPU: {:.1} s", cost::cpu().as_secs_f64());
    code
}

async fn start(settings: &Settings) -> Arc<dyn Engine> {
    let cache = Paths::of(&Environment::of_process()).cache;
    let engine = LlamaEngine::start(ModelConfig::new(&settings.engine, &settings.completion, cache));
    let mut status = engine.status();
    let ready = status.wait_for(|status| status.is_ready());
    tokio::time::timeout(Duration::from_secs(60), ready).await.expect("the starter loads").expect("the engine lives");
    Arc::new(engine)
}

/// The commits to type, oldest first: the newest before the tip that need about so many minutes.
fn choose(repository: &Path, tip: &str, options: &Options) -> Result<Vec<Commit>, String> {
    // Code, but no data and prose: these have a language of the index, too.
    let is_code = |path: &str| {
        let language = Language::detect("", path, "");
        language
            .is_some_and(|language| !matches!(&*language.name, "json" | "yaml" | "toml" | "markdown" | "html" | "css"))
    };
    let mut chosen = Vec::new();
    let mut minutes = 0.0;
    for id in history::ids(repository, tip, COMMITS)? {
        let commit = history::commit(repository, &id, is_code)?;
        let hunks = || commit.changes.iter().flat_map(|change| &change.hunks).filter(|hunk| !hunk.is_pasted());
        // The pauses of `hands`, on average; accepted text makes it shorter.
        let seconds: f64 = hunks().map(|hunk| 5.0 + hunk.text.trim().len() as f64 * 0.27).sum();
        minutes += seconds / 60.0;
        chosen.push(commit);
        if minutes >= options.minutes * 1.3 {
            chosen.reverse();
            return Ok(chosen);
        }
    }
    Err(format!("the last {COMMITS} commits are typed in {minutes:.0} minutes: give a smaller --minutes"))
}

async fn play(source: String, options: Options) -> Result<Figures, String> {
    let (repository, tip) = source.rsplit_once('@').unwrap_or((&source, "HEAD"));
    let repository = PathBuf::from(repository);
    let commits = choose(&repository, tip, &options)?;
    let directory = tempfile::tempdir().map_err(|error| error.to_string())?;
    history::check_out(&repository, &format!("{}^", commits[0].id), directory.path())?;
    let engine = Arc::new(Counted::new(start(&options.settings).await));
    let session = Session::new(options.settings.clone(), Some(engine.clone()));
    session.initialize(PositionEncoding::Utf8, vec![directory.path().to_owned()]);
    let index = IndexOptions::new(&IndexSettings::default(), None);
    session.set_indexes(Some(IndexPlan { folders: vec![directory.path().to_owned()], options: index, watches: false }));
    for index in session.indexes() {
        tokio::task::block_in_place(|| index.settle());
    }
    let mut typist = Typist {
        session,
        engine,
        directory: directory.path().to_owned(),
        hands: Hands::new(options.seed),
        ends: Instant::now() + Duration::from_secs_f64(options.minutes * 60.0 / options.speed),
        figures: Figures::default(),
        options,
    };
    let began = Instant::now();
    for commit in commits {
        typist.commit(commit).await?;
        if typist.is_over() {
            break;
        }
    }
    let mut figures = typist.figures;
    figures.minutes = began.elapsed().as_secs_f64() / 60.0 * typist.options.speed;
    figures.jobs = typist.engine.jobs();
    Ok(figures)
}

struct Typist {
    session: Arc<Session>,
    engine: Arc<Counted>,
    directory: PathBuf,
    hands: Hands,
    ends: Instant,
    figures: Figures,
    options: Options,
}

impl Typist {
    fn is_over(&self) -> bool {
        Instant::now() >= self.ends
    }

    async fn commit(&mut self, commit: Commit) -> Result<(), String> {
        self.figures.commits += 1;
        for change in &commit.changes {
            self.file(change).await?;
            if self.is_over() {
                return Ok(());
            }
        }
        for (path, content) in &commit.others {
            let path = self.directory.join(path);
            match content {
                Some(content) => write(&path, content)?,
                None => drop(std::fs::remove_file(&path)),
            }
            self.session.files_changed(&[path]);
        }
        Ok(())
    }

    async fn file(&mut self, change: &Change) -> Result<(), String> {
        let path = self.directory.join(&change.path);
        let uri = file_uri(&path);
        let mut editor =
            Editor::open(self.session.clone(), self.engine.clone(), uri, &change.before, self.options.speed);
        for hunk in &change.hunks {
            editor.go(hunk.at);
            if hunk.is_pasted() {
                editor.paste(hunk.erase, &hunk.text);
                continue;
            }
            let pause = self.hands.before_place().div_f64(self.options.speed);
            tokio::time::sleep(pause).await;
            self.write(&mut editor, hunk.erase, &hunk.text).await;
            if self.is_over() {
                drop(editor.close());
                return Ok(());
            }
        }
        let written = editor.close();
        if written != change.after {
            return Err(format!("{} came out otherwise than the commit has it", change.path));
        }
        write(&path, written.as_bytes())?;
        self.session.files_changed(&[path]);
        Ok(())
    }

    async fn write(&mut self, editor: &mut Editor, erase: usize, text: &str) {
        let mut after = '\n';
        if erase > 0 {
            let pause = self.hands.before(after, text.chars().next().unwrap_or('\n'));
            let key = editor.key(erase, "", pause).await;
            self.figures.keys.push(key);
        }
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if self.is_over() {
                return;
            }
            let taken = if self.options.accepts { self.accepts(editor, rest) } else { 0 };
            let bytes = if taken > 0 { taken } else { key_bytes(next, rest) };
            let (typed, left) = rest.split_at(bytes);
            after = typed.chars().next_back().unwrap_or(after);
            let pause = self.hands.before(after, left.chars().next().unwrap_or('\n'));
            let key = editor.key(0, typed, pause).await;
            self.figures.keys.push(key);
            if taken > 0 {
                self.figures.accepted += 1;
                self.figures.accepted_characters += typed.chars().count();
            } else {
                self.figures.typed_characters += typed.chars().count();
            }
            rest = left;
        }
    }

    /// Bytes of what is shown that are accepted: all of it, else its first line, when it has been read and is right.
    fn accepts(&mut self, editor: &Editor, wanted: &str) -> usize {
        let Some((ghost, visible)) = editor.ghost() else { return 0 };
        let line = ghost.find('\n').map_or(ghost.len(), |end| end);
        let right = [ghost.len(), line].into_iter().find(|end| wanted.starts_with(&ghost[..*end]));
        let Some(end) = right.filter(|end| *end >= WORTH_A_KEY) else { return 0 };
        if visible >= self.hands.reading() { end } else { 0 }
    }
}

/// What one key writes: a character, or a line break with the indentation that the editor adds.
fn key_bytes(next: char, rest: &str) -> usize {
    if !matches!(next, '\n' | '\r') {
        return next.len_utf8();
    }
    let breaks = if rest.starts_with("\r\n") { 2 } else { 1 };
    let indentation = rest[breaks..].len() - rest[breaks..].trim_start_matches([' ', '\t']).len();
    breaks + indentation
}

fn write(path: &Path, content: &[u8]) -> Result<(), String> {
    let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
    made.and_then(|()| std::fs::write(path, content)).map_err(|error| format!("{}: {error}", path.display()))
}
