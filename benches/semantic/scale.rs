//! What vectors cost beside the model that makes them: CPU time, memory, disk, searches, a save, a start.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use tandem::config::IndexSettings;
use tandem::engine::CancelFlag;
use tandem::engine::embed::{EmbedEngine, EmbedError, EmbedJob, Purpose, normalised};
use tandem::index::{Index, IndexOptions, Meaning, SearchBy};

use crate::cost::{Times, mb, memory, timed};

/// Functions of a file, and their rows.
const IN_FILE: usize = 50;
const SAVES: usize = 20;
const WORDS: [&str; 24] = [
    "queue", "token", "parse", "render", "cursor", "buffer", "socket", "ledger", "branch", "commit", "window",
    "schema", "cache", "worker", "budget", "syntax", "format", "stream", "policy", "thread", "signal", "record",
    "filter", "merge",
];

/// A vector of noise for each text, always the same for the same text, and what it took to make it.
#[derive(Default)]
struct Noise {
    dimensions: usize,
    documents: AtomicUsize,
    nanoseconds: AtomicU64,
}

impl EmbedEngine for Noise {
    fn embed(&self, job: EmbedJob, _: &CancelFlag, _: Duration) -> Result<Vec<Vec<f32>>, EmbedError> {
        let before = thread_cpu();
        let vectors = job.texts.iter().map(|text| self.vector(text)).collect();
        if job.purpose == Purpose::Document {
            self.documents.fetch_add(job.texts.len(), Ordering::Relaxed);
        }
        self.nanoseconds.fetch_add((thread_cpu() - before).as_nanos() as u64, Ordering::Relaxed);
        Ok(vectors)
    }
}

impl Noise {
    fn vector(&self, text: &str) -> Vec<f32> {
        let mut state =
            blake3::hash(text.as_bytes()).as_bytes().iter().take(8).fold(0, |all, byte| all << 8 | u64::from(*byte));
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        };
        normalised((0..self.dimensions).map(|_| next()).collect()).expect("it has a length")
    }
}

pub fn run(pieces: usize, dimensions: usize, count: usize) {
    let (workspace, store) = (tempfile::tempdir().expect("a directory"), tempfile::tempdir().expect("a directory"));
    write_all(workspace.path(), pieces);
    let settings = IndexSettings { cpu_share: 100, vectors_mb: 4096, ..IndexSettings::default() };
    let options = IndexOptions::new(&settings, Some(store.path().to_owned()));
    let (index, indexing) = timed(|| {
        let index = Index::open(workspace.path(), options.clone());
        index.settle();
        index.save().expect("it can be stored");
        index
    });
    let noise = Arc::new(Noise { dimensions, ..Noise::default() });
    let meaning = Meaning {
        bytes: 4 << 30,
        // One save, which is measured apart.
        save_after: Duration::from_secs(1 << 20),
        ..Meaning::new(noise.clone(), "noise".to_owned(), "noise".to_owned())
    };
    let (before, _) = memory();
    let (_, making) = timed(|| {
        index.understand(Some(meaning.clone()));
        index.settle_vectors(|_| false);
    });
    let (after, _) = memory();
    let status = index.vector_status().expect("a model");
    let made = noise.documents.load(Ordering::Relaxed);
    let of_model = Duration::from_nanos(noise.nanoseconds.load(Ordering::Relaxed));
    println!(
        "{made} vectors of {dimensions} numbers for {} pieces; indexing took {:.1} s of CPU",
        status.pieces,
        indexing.as_secs_f64()
    );
    let own = making.saturating_sub(of_model).as_secs_f64() * 1e6 / made as f64;
    println!(
        "beside the model: {own:.0} µs of CPU a piece (the noise itself {:.0})",
        of_model.as_secs_f64() * 1e6 / made as f64
    );
    println!(
        "memory: {:.0} bytes a vector as counted, {:.0} as resident memory grew ({:.1} MB); as f32 the numbers alone were {}",
        status.bytes as f64 / made as f64,
        after.saturating_sub(before) as f64 / made as f64,
        mb(after.saturating_sub(before)),
        dimensions * 4
    );
    let (saved, saving) = timed(|| index.save());
    saved.expect("it can be stored");
    let file = index.stored_at().expect("it is stored").with_extension("vectors");
    let bytes = file.metadata().expect("it is there").len();
    println!(
        "disk: {:.1} MB, {:.0} bytes a vector; {:.2} s of CPU to write",
        mb(bytes),
        bytes as f64 / made as f64,
        saving.as_secs_f64()
    );
    searches(&index, count);
    saves(&index, workspace.path(), &noise);
    drop(index);
    start(workspace.path(), options, meaning, &noise);
}

