//! What the secret scanner costs, and what it takes for a secret in real repositories.
//!
//! `cargo bench --no-default-features --bench secrets -- [--show N] [DIRECTORY …]`
//! Without a directory the repository itself. Each text file up to 1 MiB is scanned alone, and all of them as texts of 400 kB,
//! about 100,000 tokens, as large questions are. `--show N` prints up to N findings a rule with what stands around them.
//! Then lines of 16 MiB in which a rule begins everywhere: what a hostile file costs.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use tandem::privacy::UserKey;
use tandem::privacy::secrets::{Placeholders, Scanner, redact};

/// 100,000 tokens of code at four bytes each.
const QUESTION: usize = 400_000;

const MAX_FILE: usize = 1 << 20;

const HOSTILE: usize = 16 << 20;

fn main() -> ExitCode {
    let (mut show, mut directories) = (0, Vec::new());
    let mut words = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = words.next() {
        match word.as_str() {
            "--show" => match words.next().map(|number| number.parse()) {
                Some(Ok(number)) => show = number,
                _ => {
                    eprintln!("--show wants a number");
                    return ExitCode::from(2);
                }
            },
            _ => directories.push(PathBuf::from(word)),
        }
    }
    if directories.is_empty() {
        directories.push(env!("CARGO_MANIFEST_DIR").into());
    }
    let begin = Instant::now();
    let scanner = Scanner::shared();
    println!("rules read and keywords built in {:.1} ms", ms(begin.elapsed()));
    for directory in &directories {
        repository(scanner, directory, show);
    }
    hostile(scanner);
    ExitCode::SUCCESS
}

fn repository(scanner: &Scanner, directory: &Path, show: usize) {
    let mut files = Vec::new();
    collect(directory, &mut files);
    let mut findings: BTreeMap<String, (usize, bool, Vec<String>)> = BTreeMap::new();
    let (mut bytes, mut touched) = (0, 0);
    for (path, text) in &files {
        bytes += text.len();
        let found = scanner.find(text);
        touched += usize::from(!found.is_empty());
        for finding in found {
            let rule = findings.entry(finding.rule.to_string()).or_default();
            rule.0 += 1;
            rule.1 |= finding.blocks;
            if rule.2.len() < show {
                let start = boundary(text, finding.range.start.saturating_sub(40));
                let end = boundary(text, finding.range.end.min(finding.range.start + 40));
                rule.2.push(format!("{}: {}", path.display(), text[start..end].replace('\n', "⏎")));
            }
        }
    }
    let count: usize = findings.values().map(|rule| rule.0).sum();
    println!("{}: {} files, {bytes} bytes, {count} findings in {touched} files", directory.display(), files.len());
    for (rule, (count, blocks, shown)) in findings {
        println!("  {count:5}  {rule}{}", if blocks { " (stays local)" } else { "" });
        for line in shown {
            println!("         {line}");
        }
    }
    questions(scanner, &files);
}

/// Texts as large as questions, cut from the files in their order.
fn questions(scanner: &Scanner, files: &[(PathBuf, String)]) {
    let placeholders = Placeholders::new(UserKey::new([1; 32]));
    let mut times = Vec::new();
    let mut question = String::new();
    for (_, text) in files {
        question.push_str(text);
        if question.len() >= QUESTION {
            let end = boundary(&question, QUESTION);
            let begin = Instant::now();
            let found = scanner.find(&question[..end]);
            std::hint::black_box(redact(&question[..end], &found, &placeholders));
            times.push(begin.elapsed());
            question.clear();
        }
    }
    times.sort();
    let (Some(least), Some(last), Some(median)) = (times.first(), times.last(), times.get(times.len() / 2)) else {
        return;
    };
    let (number, p99) = (times.len(), times[(times.len() * 99 / 100).min(times.len() - 1)]);
    let [least, median, p99, last] = [*least, *median, p99, *last].map(ms);
    println!("  {number} texts of 400 kB: least {least:.1} ms, median {median:.1}, p99 {p99:.1}, most {last:.1}");
}

fn hostile(scanner: &Scanner) {
    for piece in [
        "x",
        "password=",
        "password=\"",
        "secret: 'a1",
        "-----BEGIN PRIVATE KEY-----",
        "-----END PRIVATE KEY-----",
        "eyJaaaaaaaaaaa.",
        "://a:b",
        "bearer ",
        "authorization:",
        "AKIA",
        "discord",
        "kind: Secret",
        "\"kty\"",
        "\\\"token\\\":",
        "sk-aaaaaaaaaaaaaaa1",
    ] {
        let line = piece.repeat(HOSTILE / piece.len());
        let begin = Instant::now();
        let found = scanner.find(&line).len();
        println!("16 MiB of {piece:?}: {:.0} ms, {found} findings", ms(begin.elapsed()));
    }
}

fn collect(directory: &Path, files: &mut Vec<(PathBuf, String)>) {
    let mut entries: Vec<_> = std::fs::read_dir(directory).into_iter().flatten().flatten().collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if path.is_symlink() || [".git", "target", "node_modules"].iter().any(|name| entry.file_name() == *name) {
            continue;
        }
        if path.is_dir() {
            collect(&path, files);
        } else if entry.metadata().is_ok_and(|data| data.len() <= MAX_FILE as u64)
            && let Ok(text) = std::fs::read_to_string(&path)
        {
            files.push((path, text));
        }
    }
}

/// The last border between characters up to there.
fn boundary(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
