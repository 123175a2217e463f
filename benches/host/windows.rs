//! Several windows on one host, with a model of some hundred megabytes: what memory they take together, how the model's
//! time is shared, and what the first token waits for beside another.
//!
//! Windows are processes of their own, as editors' servers are: this program, started as `window`.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use tandem::config::Settings;
use tandem::engine::host::{HostConfig, HostEngine, HostPaths};
use tandem::engine::{Engine, EngineState, Event, Finish, Generation, Job};

use super::synth::{self, Weights};

/// Between two suggestions of somebody who types.
const TYPING: Duration = Duration::from_millis(1500);

/// How long windows compete.
const SPAN: Duration = Duration::from_secs(20);

/// A shape of a 0.5B model's proportions with fewer layers and words: about 110 MB of Q8_0 weights.
pub fn write_model(path: &Path) {
    let mut spec = synth::known("qwen2.5-coder-0.5b").expect("it is known");
    (spec.layers, spec.vocabulary) = (5, 32_000);
    spec.write(path, Weights::Random(7)).expect("the model is written");
}

struct Setup {
    directory: PathBuf,
    model: PathBuf,
}

impl Setup {
    fn config(&self) -> HostConfig {
        let below = |name: &str| self.directory.join(name);
        let paths = HostPaths { runtime_dir: below("run"), state_dir: below("state"), cache_dir: below("cache") };
        let mut settings = Settings::default();
        settings.engine.threads = 1;
        settings.engine.model = Some(self.model.clone());
        settings.engine.unload_under_pressure = false;
        let mut config =
            HostConfig::new(paths, env!("CARGO_BIN_EXE_tandem").into(), &settings).expect("a configuration");
        config.idle = Duration::from_secs(5);
        config
    }
}

