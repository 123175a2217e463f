//! How fast a model comes from a hub on this machine, beside what the same server gives to who only reads, and to who only reads
//! and writes: seconds, CPU and memory, in turns.
//!
//! `cargo bench --no-default-features --features cloud --bench pull -- [--bytes N] [--rounds N] [--connections N]
//! [--line MB/S] [--directory DIRECTORY]`
//! Server and clients are processes of their own: each starts this program again, and all clients are the same HTTP client.
//! `discard` reads one answer and forgets it, `raw` writes it to a file, `synced` makes sure that it is on the disk, which a pull
//! does before it calls a file whole; `pull` is a pull: parts, digest, journal. `--line` limits what the server sends in a second, to all connections
//! together, as a line to a network does; without it the processors of the machine are what is measured.

#[path = "../tests/doubles/hub.rs"]
mod hub;

use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tandem::config::Environment;
use tandem::models::download::{Fetch, Options, Partial, Source};
use tandem::models::hub::{Hub, HubFile, HubSettings};
use tandem::network;
use tokio_util::sync::CancellationToken;

const FILE: &str = "model-Q8_0.gguf";

struct Arguments {
    bytes: u64,
    rounds: usize,
    connections: usize,
    line: u64,
    directory: PathBuf,
}

fn arguments() -> Result<Arguments, String> {
    let directory = std::env::temp_dir();
    let mut parsed = Arguments { bytes: 1 << 30, rounds: 5, connections: 4, line: 0, directory };
    let mut given = std::env::args().skip(1).filter(|word| word != "--bench");
    while let Some(word) = given.next() {
        let value = given.next().ok_or_else(|| format!("{word} wants a value"))?;
        let number = || value.parse::<u64>().map_err(|_| format!("{word} wants a number, not {value}"));
        match word.as_str() {
            "--bytes" => parsed.bytes = number()?.max(1 << 20),
            "--rounds" => parsed.rounds = number()?.max(1) as usize,
            "--connections" => parsed.connections = number()?.clamp(1, 16) as usize,
            "--line" => parsed.line = number()?,
            "--directory" => parsed.directory = PathBuf::from(value),
            _ => return Err(format!("unknown argument {word}")),
        }
    }
    Ok(parsed)
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["serve", bytes, line] => serve(bytes.parse().expect("bytes"), line.parse().expect("megabytes")),
        ["play", part, port, bytes, connections, place] => {
            let size = bytes.parse().expect("bytes");
            let connections = connections.parse().expect("a number");
            play(part, port.parse().expect("a port"), size, connections, Path::new(place));
        }
        _ => match arguments() {
            Ok(arguments) => measure(&arguments),
            Err(message) => {
                eprintln!("{message}");
                return ExitCode::from(2);
            }
        },
    }
    ExitCode::SUCCESS
}

/// Until stdin ends.
fn serve(bytes: u64, line: u64) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    runtime.block_on(async {
        let double = hub::Hub::with(vec![(FILE, hub::Content::model(bytes, 7))]).await;
        double.change(|rules| rules.line = (line > 0).then_some(line * 1_000_000));
        // Before anybody asks: it takes as long as a pull.
        double.content(FILE).sha256();
        println!("{}", double.port);
        let waiting = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new()));
        drop(waiting.await);
    });
}

/// One way to get the file, and what it took: on stdout, as numbers.
fn play(part: &str, port: u16, size: u64, connections: usize, place: &Path) {
    let begin = Instant::now();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(connections + 2)
        .enable_all()
        .build()
        .expect("a runtime");
    match part {
        "pull" => runtime.block_on(pull(port, connections, place)),
        _ => runtime.block_on(raw(part, port, size, place)),
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{seconds} {} {}", cpu_seconds(), peak_kib());
}

/// The same client, one answer, nothing but the file.
async fn raw(part: &str, port: u16, size: u64, place: &Path) {
    let builder = network::builder(&Environment::of(&[]), None, network::of_the_system()).expect("a client");
    let client = builder.http1_only().build().expect("a client");
    let address = format!("http://127.0.0.1:{port}/owner/model/resolve/main/{FILE}");
    let mut answer = client.get(address).send().await.expect("an answer");
    let mut file = (part != "discard").then(|| std::fs::File::create(place).expect("a file"));
    let mut came = 0;
    while let Some(bytes) = answer.chunk().await.expect("bytes") {
        came += bytes.len() as u64;
        if let Some(file) = &mut file {
            file.write_all(&bytes).expect("room");
        }
    }
    assert_eq!(came, size, "the server ended early");
    if part == "synced" {
        file.expect("a file").sync_data().expect("a disk");
    }
}

async fn pull(port: u16, connections: usize, place: &Path) {
    let builder = network::builder(&Environment::of(&[]), None, network::of_the_system()).expect("a client");
    let url = format!("http://127.0.0.1:{port}");
    let settings = HubSettings {
        url: &url,
        token_variable: "HF_TOKEN",
        token: None,
        connect: Duration::from_secs(5),
        silence: Duration::from_secs(30),
    };
    let fetch = Fetch {
        hub: Arc::new(Hub::new(builder, &settings).expect("a hub")),
        options: Options { ranges: connections, ..Options::default() },
        stop: CancellationToken::new(),
        on_event: Arc::new(|_| ()),
    };
    let file = HubFile::new("owner/model".parse().expect("a name"), "main", FILE).expect("a file");
    let partial = Arc::new(Partial::try_take(place, "a").expect("a folder").expect("nobody else"));
    let source = Source::Hub(file);
    let remote = fetch.look(&source).await.expect("a file");
    fetch.bring(&source, remote, &partial, None).await.expect("the file");
}

#[derive(Clone, Copy)]
struct Run {
    seconds: f64,
    cpu: f64,
    peak_kib: f64,
    server_cpu: f64,
}

fn measure(arguments: &Arguments) {
    let program = std::env::current_exe().expect("this program");
    let mut server = start(&program, arguments);
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("its output")).read_line(&mut line).expect("a port");
    let port = line.trim();
    let place = tempfile::tempdir_in(&arguments.directory).expect("a folder");
    let parts = ["discard", "raw", "synced", "pull"];
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); parts.len()];
    for round in 0..arguments.rounds {
        // Every other round backwards: who comes behind whom is the same for all.
        let order = |step: usize| if round % 2 == 0 { step } else { parts.len() - 1 - step };
        for at in (0..parts.len()).map(order) {
            let (part, file) = (parts[at], place.path().join(parts[at]));
            let before = cpu_seconds_of(server.id());
            let output = Command::new(&program)
                .args(["play", part, port, &arguments.bytes.to_string(), &arguments.connections.to_string()])
                .arg(&file)
                .stderr(Stdio::inherit())
                .output()
                .expect("a process");
            assert!(output.status.success(), "{part} failed");
            let text = String::from_utf8(output.stdout).expect("numbers");
            let numbers: Vec<f64> = text.split_whitespace().map(|word| word.parse().expect("a number")).collect();
            let server_cpu = cpu_seconds_of(server.id()) - before;
            runs[at].push(Run { seconds: numbers[0], cpu: numbers[1], peak_kib: numbers[2], server_cpu });
            // What the disk has not got of it by now it never gets: no run pays for the one before.
            drop(std::fs::remove_file(&file).or_else(|_| std::fs::remove_dir_all(&file)));
        }
    }
    drop(server.stdin.take());
    drop(server.wait());
    report(arguments, &parts, &runs);
}

