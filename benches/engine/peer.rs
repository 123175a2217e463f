//! Against a llama-server with the same GGUF on one thread: the same prompts, the same greedy generation, one run.
//! `benches/llama-server.sh` starts the server and runs this. Requests alternate, so that both see the same machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Instant;

use serde_json::{Value, json};

use super::corpus::cursors;
use super::support::{collect, config, job, overhead_ms, print_line, start};
use tandem::engine::llama::LlamaEngine;
use tandem::engine::{Engine, Job};

const DOCUMENTS: usize = 60;
const KEYSTROKES: usize = 16;
const TOKENS: u32 = 16;

pub fn run() {
    let address = std::env::var("LLAMA_SERVER").unwrap_or_else(|_| "127.0.0.1:28741".to_owned());
    println!("\nagainst llama-server at {address}, starter model, one thread, {TOKENS} tokens a request");
    let mut config = config();
    // The server has no drafts: speculation is measured beside it.
    config.heal_tokens = false;
    let drafting = start(config.clone());
    config.max_draft_tokens = 0;
    let plain = start(config);
    let mut rivals = Rivals { plain, drafting, address, connection: None };

    let mut typing = Totals::default();
    let mut jumping = Totals::default();
    for (lane, cursor) in cursors(DOCUMENTS).into_iter().enumerate() {
        // What is typed stands in the file; the text after the cursor begins behind it.
        let ends: Vec<usize> = cursor.text[cursor.offset..].char_indices().map(|(at, _)| at).take(KEYSTROKES).collect();
        let suffix = &cursor.text[cursor.offset + ends.last().copied().unwrap_or(0)..];
        for (key, at) in ends.into_iter().enumerate() {
            let totals = if key == 0 { &mut jumping } else { &mut typing };
            rivals.ask(lane as u64, &cursor.text[..cursor.offset + at], suffix, totals);
        }
    }
    typing.print("typing: the prompt grows by a key");
    jumping.print("jumping: the first request in a document, nothing to reuse");
}

struct Rivals {
    plain: LlamaEngine,
    drafting: LlamaEngine,
    address: String,
    connection: Option<TcpStream>,
}

#[derive(Default)]
struct Totals {
    ours: Vec<f64>,
    drafted: Vec<f64>,
    theirs: Vec<f64>,
    outside: Vec<f64>,
    their_outside: Vec<f64>,
    same: usize,
    evaluated: u64,
    their_evaluated: u64,
}

impl Rivals {
    /// Asks all three for the same and notes the times, when the work was equal.
    fn ask(&mut self, lane: u64, prefix: &str, suffix: &str, totals: &mut Totals) {
        let job = Job { lane, max_tokens: TOKENS, max_lines: 100, explain: true, ..job(prefix, suffix) };
        let timed = |engine: &LlamaEngine| {
            let start = Instant::now();
            let answer = collect(engine.generate(job.clone()));
            (answer, start.elapsed().as_secs_f64() * 1000.0)
        };
        let (answer, elapsed) = timed(&self.plain);
        let (with_drafts, with_drafts_elapsed) = timed(&self.drafting);
        assert_eq!(with_drafts.text, answer.text);
        let body = json!({
            "prompt": answer.prompt.text, "n_predict": TOKENS, "temperature": 0.0, "top_k": 1, "samplers": ["top_k"],
            "cache_prompt": true, "n_probs": 1,
        });
        let start = Instant::now();
        let reply = post(&mut self.connection, &self.address, "/completion", &body);
        let their_elapsed = start.elapsed().as_secs_f64() * 1000.0;
        // Equal work only: answers that end early on one side are left out.
        if reply["tokens_predicted"].as_u64() != Some(u64::from(answer.report.generated)) {
            return;
        }
        let timing = |name: &str| reply["timings"][name].as_f64().unwrap_or(0.0);
        totals.same += usize::from(reply["content"].as_str() == Some(answer.text.as_str()));
        totals.ours.push(elapsed);
        totals.drafted.push(with_drafts_elapsed);
        totals.theirs.push(their_elapsed);
        totals.outside.push(overhead_ms(&answer.report));
        totals.their_outside.push(their_elapsed - timing("prompt_ms") - timing("predicted_ms"));
        totals.evaluated += u64::from(answer.prompt.evaluated);
        totals.their_evaluated += reply["timings"]["prompt_n"].as_u64().unwrap_or(0);
    }
}

impl Totals {
    fn print(self, name: &str) {
        let sum = |values: &[f64]| values.iter().sum::<f64>();
        println!("{name}: {} requests with equal token counts, {} with equal text", self.ours.len(), self.same);
        println!("  prompt tokens evaluated: {}, llama-server {}", self.evaluated, self.their_evaluated);
        println!("  ratio of total time per request: {:.3}", sum(&self.ours) / sum(&self.theirs));
        println!("  the same with drafts copied from the prompt: {:.3}", sum(&self.drafted) / sum(&self.theirs));
        print_line("ours", self.ours, "ms");
        print_line("ours with drafts", self.drafted, "ms");
        print_line("llama-server", self.theirs, "ms");
        print_line("ours, outside llama.cpp", self.outside, "ms");
        print_line("llama-server, outside its own timings", self.their_outside, "ms");
    }
}

/// One HTTP/1.1 exchange over a kept connection; enough for a local server.
fn post(connection: &mut Option<TcpStream>, address: &str, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    // The server closes a connection after a number of requests: the next attempt opens another.
    for _ in 0..2 {
        let stream = connection.get_or_insert_with(|| {
            let stream = TcpStream::connect(address).expect("a llama-server: run benches/llama-server.sh");
            stream.set_nodelay(true).expect("a socket");
            stream
        });
        match exchange(stream, request.as_bytes()) {
            Some(reply) => return serde_json::from_slice(&reply).expect("JSON"),
            None => *connection = None,
        }
    }
    panic!("the server closes every connection");
}

/// The body of the reply; None when the connection was closed.
fn exchange(stream: &mut TcpStream, request: &[u8]) -> Option<Vec<u8>> {
    stream.write_all(request).ok()?;
    let mut received = Vec::new();
    let mut buffer = [0; 16 << 10];
    loop {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&buffer[..count]);
        if let Some(end) = received.windows(4).position(|window| window == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&received[..end]).to_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length:"));
            let length: usize = length.and_then(|length| length.trim().parse().ok()).expect("a content length");
            if received.len() >= end + 4 + length {
                return Some(received[end + 4..end + 4 + length].to_vec());
            }
        }
    }
}