/// A window's process: it obeys lines on stdin and answers a line each.
struct Window {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Window {
    fn open(setup: &Setup) -> Self {
        let program = std::env::current_exe().expect("a path");
        let mut child = Command::new(program)
            .args(["window".as_ref(), setup.directory.as_os_str(), setup.model.as_os_str()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a window starts");
        let orders = child.stdin.take().expect("piped");
        let answers = BufReader::new(child.stdout.take().expect("piped"));
        let mut window = Self { child, orders, answers };
        window.answer();
        window
    }

    fn order(&mut self, order: &str) {
        writeln!(self.orders, "{order}").expect("the window reads");
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).expect("the window answers");
        line.trim().to_owned()
    }

    /// The numbers of an answer.
    fn numbers(&mut self) -> Vec<f64> {
        self.answer().split(' ').filter_map(|word| word.parse().ok()).collect()
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// RSS and PSS of a process in MB, from `/proc`.
pub fn memory(process: u32) -> (f64, f64) {
    let rollup = std::fs::read_to_string(format!("/proc/{process}/smaps_rollup")).unwrap_or_default();
    let of = |name: &str| {
        let line = rollup.lines().find_map(|line| line.strip_prefix(name)).unwrap_or("0");
        line.trim().trim_end_matches(" kB").parse::<f64>().unwrap_or(0.0) / 1024.0
    };
    (of("Rss:"), of("Pss:"))
}

pub fn measure() {
    let directory = tempfile::Builder::new().prefix("tw").tempdir().expect("tempdir");
    let setup = Setup { directory: directory.path().to_owned(), model: directory.path().join("model.gguf") };
    write_model(&setup.model);
    let megabytes = std::fs::metadata(&setup.model).expect("there").len() as f64 / 1e6;
    println!("several windows on one host, a model of {megabytes:.0} MB, one thread:");

    let mut windows: Vec<Window> = Vec::new();
    for count in 1..=3 {
        windows.push(Window::open(&setup));
        for window in &mut windows {
            window.order("ask 1 16");
        }
        windows.iter_mut().for_each(|window| drop(window.answer()));
        let window = windows.last_mut().expect("one");
        window.order("host");
        let host = window.numbers()[0] as u32;
        let (host_rss, host_pss) = memory(host);
        let of_windows: Vec<_> = windows.iter().map(|window| memory(window.child.id())).collect();
        let sum = |of: fn(&(f64, f64)) -> f64| of_windows.iter().map(of).sum::<f64>();
        println!(
            "  {count} windows: the host RSS {host_rss:.0} PSS {host_pss:.0} MB, the windows together RSS {:.0} PSS {:.0} \
             MB; all PSS {:.0} MB",
            sum(|memory| memory.0),
            sum(|memory| memory.1),
            host_pss + sum(|memory| memory.1)
        );
    }
    windows.truncate(2);

    // Jobs a second, tokens a second, and the first token's wait in ms (p50, p99); each window asks one after the other.
    let run = |windows: &mut [Window], orders: &[String]| -> Vec<Vec<f64>> {
        windows.iter_mut().zip(orders).for_each(|(window, order)| window.order(order));
        windows[..orders.len()].iter_mut().map(Window::numbers).collect()
    };
    let order = |open: usize, tokens: u32| format!("load {open} {tokens} {} 0", SPAN.as_millis());
    // As somebody who types: a pause after each suggestion.
    let typing = || format!("load 1 8 {} {}", SPAN.as_millis(), TYPING.as_millis());
    let alone = run(&mut windows, &[order(1, 16)]);
    println!("  alone, 16 tokens a job: {}", told(&alone[0]));
    println!("  alone, 8 tokens and a pause: {}", told(&run(&mut windows, &[typing()])[0]));
    for (what, orders) in [
        ("8 tokens and a pause beside a window that never stops, 64 tokens a job", [typing(), order(8, 64)]),
        ("both one job at a time, 16 tokens", [order(1, 16), order(1, 16)]),
        ("both eight jobs open, 16 tokens", [order(8, 16), order(8, 16)]),
        ("one job of 16 tokens open beside eight", [order(1, 16), order(8, 16)]),
        ("eight jobs open, 8 tokens beside 64", [order(8, 8), order(8, 64)]),
    ] {
        let both = run(&mut windows, &orders);
        let share = both[0][4] / (both[0][4] + both[1][4]).max(1.0);
        println!(
            "  {what}:\n    one {}\n    two {}\n    the first has {:.1} % of the time",
            told(&both[0]),
            told(&both[1]),
            share * 100.0
        );
    }
    drop(windows);
}

fn told(numbers: &[f64]) -> String {
    let [jobs, tokens, p50, p99, _] = numbers else { return "nothing".to_owned() };
    format!("{jobs:.1} jobs/s, {tokens:.0} tokens/s, first token p50 {p50:.0} p99 {p99:.0} ms")
}

/// `host window DIRECTORY MODEL`: connects, says so, and obeys.
pub fn window() {
    let arguments: Vec<PathBuf> = std::env::args_os().skip(2).map(PathBuf::from).collect();
    let setup = Setup { directory: arguments[0].clone(), model: arguments[1].clone() };
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let engine = HostEngine::new(setup.config(), runtime.handle());
    engine.connect();
    let mut status = engine.status();
    runtime.block_on(async {
        let settled = |state: &EngineState| matches!(state, EngineState::Ready | EngineState::Failed { .. });
        let status = status.wait_for(|status| settled(&status.state)).await.expect("the engine lives").clone();
        assert!(status.is_ready(), "{status:?}");
    });
    say("ready");
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        let words: Vec<&str> = line.split(' ').collect();
        let number = |index: usize| words.get(index).and_then(|word| word.parse::<u64>().ok()).unwrap_or(0);
        match words[0] {
            "host" => say(&engine.host_process().unwrap_or(0).to_string()),
            "ask" => {
                runtime.block_on(finish(engine.generate(job(number(1), number(2) as u32))));
                say("done");
            }
            "load" => {
                let [span, pause] = [3, 4].map(|index| Duration::from_millis(number(index)));
                let load = load(&engine, number(1), number(2) as u32, span, pause);
                say(&runtime.block_on(load));
            }
            other => panic!("no such order: {other}"),
        }
    }
}

fn say(line: &str) {
    println!("{line}");
    std::io::stdout().flush().expect("flushed");
}

/// Keeps `open` jobs open, each on a lane of its own with a prompt of its own, and a pause after each.
async fn load(engine: &HostEngine, open: u64, tokens: u32, span: Duration, pause: Duration) -> String {
    let start = Instant::now();
    let lanes = (0..open).map(|lane| async move {
        let mut seen = Vec::new();
        while start.elapsed() < span {
            let asked = Instant::now();
            let mut stream = engine.generate(job(lane, tokens));
            let (mut first, mut generated, mut ran) = (None, 0, 0);
            while let Some(event) = stream.next().await {
                match event {
                    Event::Delta { .. } if first.is_none() => first = Some(asked.elapsed()),
                    Event::Finished { reason: Finish::Failed(sentence), .. } => panic!("{sentence}"),
                    Event::Done(report) => {
                        generated = report.generated;
                        ran = report.total_us - report.queue_us;
                    }
                    _ => {}
                }
            }
            seen.push((first.unwrap_or_else(|| asked.elapsed()), generated, ran));
            tokio::time::sleep(pause).await;
        }
        seen
    });
    let seen: Vec<_> = futures_util::future::join_all(lanes).await.into_iter().flatten().collect();
    let seconds = start.elapsed().as_secs_f64();
    let mut first: Vec<f64> = seen.iter().map(|(first, ..)| first.as_secs_f64() * 1e3).collect();
    first.sort_by(f64::total_cmp);
    let at = |share: f64| first[((first.len() - 1) as f64 * share) as usize];
    let generated: u32 = seen.iter().map(|(_, generated, _)| generated).sum();
    let ran: u64 = seen.iter().map(|(.., ran)| ran).sum();
    let jobs = seen.len() as f64 / seconds;
    format!("{jobs:.3} {:.3} {:.1} {:.1} {ran}", f64::from(generated) / seconds, at(0.5), at(0.99))
}

fn job(lane: u64, tokens: u32) -> Job {
    let line = format!("    let total_{lane} = items.iter().map(|item| item.price * {lane}).sum();\n");
    let text = line.repeat(12);
    Job { max_lines: 64, ..super::job_of(&text, lane, tokens) }
}

async fn finish(mut stream: Generation) {
    while stream.next().await.is_some() {}
}
