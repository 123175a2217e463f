//! How fast a model comes from a hub on this machine, beside what the same server gives to who only reads, and to who only reads
//! and writes: seconds, CPU and memory, in turns.
//!
//! `cargo bench --no-default-features --features cloud --bench pull -- [--bytes N] [--rounds N] [--connections N]
//! [--line MB/S] [--directory DIRECTORY]`
//! Server and clients are processes of their own: each starts this program again. `discard` reads one answer and forgets it,
//! `write` writes it to a file as `curl -o` would, `synced` makes sure that it is on the disk, which a pull does before it calls a
//! file whole; `pull` is a pull: parts, digest, journal. `--line` limits what the server sends in a second, to all connections
//! together, as a line to a network does; without it the processors of the machine are what is measured.

#[path = "../tests/doubles/hub.rs"]
mod hub;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
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
    match part {
        "pull" => pull(port, connections, place),
        _ => raw(part, port, size, place),
    }
    let seconds = begin.elapsed().as_secs_f64();
    println!("{seconds} {} {}", cpu_seconds(), peak_kib());
}

fn raw(part: &str, port: u16, size: u64, place: &Path) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a connection");
    let request = format!("GET /owner/model/resolve/main/{FILE} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let mut file = (part != "discard").then(|| std::fs::File::create(place).expect("a file"));
    let mut piece = vec![0; 1 << 20];
    let (mut left, mut head) = (size, Vec::new());
    while left > 0 {
        let count = stream.read(&mut piece).expect("bytes");
        assert!(count > 0, "the server ended early");
        let mut bytes = &piece[..count];
        if let Some(end) = Some(()).filter(|()| left == size).and_then(|()| {
            let before = head.len();
            head.extend_from_slice(bytes);
            head.windows(4).position(|window| window == b"\r\n\r\n").map(|at| at + 4 - before)
        }) {
            bytes = &bytes[end..];
        } else if left == size {
            continue;
        }
        left -= bytes.len() as u64;
        if let Some(file) = &mut file {
            file.write_all(bytes).expect("room");
        }
    }
    if part == "synced" {
        file.expect("a file").sync_data().expect("a disk");
    }
}

fn pull(port: u16, connections: usize, place: &Path) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(connections + 2)
        .enable_all()
        .build()
        .expect("a runtime");
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
    let directory = place.with_extension("partial");
    let partial = Arc::new(Partial::try_take(&directory, "a").expect("a folder").expect("nobody else"));
    runtime.block_on(async {
        let source = Source::Hub(file);
        let remote = fetch.look(&source).await.expect("a file");
        fetch.bring(&source, remote, &partial, None).await.expect("the file");
    });
    partial.discard().expect("a file to remove");
}

#[derive(Clone, Copy)]
struct Run {
    seconds: f64,
    cpu: f64,
    peak_kib: f64,
}

fn measure(arguments: &Arguments) {
    let program = std::env::current_exe().expect("this program");
    let mut server = start(&program, arguments);
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("its output")).read_line(&mut line).expect("a port");
    let port = line.trim();
    let place = tempfile::tempdir_in(&arguments.directory).expect("a folder");
    let parts = ["discard", "write", "synced", "pull"];
    let mut runs: Vec<Vec<Run>> = vec![Vec::new(); parts.len()];
    for _ in 0..arguments.rounds {
        for (part, runs) in parts.iter().zip(&mut runs) {
            let file = place.path().join(part);
            let output = Command::new(&program)
                .args(["play", part, port, &arguments.bytes.to_string(), &arguments.connections.to_string()])
                .arg(&file)
                .stderr(Stdio::inherit())
                .output()
                .expect("a process");
            assert!(output.status.success(), "{part} failed");
            let text = String::from_utf8(output.stdout).expect("numbers");
            let numbers: Vec<f64> = text.split_whitespace().map(|word| word.parse().expect("a number")).collect();
            runs.push(Run { seconds: numbers[0], cpu: numbers[1], peak_kib: numbers[2] });
            drop(std::fs::remove_file(&file));
        }
    }
    drop(server.stdin.take());
    drop(server.wait());
    let mb = arguments.bytes as f64 / 1e6;
    if arguments.line > 0 {
        println!("a line of {} MB/s", arguments.line);
    }
    println!(
        "{} MB, {} rounds in turns, {} connections for the pull; medians",
        mb.round(),
        arguments.rounds,
        arguments.connections
    );
    println!("| | MB/s | of `discard` | of `write` | of `synced` | CPU s | peak MiB |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    let median = |runs: &[Run], of: fn(&Run) -> f64| {
        let mut values: Vec<f64> = runs.iter().map(of).collect();
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    };
    let rates: Vec<f64> = runs.iter().map(|runs| mb / median(runs, |run| run.seconds)).collect();
    for ((part, runs), rate) in parts.iter().zip(&runs).zip(&rates) {
        let share = |at: usize| format!("{:.0} %", 100.0 * rate / rates[at]);
        println!(
            "| {part} | {rate:.0} | {} | {} | {} | {:.2} | {:.0} |",
            share(0),
            share(1),
            share(2),
            median(runs, |run| run.cpu),
            median(runs, |run| run.peak_kib) / 1024.0
        );
    }
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

/// Most memory that this process had at once; Linux alone says so.
fn peak_kib() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(f64::NAN)
}
