//! What the way out costs before the first byte leaves: policy, secret scan, encoding, reservation and record of a large pack of
//! real code, in CPU time of this process.
//!
//! `cargo bench --no-default-features --features cloud --bench door -- [--bytes N] [--rounds N] DIRECTORY …`
//! The pack is made of the directory's files in the order of their paths, in pieces of some lines each as definitions are, up to
//! so many bytes (400,000: 100,000 tokens of code at 4 bytes each). Files with a secret that never leaves are passed over.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use tandem::budget::{Calibration, Clock, Guards, Ledger, Limits, PriceTable, SqliteLedger, zone};
use tandem::config::{ConsentMode, ProviderKind, Settings};
use tandem::gate::audit::AuditLog;
use tandem::gate::{Consent, ConsentStore, Door, Draft, DraftTurn, Piece, Policy, Section, Source, Withheld, clear};
use tandem::privacy::secrets::{Placeholders, Scanner};
use tandem::privacy::{IgnoreRules, UserKey};
use tandem::providers::{CacheLife, Endpoint, Role};

/// Lines of a piece, as a definition of middling length has.
const PIECE_LINES: usize = 30;

struct Arguments {
    directories: Vec<PathBuf>,
    bytes: usize,
    rounds: usize,
}

fn arguments() -> Result<Arguments, String> {
    let mut parsed = Arguments { directories: Vec::new(), bytes: 400_000, rounds: 30 };
    let mut given = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = given.next() {
        if !word.starts_with("--") {
            parsed.directories.push(PathBuf::from(word));
            continue;
        }
        let value = given.next().ok_or_else(|| format!("{word} wants a value"))?;
        let number = value.parse::<usize>().map_err(|_| format!("{word} wants a number, not {value}"))?;
        match word.as_str() {
            "--bytes" => parsed.bytes = number,
            "--rounds" => parsed.rounds = number.max(1),
            _ => return Err(format!("unknown argument {word}")),
        }
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(message) => {
            eprintln!("{message}");
            return ExitCode::from(2);
        }
    };
    if arguments.directories.is_empty() {
        println!("nothing to measure: give directories (see the head of benches/door.rs)");
    }
    for directory in &arguments.directories {
        measure(directory, &arguments);
    }
    ExitCode::SUCCESS
}

fn measure(root: &Path, arguments: &Arguments) {
    let mut pieces = pack(root, arguments.bytes, false);
    let mut settings = Settings::default();
    settings.cloud.provider = "anthropic".to_owned();
    let policy = || Policy::new(&settings, root, true, true, Placeholders::new(UserKey::new([1; 32])));
    // The first one of a process compiles the rules.
    let start = cpu_ms();
    let first = clear(&draft(pieces.clone()), &policy());
    let cold = cpu_ms() - start;
    if matches!(first, Err(Withheld::Secret { .. })) {
        pieces = pack(root, arguments.bytes, true);
    }
    let bytes: usize = pieces.iter().map(|piece| piece.text.len()).sum();
    let state = tempfile::tempdir().expect("a directory");
    let ledger = SqliteLedger::open(&state.path().join("ledger.db"), Clock::system(), zone("UTC").expect("UTC"));
    let door = Door {
        ledger: Arc::new(ledger.expect("a ledger")) as Arc<dyn Ledger>,
        audit: Arc::new(AuditLog::new(state.path().join("audit.jsonl"), 365)),
        consents: Arc::new(ConsentStore::new(state.path().join("consents.json"))),
        consent: ConsentMode::Workspace,
        prices: Arc::new(PriceTable::shipped(Path::new("prices.toml"))),
        calibration: Arc::new(Calibration::in_memory()),
        limits: Limits::read(&["$100000 per month", "$50000 per day"]).readable,
        guards: Guards::OFF,
        session: "bench".to_owned(),
        workspace: "bench".to_owned(),
        keeps_contents: false,
        clock: Arc::new(SystemTime::now),
    };
    let draft = draft(pieces);
    println!("{}: {} pieces, {bytes} bytes", root.display(), draft.turns[0].sections[0].pieces.len());

    let mut rounds: Vec<[f64; 6]> = Vec::new();
    for _ in 0..arguments.rounds {
        let wall = Instant::now();
        let start = cpu_ms();
        let prompt = clear(&draft, &policy()).expect("a pack without a secret that blocks");
        let cleared = cpu_ms();
        let prompt = Arc::new(prompt);
        let preview = door.preview(&prompt).expect("a preview");
        let previewed = cpu_ms();
        let consent = Consent::once(&preview);
        let reservation = door.reserve(Arc::clone(&prompt), &consent, 1).expect("a reservation");
        let reserved = cpu_ms();
        let permit = reservation.record().expect("a record").permit();
        let recorded = cpu_ms();
        let elapsed = wall.elapsed().as_secs_f64() * 1e3;
        rounds.push([
            cleared - start,
            previewed - cleared,
            reserved - previewed,
            recorded - reserved,
            recorded - start,
            elapsed,
        ]);
        drop(permit);
        if rounds.len() == 1 {
            let redactions: usize = prompt.manifest().redactions.iter().map(|redacted| redacted.count).sum();
            println!(
                "  tokens {:?}, {} files, {redactions} redactions",
                preview.input_tokens,
                prompt.manifest().files.len()
            );
        }
    }
    let names = ["clear and encode", "preview", "reserve", "record", "all, CPU", "all, wall"];
    println!("  first clear of all {cold:.1} ms, CPU");
    println!("  {:<18}{:>9}{:>9}   ms", "", "p50", "p95");
    for (column, name) in names.iter().enumerate() {
        let mut values: Vec<f64> = rounds.iter().map(|round| round[column]).collect();
        values.sort_by(f64::total_cmp);
        let at = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
        println!("  {name:<18}{:>9.1}{:>9.1}", at(0.5), at(0.95));
    }
}

