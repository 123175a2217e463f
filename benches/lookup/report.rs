//! Runs the engine at every cursor and prints what came of it.

use std::sync::Arc;
use std::time::Instant;

use ropey::Rope;
use tandem::engine::lookup::{Corpus, DocumentTokens, Limits, predict};
use tandem::text::{Edit, Point};

use super::positions::{Cursor, File, LANGUAGES};

const THRESHOLDS: [f32; 3] = [0.3, 0.5, 0.8];
/// Open documents beside the cursor's.
const NEIGHBOURS: usize = 4;

struct Result {
    exact: bool,
    similarity: f64,
    confidence: f32,
    shown: bool,
    mid_word: bool,
    /// The truth has a letter or a digit.
    has_word: bool,
    /// The baseline wrote the line exactly.
    copied: bool,
    /// Lines written when several may be, and whether all of them are right.
    lines: usize,
    lines_right: bool,
    us: f64,
}

/// What is open at a cursor: its file with `below` after the cursor, and maybe the files beside it.
pub fn corpus(files: &[File], cursor: &Cursor, below: &str, with_neighbours: bool) -> Corpus {
    let text = Rope::from_str(&format!("{}{below}", cursor.prefix));
    let mut others = Vec::new();
    if with_neighbours {
        let file = &files[cursor.file];
        let beside = |other: &File| other.language == file.language && other.path.parent() == file.path.parent();
        // The nearest in the folder's order, alternately after and before.
        let after = (cursor.file + 1..files.len()).filter(|&i| beside(&files[i]));
        let mut before = (0..cursor.file).rev().filter(|&i| beside(&files[i]));
        let mut chosen = Vec::new();
        for next in after.take(NEIGHBOURS) {
            chosen.push(next);
            chosen.extend(before.next());
        }
        chosen.extend(before);
        others.extend(
            chosen.into_iter().take(NEIGHBOURS).map(|i| Arc::new(DocumentTokens::new(&Rope::from_str(&files[i].text)))),
        );
    }
    Corpus::new(Arc::new(DocumentTokens::new(&text)), cursor.prefix.len(), others)
}

pub fn report(files: &[File], cursors: &[Cursor], show: usize) {
    for (title, with_neighbours) in [("file alone", false), ("with up to 4 open files of the same folder", true)] {
        println!("\n## {title}");
        println!(
            "{:<11} {:>5} {:>14} {:>9} {:>9} {:>9} {:>8} {:>7} | {} | {:>6} {:>6} {:>6} | several lines: n / right %",
            "language",
            "n",
            "exact % ± se",
            "baseline",
            "with word",
            "mid-word",
            "edit sim",
            "shown %",
            THRESHOLDS.map(|t| format!("conf ≥ {t}: shown / right %")).join(" | "),
            "p50 µs",
            "p95",
            "p99"
        );
        let mut all = Vec::new();
        for language in LANGUAGES {
            let results: Vec<Result> = cursors
                .iter()
                .filter(|cursor| cursor.language == language)
                .enumerate()
                .map(|(index, cursor)| run(files, cursor, with_neighbours, with_neighbours && index < show))
                .collect();
            if !results.is_empty() {
                line(&format!("{language:?}"), &results);
                all.extend(results);
            }
        }
        line("all", &all);
        calibration(&all);
    }
    long_files(files, cursors);
}