fn report(arguments: &Arguments, parts: &[&str], runs: &[Vec<Run>]) {
    let mb = arguments.bytes as f64 / 1e6;
    if arguments.line > 0 {
        println!("a line of {} MB/s", arguments.line);
    }
    let Arguments { rounds, connections, .. } = arguments;
    println!(
        "{} MB, {rounds} rounds in turns, {connections} connections for the pull; medians (least–most)",
        mb.round()
    );
    println!("| | MB/s | of `raw`, % | of `synced`, % | CPU s | CPU s, server | peak MiB |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    for (part, own) in parts.iter().zip(runs) {
        // Of the same round: what else the machine does changes from one to the next.
        let share = |of: usize| -> Vec<f64> {
            own.iter().zip(&runs[of]).map(|(own, other)| 100.0 * other.seconds / own.seconds).collect()
        };
        println!(
            "| {part} | {} | {} | {} | {:.2} | {:.2} | {:.0} |",
            spread(own.iter().map(|run| mb / run.seconds).collect()),
            spread(share(1)),
            spread(share(2)),
            median(own.iter().map(|run| run.cpu).collect()),
            median(own.iter().map(|run| run.server_cpu).collect()),
            median(own.iter().map(|run| run.peak_kib / 1024.0).collect())
        );
    }
    // Where the processors are the limit, all of this has to be computed, and no arrangement of it helps.
    let cpu = |at: usize| median(runs[at].iter().map(|run| run.cpu + run.server_cpu).collect());
    let (raw, pull, digest) = (cpu(1), cpu(3), digest_seconds(arguments.bytes));
    println!(
        "CPU s, server included: raw {raw:.2}, pull {pull:.2}; SHA-256 alone {digest:.2}. With all processors busy a pull has {:.0} % \
         of raw, and one that does nothing but to compute the digest as well {:.0} %",
        100.0 * raw / pull,
        100.0 * raw / (raw + digest)
    );
}

/// CPU time of the digest of so many bytes that are in the processor's caches.
fn digest_seconds(bytes: u64) -> f64 {
    use sha2::Digest;

    let (piece, before) = (vec![7; 256 << 10], cpu_seconds());
    let mut hasher = sha2::Sha256::new();
    (0..bytes / piece.len() as u64).for_each(|_| hasher.update(&piece));
    std::hint::black_box(hasher.finalize());
    cpu_seconds() - before
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn spread(values: Vec<f64>) -> String {
    let (least, most) =
        values.iter().fold((f64::MAX, 0.0_f64), |(least, most), value| (least.min(*value), most.max(*value)));
    format!("{:.0} ({least:.0}–{most:.0})", median(values))
}

fn start(program: &Path, arguments: &Arguments) -> Child {
    let mut command = Command::new(program);
    command
        .args(["serve", &arguments.bytes.to_string(), &arguments.line.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    command.spawn().expect("a server")
}

/// User and system time of this process.
#[cfg(unix)]
fn cpu_seconds() -> f64 {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the call writes at most one rusage into the place it is given, and all zeros are a valid one.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

#[cfg(not(unix))]
fn cpu_seconds() -> f64 {
    f64::NAN
}

/// The same of another process, in hundredths of a second; Linux alone says so.
fn cpu_seconds_of(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let mut behind_name = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11);
    let mut ticks = || behind_name.next().and_then(|ticks| ticks.parse::<f64>().ok()).unwrap_or(f64::NAN);
    (ticks() + ticks()) / 100.0
}

/// Most memory that this process had at once; Linux alone says so.
fn peak_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
}