/// Pieces of the directory's files, up to so many bytes; `without_secrets`: of those without one that never leaves.
fn pack(root: &Path, bytes: usize, without_secrets: bool) -> Vec<Piece> {
    let rules = IgnoreRules::new(root, &[]);
    let mut files = Vec::new();
    collect(root, &rules, &mut files);
    files.sort();
    let mut pieces = Vec::new();
    let mut size = 0;
    for file in files {
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        if text.len() > 200_000 || without_secrets && Scanner::shared().find(&text).iter().any(|finding| finding.blocks)
        {
            continue;
        }
        let path = file.strip_prefix(root).expect("a file of the directory").to_string_lossy().replace('\\', "/");
        let mut start = 0;
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        for lines in lines.chunks(PIECE_LINES) {
            let piece = lines.concat();
            let end = start + piece.len();
            size += piece.len();
            pieces.push(Piece { text: piece.into(), source: Source::File { path: path.clone(), bytes: start..end } });
            start = end;
            if size >= bytes {
                return pieces;
            }
        }
    }
    pieces
}

fn collect(directory: &Path, rules: &IgnoreRules, files: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(directory) else { return };
    for entry in entries.flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        let path = entry.path();
        if rules.denies(&path, kind.is_dir()) {
            continue;
        }
        if kind.is_dir() {
            collect(&path, rules, files);
        } else if kind.is_file() {
            files.push(path);
        }
    }
}

fn draft(pieces: Vec<Piece>) -> Draft {
    let words = |text: &str, source| Section { pieces: vec![Piece { text: text.into(), source }], cache: None };
    Draft {
        endpoint: Arc::new(Endpoint {
            name: "anthropic".to_owned(),
            kind: ProviderKind::Anthropic,
            base_url: "https://api.anthropic.com".to_owned(),
            region: None,
            api_version: None,
            price_as: None,
            shows_bearer: false,
            is_local: false,
        }),
        model: "claude-opus-5-5".to_owned(),
        system: vec![words("Answer from the files.\n", Source::Instructions)],
        turns: vec![DraftTurn {
            role: Role::User,
            sections: vec![
                Section { pieces, cache: Some(CacheLife::Short) },
                words("How does a request reach the database?", Source::Question),
            ],
        }],
        max_output: 8192,
        fill: None,
        effort: None,
    }
}

/// CPU time of the whole process, in ms.
#[cfg(unix)]
fn cpu_ms() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on all of these systems, and the time is ours to write to.
    unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &raw mut time) };
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}

/// Where no such clock is at hand: the time that passed.
#[cfg(not(unix))]
fn cpu_ms() -> f64 {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    START.get_or_init(Instant::now).elapsed().as_secs_f64() * 1e3
}