fn run(files: &[File], cursor: &Cursor, with_neighbours: bool, show: bool) -> Result {
    let corpus = corpus(files, cursor, &cursor.suffix, with_neighbours);
    let (prediction, us) = timed(|| (), |()| predict(&corpus, Limits::LINE));
    // Several lines can only be right where they do not stand below already: the rest of the block is removed too.
    let block = cursor.suffix.find("\n\n").unwrap_or(cursor.suffix.len());
    let new_block = self::corpus(files, cursor, &cursor.suffix[block..], with_neighbours);
    let several = predict(&new_block, Limits { max_tokens: 96, max_lines: 8 });
    let whole = format!("{}{}", cursor.truth, cursor.suffix);
    let (text, truth) = (prediction.text.trim_end(), cursor.truth.trim_end());
    if show {
        let line = cursor.prefix.rsplit('\n').next().unwrap_or_default();
        let mark = if text == truth { "=" } else { "≠" };
        println!("{mark} {:.2} {line}⟦{truth}⟧ got ⟦{text}⟧", prediction.confidence);
    }
    Result {
        exact: text == truth,
        similarity: similarity(text, truth),
        confidence: prediction.confidence,
        shown: !text.is_empty(),
        mid_word: cursor.mid_word,
        has_word: truth.contains(char::is_alphanumeric),
        copied: longest_match_copy(cursor) == truth,
        // A suggestion that takes the cursor's line for finished is wrong here by construction: not counted.
        lines: if several.text.starts_with(['\n', '\r']) { 0 } else { several.text.lines().count() },
        lines_right: whole
            .lines()
            .map(str::trim_end)
            .take(several.text.lines().count())
            .eq(several.text.lines().map(str::trim_end)),
        us,
    }
}

/// The plain method to compare with: the rest of the line after the nearest of the longest matches of the characters
/// before the cursor, in the same file.
fn longest_match_copy(cursor: &Cursor) -> &str {
    let context: Vec<u8> = cursor.prefix.bytes().rev().take(200).collect();
    let mut best = (2, "");
    for (text, _) in [(cursor.prefix.as_str(), 0), (cursor.suffix.as_str(), 1)] {
        for end in (1..text.len()).rev().filter(|&end| text.is_char_boundary(end)) {
            let length = text.as_bytes()[..end].iter().rev().zip(&context).take_while(|(a, b)| a == b).count();
            if length > best.0 {
                best = (length, text[end..].lines().next().unwrap_or_default().trim_end());
            }
        }
    }
    best.1
}

/// The result and the shortest of three times in µs: what the work takes when no other program has the core.
pub fn timed<S, T>(set_up: impl Fn() -> S, work: impl Fn(&mut S) -> T) -> (T, f64) {
    let once = || {
        let mut state = set_up();
        let started = Instant::now();
        let result = std::hint::black_box(work(&mut state));
        (result, started.elapsed().as_secs_f64() * 1e6)
    };
    let (result, first) = once();
    (result, first.min(once().1).min(once().1))
}

fn line(name: &str, results: &[Result]) {
    let n = results.len().max(1) as f64;
    let exact = results.iter().filter(|r| r.exact).count() as f64 / n;
    let mid: Vec<&Result> = results.iter().filter(|r| r.mid_word).collect();
    let mid_exact = mid.iter().filter(|r| r.exact).count() as f64 / mid.len().max(1) as f64;
    let words: Vec<&Result> = results.iter().filter(|r| r.has_word).collect();
    let word_exact = words.iter().filter(|r| r.exact).count() as f64 / words.len().max(1) as f64;
    let several: Vec<&Result> = results.iter().filter(|r| r.lines > 1).collect();
    let several_right = several.iter().filter(|r| r.lines_right).count() as f64 / several.len().max(1) as f64;
    let similarity = results.iter().map(|r| r.similarity).sum::<f64>() / n;
    let shown = results.iter().filter(|r| r.shown).count() as f64 / n;
    let thresholds = THRESHOLDS.map(|threshold| {
        let shown: Vec<&Result> = results.iter().filter(|r| r.shown && r.confidence >= threshold).collect();
        let right = shown.iter().filter(|r| r.exact).count() as f64 / shown.len().max(1) as f64;
        format!("{:>18.1} / {:>5.1}", 100.0 * shown.len() as f64 / n, 100.0 * right)
    });
    let mut us: Vec<f64> = results.iter().map(|r| r.us).collect();
    us.sort_by(f64::total_cmp);
    println!(
        "{name:<11} {:>5} {:>8.1} ± {:>3.1} {:>9.1} {:>9.1} {:>9.1} {:>8.1} {:>7.1} | {} | {:>6.0} {:>6.0} {:>6.0} | {} / {:.1}",
        results.len(),
        100.0 * exact,
        100.0 * (exact * (1.0 - exact) / n).sqrt(),
        100.0 * results.iter().filter(|r| r.copied).count() as f64 / n,
        100.0 * word_exact,
        100.0 * mid_exact,
        100.0 * similarity,
        100.0 * shown,
        thresholds.join(" | "),
        percentile(&us, 50),
        percentile(&us, 95),
        percentile(&us, 99),
        several.len(),
        100.0 * several_right
    );
}

