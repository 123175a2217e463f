//! Suggestions of a provider: what the gate costs a request, what leaves, and what an hour of typing costs at list prices.
//!
//! `cargo bench --no-default-features --features cloud --bench paid -- [--requests=200] [--minutes=60] [--seed=1] [FILE …]`
//!
//! The double of the provider runs in this process, so the CPU of a request is what is left of it when the same bytes were sent
//! to the same double without anything around them. A session types the files, from a third of each on, with the pauses of
//! `benches/replay`; the pauses are not waited for, and each that is longer than `completion.cloudDebounceMs` is one request. Tokens
//! are those of the double, which cuts as finely as real vocabularies do; prices are those that ship.

#[path = "../tests/doubles/provider.rs"]
mod provider;

#[path = "index/cost.rs"]
#[allow(dead_code)]
mod cost;

mod paid {
    #[path = "../replay/hands.rs"]
    #[allow(dead_code)]
    pub mod hands;
    pub mod session;
    #[path = "../../tests/cloud/typing_house.rs"]
    #[allow(dead_code)]
    pub mod typing_house;

    pub mod support {
        use tandem::config::ProviderKind;

        use crate::provider::Kind;

        pub fn kind_of(kind: Kind) -> ProviderKind {
            if kind == Kind::DeepSeek { ProviderKind::DeepSeek } else { ProviderKind::Mistral }
        }
    }
}

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use paid::session::{Place, Session};
use paid::typing_house::House;
use provider::{Double, Kind, Setup};

/// What the double writes, if no more is asked for.
const TEXT: &str =
    "let answer = self.place.prepare(job)?;\n        let cost = answer.estimate.money;\n        Ok(cost)";

#[tokio::main]
async fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let number =
        |name: &str, usual: u64| words.iter().find_map(|word| word.strip_prefix(name)?.parse().ok()).unwrap_or(usual);
    let files: Vec<String> = words.iter().filter(|word| !word.starts_with('-')).cloned().collect();
    let files = if files.is_empty() { usual_files() } else { files };
    let (requests, minutes, seed) = (number("--requests=", 200), number("--minutes=", 60), number("--seed=", 1));
    println!(
        "{:<10} {:>9} {:>9} {:>9} {:>9} {:>10} {:>10}",
        "provider", "p50 ms", "p95 ms", "raw p50", "raw p95", "CPU ms", "raw CPU"
    );
    for kind in [Kind::Mistral, Kind::DeepSeek] {
        overhead(kind, &files, usize::try_from(requests).unwrap_or(200)).await;
    }
    println!(
        "\n{:<10} {:>9} {:>12} {:>12} {:>14} {:>12}",
        "provider", "requests", "bytes p50", "bytes p95", "dollars each", "an hour"
    );
    for kind in [Kind::Mistral, Kind::DeepSeek] {
        session(kind, &files, Duration::from_secs(60 * minutes), seed).await;
    }
}

/// The ten longest files of the gate: code of this repository.
fn usual_files() -> Vec<String> {
    let entries = std::fs::read_dir("src/gate").expect("run it at the root of the repository");
    let files =
        entries.flatten().map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|end| end == "rs"));
    let mut files: Vec<_> = files.map(|path| (path.metadata().map_or(0, |data| data.len()), path)).collect();
    files.sort();
    files.iter().rev().take(10).map(|(_, path)| path.display().to_string()).collect()
}

async fn house(kind: Kind) -> (Double, House) {
    let mut setup = Setup::new(kind);
    setup.text = TEXT.to_owned();
    let double = Double::with(setup).await;
    // What is measured is the way to a request, not the end of the money.
    let house = House::new(&double, |settings| {
        settings.budget.limits = vec!["$1000 per month".to_owned(), "$1000 per day for suggestions".to_owned()];
    });
    (double, house)
}

async fn type_at(house: &House, place: &Place) -> (Duration, u64, u64) {
    let mut job = house.job("src/a.rs", &place.prefix);
    job.prompt.suffix = place.suffix.as_str().into();
    job.explain = false;
    let started = Instant::now();
    let came = paid::typing_house::came(tandem::engine::Engine::generate(&house.engine, job)).await;
    let cost = came.report.cost.unwrap_or_else(|| panic!("it was paid: {:?}", came.finish));
    (started.elapsed(), came.report.sent_bytes, cost.picodollars)
}

async fn overhead(kind: Kind, files: &[String], requests: usize) {
    let (double, house) = house(kind).await;
    let places: Vec<Place> = Session::new(files, 1).take(requests).map(|(_, place)| place).collect();
    type_at(&house, &places[0]).await;
    let (cpu, mut walls) = (cost::cpu(), Vec::new());
    for place in &places {
        walls.push(type_at(&house, place).await.0);
    }
    let cpu = cost::cpu() - cpu;
    // The same bytes, with nothing around them.
    let seen: Vec<_> = double.record().requests.into_iter().skip(1).map(|seen| seen.request).collect();
    let (raw_cpu, mut raw_walls) = (cost::cpu(), Vec::new());
    for request in &seen {
        let started = Instant::now();
        let mut stream = TcpStream::connect(double.address).await.expect("a connection");
        let head = format!(
            "POST {} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {}\r\ncontent-type: application/json\r\nconnection: \
             close\r\ncontent-length: {}\r\n\r\n",
            request.path,
            double.key,
            request.body.len()
        );
        stream.write_all(head.as_bytes()).await.expect("a request");
        stream.write_all(&request.body).await.expect("a request");
        let mut answer = Vec::new();
        let mut piece = [0; 4096];
        while !answer.ends_with(b"0\r\n\r\n") {
            let count = stream.read(&mut piece).await.expect("an answer");
            assert!(count > 0, "an end");
            answer.extend_from_slice(&piece[..count]);
        }
        raw_walls.push(started.elapsed());
    }
    let raw_cpu = cost::cpu() - raw_cpu;
    let each = |cpu: Duration| cpu.as_secs_f64() * 1e3 / requests as f64;
    let (p50, p95) = (share(&mut walls, 50), share(&mut walls, 95));
    let (raw50, raw95) = (share(&mut raw_walls, 50), share(&mut raw_walls, 95));
    println!(
        "{:<10} {:>9.2} {:>9.2} {:>9.2} {:>9.2} {:>10.2} {:>10.2}",
        kind.name(),
        ms(p50),
        ms(p95),
        ms(raw50),
        ms(raw95),
        each(cpu),
        each(raw_cpu)
    );
}

async fn session(kind: Kind, files: &[String], length: Duration, seed: u64) {
    let (double, house) = house(kind).await;
    let (mut bytes, mut money, mut passed) = (Vec::new(), 0_u64, Duration::ZERO);
    for (at, place) in Session::new(files, seed) {
        if at > length {
            break;
        }
        let (_, sent, cost) = type_at(&house, &place).await;
        bytes.push(sent);
        money += cost;
        passed = at;
    }
    assert_eq!(money, double.record().money(), "the ledger has what the double bills");
    let dollars = money as f64 / 1e12;
    println!(
        "{:<10} {:>9} {:>12} {:>12} {:>14.6} {:>12.4}",
        kind.name(),
        bytes.len(),
        share(&mut bytes, 50),
        share(&mut bytes, 95),
        dollars / bytes.len() as f64,
        dollars / passed.as_secs_f64() * 3600.0
    );
}

fn share<T: Ord + Copy>(values: &mut [T], percent: usize) -> T {
    values.sort_unstable();
    values[(values.len() - 1) * percent / 100]
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}
