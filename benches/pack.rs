//! What packing a question costs: 100,000 tokens from a repository, wall-clock and CPU, and whether it is the same each time.
//!
//! `cargo bench --no-default-features --features cloud --bench pack -- DIRECTORY …` (public repositories, checked out somewhere).

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tandem::ask::{Question, Workspace, measure_pack};
use tandem::config::{IndexSettings, Settings};
use tandem::index::{Index, IndexOptions};

const TOKENS: usize = 100_000;
const ROUNDS: usize = 5;
const QUESTIONS: [&str; 3] = [
    "How does a request get from the network to where it is stored?",
    "Where are errors turned into messages for the user, and who decides which ones are shown?",
    "How is configuration read, checked and handed to the parts that need it?",
];

fn main() {
    let directories: Vec<String> = std::env::args().skip(1).filter(|word| !word.starts_with('-')).collect();
    if directories.is_empty() {
        println!("pack: no directories given: cargo bench … --bench pack -- DIRECTORY …");
    }
    for directory in directories {
        one(Path::new(&directory));
    }
}

fn one(directory: &Path) {
    let index = Index::open(directory, IndexOptions::new(&IndexSettings::default(), None));
    index.settle();
    index.update_graph();
    let files = index.read().totals().files;
    println!("{}: {files} files", directory.display());
    let settings = Arc::new(Settings::default());
    let workspace = Workspace { index, documents: Vec::new(), user: settings.clone(), settings, git: None };
    for text in QUESTIONS {
        let question = Question { text: text.to_owned(), ..Question::default() };
        let mut walls = Vec::new();
        let mut cpus = Vec::new();
        let mut first = None;
        let mut is_same = true;
        for _ in 0..ROUNDS {
            let (started, cpu) = (Instant::now(), cpu());
            let pack = measure_pack(&workspace, &question, TOKENS);
            walls.push(started.elapsed());
            cpus.push(self::cpu().saturating_sub(cpu));
            is_same &= first.get_or_insert_with(|| pack.clone()) == &pack;
        }
        walls.sort();
        cpus.sort();
        let (tokens, pieces) = first.map_or((0, 0), |pack| (pack.tokens, pack.pieces));
        println!(
            "  {tokens:>7} tokens in {pieces:>4} pieces: wall {:>4} ms median, {:>4} ms worst; CPU {:>4} ms median; the same each time: {is_same}",
            walls[ROUNDS / 2].as_millis(),
            walls[ROUNDS - 1].as_millis(),
            cpus[ROUNDS / 2].as_millis(),
        );
    }
}

/// User and system time of this process, of all its threads.
#[cfg(unix)]
fn cpu() -> Duration {
    // SAFETY: the structure is plain numbers, and getrusage fills it.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    let of = |time: libc::timeval| Duration::from_micros(time.tv_sec as u64 * 1_000_000 + time.tv_usec as u64);
    of(usage.ru_utime) + of(usage.ru_stime)
}

#[cfg(not(unix))]
fn cpu() -> Duration {
    Duration::ZERO
}
