//! The file alone against the repository behind it: the same cursors, the cursor's file taken out of the repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use tandem::engine::lookup::{Change, Corpus, Limits, Repository, Vantage, predict};

use super::positions::{Cursor, File, LANGUAGES};
use super::report::{corpus, percentile, timed};

/// All files of a folder that an index would hand over, as one version.
pub fn build(folder: &Path) -> Repository {
    Repository::default().updated(changes(folder))
}

fn changes(folder: &Path) -> Vec<Change> {
    let mut paths = Vec::new();
    super::positions::walk(folder, &mut paths);
    paths.sort();
    let source = |path: &PathBuf| {
        super::positions::language(path)?;
        Some(Change { path: relative(path, folder).into(), text: Some(std::fs::read_to_string(path).ok()?) })
    };
    paths.iter().filter_map(source).collect()
}

fn relative(path: &Path, folder: &Path) -> String {
    path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned()
}

/// The corpus with the cursor's repository, seen from the cursor's file.
pub fn with_repository(
    corpus: Corpus,
    files: &[File],
    cursor: &Cursor,
    folders: &[PathBuf],
    repositories: &[Arc<Repository>],
) -> Corpus {
    let file = &files[cursor.file];
    let path = relative(&file.path, &folders[file.repository]);
    let vantage = Vantage::new(repositories[file.repository].clone(), &path, []);
    corpus.with_repository(Some(Arc::new(vantage)))
}

struct Answer {
    /// The cursor stands at the beginning of its line: the whole line is to be written.
    is_whole_line: bool,
    is_comment: bool,
    is_right: bool,
    confidence: f32,
    us: f64,
}

pub fn report(files: &[File], cursors: &[Cursor], folders: &[PathBuf], show: usize) {
    let mut repositories = Vec::new();
    println!(
        "{:<40} {:>8} {:>8} {:>9} {:>8} {:>9} {:>10} {:>12}",
        "repository", "files", "MB", "tokens", "held MB", "build s", "update ms", "B / source B"
    );
    for folder in folders {
        let changes = changes(folder);
        let bytes: usize = changes.iter().map(|change| change.text.as_ref().map_or(0, String::len)).sum();
        let one = changes.get(changes.len() / 2).cloned();
        let started = Instant::now();
        let repository = Arc::new(Repository::default().updated(changes));
        let built = started.elapsed().as_secs_f64();
        let started = Instant::now();
        let _ = repository.updated(one);
        let updated = started.elapsed().as_secs_f64() * 1e3;
        println!(
            "{:<40} {:>8} {:>8.1} {:>9} {:>8.1} {built:>9.2} {updated:>10.1} {:>12.2}",
            folder.file_name().unwrap_or_default().to_string_lossy(),
            repository.files(),
            bytes as f64 / 1e6,
            repository.tokens(),
            repository.bytes() as f64 / 1e6,
            repository.bytes() as f64 / bytes as f64
        );
        repositories.push(repository);
    }
    println!(
        "\nrest of the line exactly right, % with the half width of the 95 % interval; then of the repository's answers"
    );
    println!(
        "{:<11} {:>5} {:>14} {:>14} {:>12} {:>28} {:>28} {:>21}",
        "language",
        "n",
        "file alone",
        "repository",
        "gain",
        "≥ 0.8 shown / right, alone",
        "≥ 0.8 shown / right",
        "µs p50 / p95 / p99"
    );
    let mut all: Vec<(Answer, Answer)> = Vec::new();
    for language in LANGUAGES {
        let mut pairs = Vec::new();
        for (index, cursor) in cursors.iter().filter(|cursor| cursor.language == language).enumerate() {
            let file = &files[cursor.file];
            let alone = corpus(files, cursor, &cursor.suffix, false);
            let path = relative(&file.path, &folders[file.repository]);
            let gone = Change { path: path.as_str().into(), text: None };
            let without = Arc::new(repositories[file.repository].updated([gone]));
            let vantage = Vantage::new(without, &path, []);
            let whole = alone.clone().with_repository(Some(Arc::new(vantage)));
            pairs.push((answer(cursor, &alone, false), answer(cursor, &whole, index < show)));
        }
        line(&format!("{language:?}"), &pairs.iter().collect::<Vec<_>>());
        line("  code", &pairs.iter().filter(|pair| !pair.0.is_comment).collect::<Vec<_>>());
        all.extend(pairs);
    }
    line("all", &all.iter().collect::<Vec<_>>());
    line("whole lines", &all.iter().filter(|pair| pair.0.is_whole_line).collect::<Vec<_>>());
    line("inside", &all.iter().filter(|pair| !pair.0.is_whole_line).collect::<Vec<_>>());
    calibration(all.iter().map(|pair| &pair.1));
}