fn searches(index: &Index, count: usize) {
    for (name, by) in [("words", SearchBy::Words), ("vectors", SearchBy::Meaning), ("both", SearchBy::Best)] {
        let mut times = Times::default();
        let (_, work) = timed(|| {
            for number in 0..count {
                let query = format!("{} {} the {}", word(number), word(number / 3 + 7), word(number * 5 + 1));
                assert!(!times.add(|| index.search_by(&query, 10, by)).is_empty());
            }
        });
        println!(
            "a search by {name}: {}; {:.1} ms of CPU",
            times.describe(),
            work.as_secs_f64() * 1e3 / count.max(1) as f64
        );
    }
}

/// One function of a file changes.
fn saves(index: &Index, folder: &Path, noise: &Noise) {
    let mut times = Times::default();
    let before = noise.documents.load(Ordering::Relaxed);
    let (_, work) = timed(|| {
        for number in 0..SAVES {
            let path = folder.join(path(number));
            let text = std::fs::read_to_string(&path).expect("a file");
            std::fs::write(&path, text.replacen("let total = 0", &format!("let total = {number} + 1"), 1))
                .expect("written");
            times.add(|| {
                index.changed(vec![path.clone()]);
                index.settle();
                index.settle_vectors(|_| false);
            });
        }
    });
    let made = noise.documents.load(Ordering::Relaxed) - before;
    println!(
        "a save of a file of {IN_FILE} functions with one changed: {:.2} texts made anew; {}; {:.1} ms of CPU with indexing it",
        made as f64 / SAVES as f64,
        times.describe(),
        work.as_secs_f64() * 1e3 / SAVES as f64
    );
}

/// The next start, with everything stored.
fn start(folder: &Path, options: IndexOptions, meaning: Meaning, noise: &Noise) {
    let index = Index::open(folder, options);
    index.settle();
    let before = noise.documents.load(Ordering::Relaxed);
    let begun = Instant::now();
    let (_, work) = timed(|| {
        index.understand(Some(meaning));
        index.settle_vectors(|_| false);
    });
    println!(
        "the next start: {} texts made anew; {:.2} s, {:.2} s of CPU until all vectors are there",
        noise.documents.load(Ordering::Relaxed) - before,
        begun.elapsed().as_secs_f64(),
        work.as_secs_f64()
    );
}

fn word(number: usize) -> &'static str {
    WORDS[number % WORDS.len()]
}

fn path(file: usize) -> String {
    format!("src/part{}/{}_{file}.rs", file % 40, word(file))
}

fn write_all(folder: &Path, pieces: usize) {
    for file in 0..pieces.div_ceil(IN_FILE) {
        let mut text = String::new();
        for function in 0..IN_FILE.min(pieces - file * IN_FILE) {
            let (one, other, third) = (word(function), word(function / 5 + file), word(file / 7 + function * 3));
            // What stands between two functions is a piece only where it says something.
            let _ = write!(
                text,
                "/// Takes the {one} of a {other} and makes a {third} of it.\nfn {one}_{other}_{file}_{function}({third}: u64) -> u64 {{\n    let total = 0;\n    let {other} = {third} + total;\n    {one}_of({other}, {function})\n}}\n\n"
            );
        }
        let path = folder.join(path(file));
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }
}

/// CPU time of this thread.
fn thread_cpu() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the pointer is to a timespec, which clock_gettime fills.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