pub fn percentile(sorted: &[f64], percent: usize) -> f64 {
    sorted.get(((sorted.len() * percent) / 100).min(sorted.len().saturating_sub(1))).copied().unwrap_or(0.0)
}

fn calibration(results: &[Result]) {
    println!("calibration: confidence in tenths, n, mean confidence %, right %");
    for tenth in 0..10 {
        let bin: Vec<&Result> =
            results.iter().filter(|r| r.shown && ((r.confidence * 10.0) as usize).min(9) == tenth).collect();
        if bin.is_empty() {
            continue;
        }
        let n = bin.len() as f64;
        let mean = bin.iter().map(|r| f64::from(r.confidence)).sum::<f64>() / n;
        let right = bin.iter().filter(|r| r.exact).count() as f64 / n;
        println!("  0.{tenth}  {:>5}  {:>5.1}  {:>5.1}", bin.len(), 100.0 * mean, 100.0 * right);
    }
}

/// The cost in long files: the files of each language one after the other, a key typed at places spread over them.
fn long_files(files: &[File], cursors: &[Cursor]) {
    println!("\n## long files, µs");
    let languages = LANGUAGES.into_iter().flat_map(|language| [(language, 5_000), (language, 20_000)]);
    for (language, count) in languages {
        let lines = files.iter().filter(|file| file.language == language).flat_map(|file| file.text.lines());
        let lines: Vec<&str> = lines.take(count).collect();
        if lines.len() < count || !cursors.iter().any(|cursor| cursor.language == language) {
            continue;
        }
        let text = lines.join("\n");
        let rope = Rope::from_str(&text);
        let tokens = DocumentTokens::new(&rope);
        let mut random = super::positions::Random(3);
        let (mut typed, mut us) = (Vec::new(), Vec::new());
        for _ in 0..500 {
            let at = rope.char_to_byte(random.below(rope.len_chars()));
            // A key is typed, as before every request: the tokens follow, and their index is built anew.
            let mut after = rope.clone();
            after.insert_char(after.byte_to_char(at), 'e');
            let point = Point::default();
            let edit = Edit {
                start_byte: at,
                old_end_byte: at,
                new_end_byte: at + 1,
                start_point: point,
                old_end_point: point,
                new_end_point: point,
            };
            typed.push(timed(|| tokens.clone(), |tokens| tokens.apply(&after, &[edit])).1);
            let mut tokens = tokens.clone();
            tokens.apply(&after, &[edit]);
            let corpus = || Corpus::new(Arc::new(tokens.clone()), at + 1, Vec::new());
            us.push(timed(corpus, |corpus| predict(corpus, Limits::LINE)).1);
        }
        typed.sort_by(f64::total_cmp);
        us.sort_by(f64::total_cmp);
        println!(
            "{:<11} {count:>6} lines {:>7} tokens  suggestion p50 {:>5.0}  p95 {:>5.0}  p99 {:>5.0}  edit p50 {:>5.0}  p95 {:>5.0}",
            format!("{language:?}"),
            tokens.len(),
            percentile(&us, 50),
            percentile(&us, 95),
            percentile(&us, 99),
            percentile(&typed, 50),
            percentile(&typed, 95)
        );
    }
}

/// 1 − Levenshtein distance / length of the longer text, in characters.
fn similarity(a: &str, b: &str) -> f64 {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let longest = a.len().max(b.len());
    if longest == 0 {
        return 1.0;
    }
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let substituted = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = substituted.min(row[j] + 1).min(diagonal + 1);
        }
    }
    1.0 - row[b.len()] as f64 / longest as f64
}