fn answer(cursor: &Cursor, corpus: &Corpus, show: bool) -> Answer {
    let (prediction, us) = timed(|| (), |()| predict(corpus, Limits::LINE));
    let (text, truth) = (prediction.text.trim_end(), cursor.truth.trim_end());
    if show {
        let line = cursor.prefix.rsplit('\n').next().unwrap_or_default();
        let mark = if text == truth { "=" } else { "≠" };
        println!("{mark} {:.2} {line}⟦{truth}⟧ got ⟦{text}⟧", prediction.confidence);
    }
    let line = cursor.prefix.rsplit('\n').next().unwrap_or_default();
    let whole_line = format!("{line}{truth}");
    Answer {
        is_whole_line: line.trim().is_empty(),
        is_comment: super::positions::is_comment(whole_line.trim_start()),
        is_right: text == truth,
        confidence: prediction.confidence,
        us,
    }
}

fn line(name: &str, pairs: &[&(Answer, Answer)]) {
    if pairs.is_empty() {
        return;
    }
    let n = pairs.len() as f64;
    let share = |right: &dyn Fn(&(Answer, Answer)) -> bool| pairs.iter().filter(|pair| right(pair)).count() as f64 / n;
    let (alone, whole) = (share(&|pair| pair.0.is_right), share(&|pair| pair.1.is_right));
    let width = |share: f64| 196.0 * (share * (1.0 - share) / n).sqrt();
    // Of paired answers only those count that differ.
    let (won, lost) =
        (share(&|pair| pair.1.is_right && !pair.0.is_right), share(&|pair| pair.0.is_right && !pair.1.is_right));
    let gain_width = 196.0 * ((won + lost - (won - lost).powi(2)) / n).sqrt();
    let sure = |of: fn(&(Answer, Answer)) -> &Answer| {
        let sure: Vec<&Answer> = pairs.iter().copied().map(of).filter(|answer| answer.confidence >= 0.8).collect();
        let right = sure.iter().filter(|answer| answer.is_right).count() as f64 / sure.len().max(1) as f64;
        format!("{:.1} / {:.1}", 100.0 * sure.len() as f64 / n, 100.0 * right)
    };
    let mut us: Vec<f64> = pairs.iter().map(|pair| pair.1.us).collect();
    us.sort_by(f64::total_cmp);
    println!(
        "{name:<11} {:>5} {:>14} {:>14} {:>12} {:>28} {:>28} {:>21}",
        pairs.len(),
        format!("{:.1} ± {:.1}", 100.0 * alone, width(alone)),
        format!("{:.1} ± {:.1}", 100.0 * whole, width(whole)),
        format!("{:+.1} ± {gain_width:.1}", 100.0 * (whole - alone)),
        sure(|pair| &pair.0),
        sure(|pair| &pair.1),
        format!("{:.0} / {:.0} / {:.0}", percentile(&us, 50), percentile(&us, 95), percentile(&us, 99))
    );
}

fn calibration<'a>(answers: impl Iterator<Item = &'a Answer>) {
    let answers: Vec<&Answer> = answers.collect();
    println!("\ncalibration with the repository: confidence in tenths, n, mean confidence %, right %");
    for tenth in 0..10 {
        let is_in = |answer: &&&Answer| ((answer.confidence * 10.0) as usize).min(9) == tenth;
        let bin: Vec<&&Answer> = answers.iter().filter(is_in).collect();
        if bin.is_empty() {
            continue;
        }
        let n = bin.len() as f64;
        let mean = bin.iter().map(|answer| f64::from(answer.confidence)).sum::<f64>() / n;
        let right = bin.iter().filter(|answer| answer.is_right).count() as f64 / n;
        println!("  0.{tenth}  {:>5}  {:>5.1}  {:>5.1}", bin.len(), 100.0 * mean, 100.0 * right);
    }
}
